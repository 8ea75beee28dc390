"""Masks: hide a part of a face without revealing what is under it."""

from psychobench.stimuli.masks.mask_files import (
    MASK_FOLDERS,
    UNMASKED,
    mask_files,
    masked_files,
    read_masks,
)
from psychobench.stimuli.masks.mask_making import MID_GREY, Mask, make_masks
from psychobench.stimuli.masks.mask_spec import (
    FILLS,
    MaskSpec,
    as_region,
    mask_faults,
    read_mask_specs,
)
from psychobench.stimuli.masks.regions import MASK_NAMES, REGIONS, face_masks

__all__ = [
    "FILLS",
    "MASK_FOLDERS",
    "MASK_NAMES",
    "MID_GREY",
    "REGIONS",
    "UNMASKED",
    "Mask",
    "MaskSpec",
    "as_region",
    "face_masks",
    "make_masks",
    "mask_faults",
    "mask_files",
    "masked_files",
    "read_mask_specs",
    "read_masks",
]
