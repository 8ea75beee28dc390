"""A paper's experiments run again: networks made, trained and asked; the core compares."""

DEFAULT_OBSERVERS = ("alexnet", "fe_alexnet")
