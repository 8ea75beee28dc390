"""Map where observers look: names and options in, one result out."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from psychobench.arguments import (
    Levels,
    Names,
    Pairs,
    check_choice,
    check_whole,
    parse_levels,
    parse_names,
    parse_pairs,
)
from psychobench.attention.mapped import MapRequest
from psychobench.attention.measure import NamedObserver, measure_attention
from psychobench.attention.regions import FaceRegions, set_regions
from psychobench.attention.rendered_people import check_people_masks, render_people
from psychobench.attention.study import AttentionStudy
from psychobench.errors import OptionError, StimulusError
from psychobench.observers.named import Given, as_observer, split_observers
from psychobench.observers.registry import load_observer
from psychobench.observers.runner import check_masks, read_info
from psychobench.reports.provenance import provenance
from psychobench.stimuli.sets import StimulusSet, load_stimuli

FIGURE_LEVELS = "0,.25,.5,.75,1"


def map_attention(
    observers: Given,
    *,
    method: str = "layercam",
    levels: Levels = FIGURE_LEVELS,
    masks: Names = None,
    pretraining: str | Iterable[str] | None = None,
    layer: str | None = None,
    score: str | None = None,
    readings: Pairs = None,
    stimuli: str | PathLike[str] | StimulusSet = "rendered-average",
    regions: Literal["fixed", "own"] = "fixed",
    seeds: int = 1,
    rendered_people: int | None = None,
    faithfulness: bool = False,
    seed: int = 0,
) -> AttentionStudy:
    """Map where observers look, and measure how much of it lies in each region of the face.

    Parameters
    ----------
    observers : str, Observer, iterable of these, or mapping of str to Observer
        Registered names (with commas between several), objects, or objects by name; all must offer
        attention maps.
    method : str
        How attention is mapped: one of the observers' methods, such as ``layercam``.
    levels : str or sequence of float
        ``"all"`` or numbers: the columns of the figure, and the images whose maps are tested for
        faithfulness. Shares are measured at all levels of the set.
    masks : str or sequence of str, optional
        What is hidden; ``none`` by default.
    pretraining : str or sequence of str, optional
        What the weights saw before this task; every observer is mapped with each.
    layer : str, optional
        Where to read, such as ``conv5``; the method's usual layer by default.
    score : str, optional
        Which score is explained: one of the observer's labels, ``margin`` (target minus other) or
        ``winning`` (for each image the higher one); the target's by default.
    readings : mapping, str or list of str, optional
        Choices that the method leaves open, such as ``{"total": "sum"}``.
    stimuli : str, path or StimulusSet
        A bundled set or a folder.
    regions : {"fixed", "own"}
        Face parts: the same pixels at all levels, or each image's own.
    seeds : int
        Heads that are trained for each observer; tests then count heads.
    rendered_people : int, optional
        Measure shares on so many rendered people at `levels`; tests then count people.
    faithfulness : bool
        Whether pixels are deleted and inserted in the order of the maps.
    seed : int
        Of the first head, of rendered people and of random maps.

    Returns
    -------
    AttentionStudy

    Raises
    ------
    PsychobenchError
        If an argument is wrong, or an observer offers no attention or no such method, layer or
        score.
    """
    given = {name: value for name, value in locals().items() if name != "seed"}
    if not isinstance(stimuli, StimulusSet):
        stimuli = load_stimuli(stimuli if isinstance(stimuli, str) else Path(stimuli))
    wanted = _levels(levels, stimuli)
    chosen = check_masks(stimuli, parse_names(masks, "masks") or ("none",))
    check_choice(regions, "regions", ("fixed", "own"))
    n_people = 0 if rendered_people is None else check_whole(
        rendered_people, "rendered_people", least=2
    )  # fmt: skip
    if n_people:
        check_people_masks(chosen)
    request = MapRequest(method, layer, score, parse_pairs(readings, "readings", "total=sum"))
    named = _named(observers, parse_names(pretraining, "pretraining"), seed)
    for each in named:
        each.check(request)
    study = measure_attention(
        named,
        request,
        stimuli,
        chosen,
        regions=_regions(stimuli, regions),
        levels=wanted,
        people=list(render_people(n_people, wanted, seed=seed, follow=regions)),
        seeds=check_whole(seeds, "seeds", least=1),
        faithfulness=faithfulness,
        seed=seed,
    )
    return _with_provenance(study, given | {"observers": [each.name for each in named]}, seed)


def _levels(levels: Levels, stimuli: StimulusSet) -> tuple[float, ...]:
    """Return the levels that are meant, which the set must have."""
    read = parse_levels(levels, words=("all",))
    if isinstance(read, str):
        return tuple(float(level) for level in stimuli.table["level"].unique())
    stimuli.select(read)  # raises where it has not, and says which levels there are
    return read


def _named(observers: Given, pretrainings: tuple[str, ...], seed: int) -> list[NamedObserver]:
    """Load observers that are given by name, once for each pre-training."""
    short = [Path(choice).name for choice in pretrainings]
    if twice := [name for name in short if short.count(name) > 1]:
        raise OptionError(
            f"each `pretraining` must have a name of its own: '{twice[0]}' is there twice; leave "
            "one out, or rename the file"
        )
    named = []
    for name, each in split_observers(observers):
        if isinstance(each, str):
            named += [
                NamedObserver(name or each, load_observer(each, pretraining=choice, seed=seed))
                for choice in pretrainings or (None,)
            ]
        else:
            named.append(NamedObserver(name or read_info(as_observer(each)).name, each))
    return named


def _regions(stimuli: StimulusSet, follow: Literal["fixed", "own"]) -> FaceRegions | None:
    try:
        return set_regions(stimuli, follow)
    except StimulusError as error:
        logging.getLogger("psychobench").info("Note: no shares are measured. %s", error.faults[0])
        return None


def _with_provenance(study: AttentionStudy, given: dict[str, Any], seed: int) -> AttentionStudy:
    from dataclasses import replace

    stimuli = study.stimuli
    options = {**given, "stimuli": stimuli.name, "levels": list(study.levels)}
    return replace(
        study,
        provenance=provenance(
            options=options,
            seed=seed,
            stimuli={"name": stimuli.name, "sha256": stimuli.sha256},
        ),
    )
