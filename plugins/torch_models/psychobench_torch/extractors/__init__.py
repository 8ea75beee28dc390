"""Frozen feature extractors from bundled, fetched, trained or given weights."""
