"""Morphing: photographs with landmarks in, a continuum out."""

from psychobench.stimuli.morphing.continuum import Continuum, plan_continuum
from psychobench.stimuli.morphing.face_loading import load_faces
from psychobench.stimuli.morphing.morph_spec import MorphSpec, read_morph_spec
from psychobench.stimuli.morphing.morphed_set import morph_stimuli

__all__ = [
    "Continuum",
    "MorphSpec",
    "load_faces",
    "morph_stimuli",
    "plan_continuum",
    "read_morph_spec",
]
