"""Observers: their protocol, the registry, the runner, and the trial list they answer."""
