"""Stimuli: levels, faces, masks and the sets that hold them."""

from psychobench.stimuli.levels import ALL_LEVELS, HUMAN_LEVELS
from psychobench.stimuli.set_folders import list_stimuli
from psychobench.stimuli.sets import StimulusSet, load_stimuli

__all__ = ["ALL_LEVELS", "HUMAN_LEVELS", "StimulusSet", "list_stimuli", "load_stimuli"]
