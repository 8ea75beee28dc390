"""Heads that are trained on frozen features, many seeds at once."""
