"""A paper's experiments run again: networks asked, curves fitted, tables, figures and claims."""
