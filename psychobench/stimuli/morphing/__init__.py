"""Morphing: photographs with landmarks in, a continuum out."""
