"""One training as a command: planned, checked, carried out, put into files."""
