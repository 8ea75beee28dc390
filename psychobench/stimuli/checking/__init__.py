"""Parts of the check of a stimulus set: courses over the level, order, position, seams."""
