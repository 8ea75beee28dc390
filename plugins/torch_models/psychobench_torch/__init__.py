"""Torch observers for psychobench."""

__version__ = "0.1.0"
