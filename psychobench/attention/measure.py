"""Map the attention of observers: observers x masks x levels, all of it batched."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.attention.faithfulness import Faithfulness
from psychobench.attention.mapped import MapRequest, ObserverMaps
from psychobench.attention.regions import FaceRegions
from psychobench.attention.rendered_people import Person
from psychobench.attention.shares import tabulate_shares
from psychobench.attention.study import AttentionStudy
from psychobench.attention.study_faithfulness import measure_faithfulness
from psychobench.errors import ObserverError, OptionError
from psychobench.observers.attention_protocol import AttentionMaps, request_maps, with_attention
from psychobench.observers.plugin_faults import as_observer_error
from psychobench.observers.protocol import Observer
from psychobench.observers.runner import read_info
from psychobench.stimuli.sets import StimulusSet

_LOG = logging.getLogger("psychobench")


@dataclass(frozen=True)
class NamedObserver:
    """An observer under the name that tables print.

    Parameters
    ----------
    name : str
        The name.
    observer : Observer
        The observer itself.
    """

    name: str
    observer: Observer

    def check(self, request: MapRequest) -> None:
        """Check that it has attention and the method, before anything is loaded or trained.

        Raises
        ------
        ObserverError
            If it does not.
        """
        methods = with_attention(self.observer, self.name).attention_methods
        if request.method not in methods:
            raise ObserverError(
                f"an attention method must be one that the observer has: '{self.name}' has no "
                f"'{request.method}', only {', '.join(methods)}"
            )

    def heads(self, n: int) -> Sequence[Observer]:
        """Return n replicates, itself first.

        Raises
        ------
        ObserverError
            If it has none.
        """
        if n == 1:
            return [self.observer]
        replicates = getattr(self.observer, "replicates", None)
        if not callable(replicates):
            raise ObserverError(
                f"`seeds` needs an observer that can be trained again: '{self.name}' has no "
                "replicates"
            )
        with as_observer_error(f"an observer must return its replicates: '{self.name}'"):
            return list(replicates(n))


def measure_attention(
    observers: Sequence[NamedObserver],
    request: MapRequest,
    stimuli: StimulusSet,
    masks: Sequence[str],
    *,
    regions: FaceRegions | None,
    levels: Sequence[float] | None = None,
    people: Sequence[Person] = (),
    seeds: int = 1,
    faithfulness: bool = False,
    seed: int = 0,
) -> AttentionStudy:
    """Map the attention of observers, and measure how much goes where.

    Parameters
    ----------
    observers : sequence of NamedObserver
        Whose attention is mapped.
    request : MapRequest
        Which maps.
    stimuli : StimulusSet
        What they see.
    masks : sequence of str
        Under which masks.
    regions : FaceRegions or None
        Of the set; without them there are no shares.
    levels : sequence of float, optional
        Those that figures show, and at which faithfulness is measured; all by default.
    people : sequence of Person, optional
        Rendered people to see, too; they are then what tests count.
    seeds : int, optional
        Heads of each observer; they are what tests count otherwise.
    faithfulness : bool, optional
        Whether pixels are deleted and inserted in the order of the maps.
    seed : int, optional
        Of the random maps that faithfulness is compared with.

    Returns
    -------
    AttentionStudy

    Raises
    ------
    ObserverError
        If an observer has no attention, or no such method, layer or score.
    OptionError
        If several heads and several people are asked for at once.
    """
    if people and seeds > 1:
        raise OptionError(
            "tests count either heads or people: both `seeds` and `rendered_people` are given; "
            "leave one out"
        )
    for each in observers:
        each.check(request)
    maps: list[ObserverMaps] = []
    shares: list[pd.DataFrame] = []
    for each in observers:
        for number, observer in enumerate(each.heads(seeds)):
            _LOG.info("%s: %d x %d images ...", each.name, len(masks), len(stimuli.table))
            of_head = _map_set(each.name, observer, request, stimuli, masks)
            if number == 0:
                maps += of_head
            if people:
                shares += _shares_of_people(of_head[0], request, people, masks)
            elif regions is not None:
                at = stimuli.table["level"].to_list()
                shares += [_shares(one, regions, at, f"head {number + 1}") for one in of_head]
    shown = tuple(stimuli.table["level"].unique() if levels is None else levels)
    return AttentionStudy(
        stimuli,
        request,
        tuple(maps),
        pd.concat(shares, ignore_index=True) if shares else pd.DataFrame(),
        shown,
        "person" if people else "head",
        _faithfulness(maps, stimuli, shown, seed) if faithfulness else None,
    )


def _faithfulness(
    maps: Sequence[ObserverMaps], stimuli: StimulusSet, levels: Sequence[float], seed: int
) -> tuple[tuple[ObserverMaps, Faithfulness], ...]:
    _LOG.info("deleting and inserting pixels ...")
    return tuple(measure_faithfulness(maps, stimuli, levels, seed=seed))


def _map_set(
    name: str, observer: Observer, request: MapRequest, stimuli: StimulusSet, masks: Sequence[str]
) -> list[ObserverMaps]:
    """Show all images under all masks at once."""
    images = np.concatenate([stimuli.images(mask) for mask in masks])
    found = _request(name, observer, request, images)
    info = read_info(observer)
    return [
        ObserverMaps(name, info.pretraining or "-", mask, part, info, observer)
        for mask, part in zip(masks, split_maps(found, len(masks)), strict=True)
    ]


def _request(
    name: str, observer: Observer, request: MapRequest, images: NDArray[np.uint8]
) -> AttentionMaps:
    return request_maps(
        with_attention(observer, name),
        images,
        name=name,
        method=request.method,
        layer=request.layer,
        target=request.score,
        **request.readings,
    )


def split_maps(found: AttentionMaps, parts: int) -> list[AttentionMaps]:
    """Split maps of consecutive groups of images, equally many in each."""
    return [replace(found, maps=part) for part in np.split(found.maps, parts)]


def _shares(
    maps: ObserverMaps, regions: FaceRegions, levels: Sequence[float], unit: str
) -> pd.DataFrame:
    return tabulate_shares(
        maps.found,
        regions,
        levels,
        observer=maps.observer,
        pretraining=maps.pretraining,
        mask=maps.mask,
        unit=unit,
    )


def _shares_of_people(
    head: ObserverMaps, request: MapRequest, people: Sequence[Person], masks: Sequence[str]
) -> list[pd.DataFrame]:
    """Measure the shares on rendered people with the head that made the maps `head`."""
    tables = []
    for person in people:
        images = np.concatenate([person.images(mask) for mask in masks])
        found = _request(head.observer, head.source, request, images)
        for mask, part in zip(masks, split_maps(found, len(masks)), strict=True):
            one = replace(head, mask=mask, found=part)
            tables.append(_shares(one, person.regions, person.levels, person.name))
    return tables
