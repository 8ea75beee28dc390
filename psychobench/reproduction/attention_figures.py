"""Figures 3 and 5 in the paper's arrangement: where networks look, by LayerCAM."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from psychobench.attention.mapped import MapRequest
from psychobench.attention.measure import NamedObserver, measure_attention
from psychobench.attention.regions import set_regions
from psychobench.attention.study import AttentionStudy
from psychobench.errors import StimulusError
from psychobench.observers.protocol import Observer
from psychobench.reproduction.paper import MASKS, PRETRAININGS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from psychobench.attention.regions import FaceRegions
    from psychobench.stimuli.sets import StimulusSet

# from network, object or face, and seeds
Maker = Callable[[str, str, Sequence[int]], Iterable[Observer]]
METHOD = "layercam"
# the paper's levels, as shares of the way from the lowest to the highest
FIGURE_3, FIGURE_5 = (0.0, 0.25, 0.5, 0.75, 1.0), (0.0, 0.5, 1.0)


def map_attention(
    make: Maker, observers: Sequence[str], seed: int, stimuli: StimulusSet
) -> AttentionStudy:
    """Map the attention of each network, for whole and masked faces, in its first training.

    Parameters
    ----------
    make : callable
        Makes observers, as for the answers; their heads are in the cache by then.
    observers : sequence of str
        The networks.
    seed : int
        Of the training that is mapped.
    stimuli : StimulusSet
        With the paper's masks.

    Returns
    -------
    AttentionStudy
        Maps in the paper's order: network by network, object-based before face-based.
    """
    named = [
        NamedObserver(f"{observer}, {pretraining}", next(iter(make(observer, pretraining, [seed]))))
        for observer in observers
        for pretraining in PRETRAININGS
    ]
    masks = ["none", *MASKS]
    return measure_attention(named, MapRequest(METHOD), stimuli, masks, regions=_regions(stimuli))


def draw_figure_3(study: AttentionStudy) -> Figure:
    """Draw experiment 1: a row for each network and pre-training, a column for each level."""
    return _draw(study, ("none",), FIGURE_3)


def draw_figure_5(study: AttentionStudy) -> Figure:
    """Draw experiment 2: a row for each network, pre-training and mask, a column for each level."""
    return _draw(study, MASKS, FIGURE_5)


def _draw(study: AttentionStudy, masks: Sequence[str], shares: Sequence[float]) -> Figure:
    maps = tuple(each for each in study.maps if each.mask in masks)
    levels = study.stimuli.table["level"]
    low, high = float(levels.min()), float(levels.max())
    shown = [low + share * (high - low) for share in shares]
    return replace(study, maps=maps).plot(levels=shown, colour_scale="row")


def _regions(stimuli: StimulusSet) -> FaceRegions | None:
    """Find the parts of the face; a set without landmarks gives maps and no shares."""
    try:
        return set_regions(stimuli, "fixed")
    except StimulusError:
        return None
