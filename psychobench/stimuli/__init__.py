"""Stimuli: levels, faces, masks and the sets that hold them."""
