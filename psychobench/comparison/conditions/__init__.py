"""Conditions and groups of people compared: paired, between groups, and factorial."""
