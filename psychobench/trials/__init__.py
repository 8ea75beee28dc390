"""Trials: the one table that everyone's answers share, its readers, checks and simulation."""
