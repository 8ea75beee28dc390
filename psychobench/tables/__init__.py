"""Tables: delimited text to cells, and tables to JSON rows and CSV text."""
