"""Commands that this package adds to ``psychobench``; thin shells over the library."""
