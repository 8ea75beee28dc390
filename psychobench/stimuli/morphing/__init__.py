"""Morphing: photographs with landmarks in, a continuum out."""

from psychobench.stimuli.morphing.build import morph_set
from psychobench.stimuli.morphing.continuum import Continuum, plan_continuum
from psychobench.stimuli.morphing.faces import load_faces
from psychobench.stimuli.morphing.spec import MorphSpec, read_morph_spec

__all__ = [
    "Continuum",
    "MorphSpec",
    "load_faces",
    "morph_set",
    "plan_continuum",
    "read_morph_spec",
]
