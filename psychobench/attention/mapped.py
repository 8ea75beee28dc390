"""What mapping the attention of observers gives: maps of a set, and how much of them goes where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.attention.faithfulness import Faithfulness
from psychobench.attention.shares import level_slopes, mask_shifts
from psychobench.observers.attention_protocol import AttentionMaps
from psychobench.observers.protocol import Observer, ObserverInfo
from psychobench.stimuli.sets import StimulusSet


@dataclass(frozen=True)
class MapRequest:
    """The maps that are requested from every observer.

    Parameters
    ----------
    method : str
        How attention is mapped.
    layer, score : str, optional
        Where it is read, and which score is explained; the observer's defaults otherwise.
    readings : mapping of str to str, optional
        Choices that the method leaves open, such as ``{"total": "sum"}``.
    """

    method: str
    layer: str | None = None
    score: str | None = None
    readings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ObserverMaps:
    """One observer's maps of a set under one mask.

    Parameters
    ----------
    observer, pretraining, mask : str
        Whose maps they are, and what was hidden; ``-`` for no pre-training.
    found : AttentionMaps
        One map per image.
    info : ObserverInfo
        Of the observer.
    source : Observer
        The observer itself.
    """

    observer: str
    pretraining: str
    mask: str
    found: AttentionMaps
    info: ObserverInfo = field(repr=False)
    source: Observer = field(repr=False)

    @property
    def label(self) -> str:
        """The name in figures."""
        return label_of(self.observer, self.pretraining, self.mask)


def label_of(observer: str, pretraining: str, mask: str) -> str:
    """Return the name of an observer under a mask, for figures.

    Examples
    --------
    >>> label_of("vgg16", "-", "none"), label_of("vgg16", "imagenet", "eyes")
    ('vgg16', 'vgg16, imagenet, eyes hidden')
    """
    hidden = "" if mask == "none" else f", {mask} hidden"
    pretrained = "" if pretraining == "-" else f", {pretraining}"
    return f"{observer}{pretrained}{hidden}"


@dataclass(frozen=True, eq=False)
class MappedAttention:
    """Where observers look, and how much of it goes where.

    Attributes
    ----------
    stimuli : StimulusSet
        What was seen.
    request : MapRequest
        Which maps were requested.
    maps : tuple of ObserverMaps
        Each observer's maps; of its first head where it has several.
    shares : pandas.DataFrame
        As `psychobench.attention.shares.tabulate_shares` returns it; empty where the set has no
        landmarks.
    levels : tuple of float
        The levels that figures show, and whose images were tested for faithfulness.
    unit : {"head", "person"}
        What tests count.
    faithfulness : tuple of (ObserverMaps, Faithfulness), or None
        In the order of `maps`; None where it was not asked for.
    provenance : mapping
        Options, seed, versions and hashes.
    """

    stimuli: StimulusSet
    request: MapRequest
    maps: tuple[ObserverMaps, ...]
    shares: pd.DataFrame = field(repr=False)
    levels: tuple[float, ...] = ()
    unit: str = "head"
    faithfulness: tuple[tuple[ObserverMaps, Faithfulness], ...] | None = field(
        default=None, repr=False
    )
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def rows_at(self, levels: Sequence[float]) -> NDArray[np.intp]:
        """Return the number of the first image at each level, in the order of the levels."""
        return rows_at(self.stimuli, levels)

    @property
    def heading(self) -> str:
        """What the images are, above all whether they are rendered."""
        title = self.stimuli.title
        return f"DEMONSTRATION with rendered faces: {title}" if self.stimuli.rendered else title

    @property
    def description(self) -> str:
        """The maps in words: ``layercam at conv5, target happy``, and the readings chosen."""
        found = [each.found for each in self.maps]
        layers = " or ".join(dict.fromkeys(each.layer for each in found))
        targets = " or ".join(dict.fromkeys(each.target for each in found))
        target = "no target" if targets == "none" else f"target {targets}"
        readings = "".join(f", {name} {value}" for name, value in self.request.readings.items())
        return f"{self.request.method} at {layers}, {target}{readings}"

    @property
    def sample(self) -> str:
        """What the shares were measured on, such as ``10 heads``."""
        n = self.shares["unit"].nunique()
        if self.unit == "person":
            return f"{n} rendered people"
        return "one head" if n == 1 else f"{n} heads"

    @property
    def slopes(self) -> pd.DataFrame:
        """Whether regions gain with the level; see `psychobench.attention.shares.level_slopes`."""
        return level_slopes(self.shares) if len(self.shares) else pd.DataFrame()

    @property
    def shifts(self) -> pd.DataFrame:
        """Whether attention shifts under masks; see `psychobench.attention.shares.mask_shifts`."""
        return mask_shifts(self.shares) if len(self.shares) else pd.DataFrame()

    @property
    def mean_shares(self) -> pd.DataFrame:
        """Share of each region, mean over levels and units: a row per observer and mask."""
        keys = ["observer", "pretraining", "mask"]
        mean = self.shares.groupby([*keys, "region"], sort=False)["share"].mean().unstack()
        return mean[list(self.shares["region"].unique())].reset_index()


def rows_at(stimuli: StimulusSet, levels: Sequence[float]) -> NDArray[np.intp]:
    """Return the number of a set's first image at each level, in the order of the levels."""
    have = stimuli.table["level"].to_numpy(float)
    return np.array([np.argmin(np.abs(have - level)) for level in levels])
