"""The command line: a thin shell over the library, and the only writer of files."""
