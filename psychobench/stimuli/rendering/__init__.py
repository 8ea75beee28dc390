"""Rendering: a spec in, a stimulus set of rendered faces out."""
