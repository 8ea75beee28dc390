"""Masks: hide a part of a face without telling what is under it."""

from psychobench.stimuli.masks.regions import MASK_NAMES, face_masks

__all__ = ["MASK_NAMES", "face_masks"]
