"""Attention: what maps of observers say, whoever made them."""
