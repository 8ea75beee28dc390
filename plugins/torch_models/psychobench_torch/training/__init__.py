"""One training: planned, checked, carried out, written into a folder."""
