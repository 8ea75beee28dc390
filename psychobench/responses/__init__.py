"""Responses: the column contract, its readers, and the observers that answer."""
