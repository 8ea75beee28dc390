"""Where people look: fixations, their maps, and how near other maps come to them."""

from psychobench.gaze.compare import compare_maps
from psychobench.gaze.comparison import GazeComparison
from psychobench.gaze.fixation_maps import BlurRecipe, fixation_map
from psychobench.gaze.fixations import Fixations, Placement, read_fixations
from psychobench.gaze.metrics import METRICS, score_map

__all__ = [
    "METRICS",
    "BlurRecipe",
    "Fixations",
    "GazeComparison",
    "Placement",
    "compare_maps",
    "fixation_map",
    "read_fixations",
    "score_map",
]
