"""Attention: what maps of observers show, whoever computed them."""
