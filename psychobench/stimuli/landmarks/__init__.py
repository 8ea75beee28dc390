"""Landmarks: what the points of a face mean, the files that hold them, the geometry they span."""
