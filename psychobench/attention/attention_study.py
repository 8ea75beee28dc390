"""Ask observers where they look: observers x pre-trainings x masks x levels, all of it batched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.attention.regions import FaceRegions
from psychobench.attention.rendered_people import Person
from psychobench.attention.shares import level_slopes, mask_shifts, tabulate_shares
from psychobench.errors import ObserverError, OptionError
from psychobench.observers.attention_protocol import AttentionMaps, map_attention, with_attention
from psychobench.observers.plugin_faults import guarded
from psychobench.observers.protocol import Observer, ObserverInfo
from psychobench.observers.runner import read_info
from psychobench.stimuli.sets import StimulusSet


@dataclass(frozen=True)
class Question:
    """What every observer is asked.

    Parameters
    ----------
    method : str
        How to map attention.
    layer, target : str, optional
        Where, and of which score; the observer's defaults otherwise.
    readings : mapping of str to str, optional
        Of the method.
    """

    method: str
    layer: str | None = None
    target: str | None = None
    readings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Seen:
    """One observer's maps of a set under one mask.

    Parameters
    ----------
    observer, pretraining, mask : str
        Who looked, and what was hidden.
    found : AttentionMaps
        One map per image.
    info : ObserverInfo
        Of the observer.
    asked : Observer
        The observer itself.
    """

    observer: str
    pretraining: str
    mask: str
    found: AttentionMaps
    info: ObserverInfo = field(repr=False)
    asked: Observer = field(repr=False)

    @property
    def label(self) -> str:
        """Name it in a figure."""
        hidden = "" if self.mask == "none" else f", {self.mask} hidden"
        trained = "" if self.pretraining == "-" else f", {self.pretraining}"
        return f"{self.observer}{trained}{hidden}"


@dataclass(frozen=True, eq=False)
class Study:
    """Where observers look, and how much of it goes where.

    Parameters
    ----------
    stimuli : StimulusSet
        What was seen.
    question : Question
        What was asked.
    seen : tuple of Seen
        Each observer's maps; of its first head where it has several.
    shares : pandas.DataFrame
        As `tabulate_shares` gives it; empty where the set has no landmarks.
    unit : str
        What tests count: ``head`` or ``person``.
    """

    stimuli: StimulusSet
    question: Question
    seen: tuple[Seen, ...]
    shares: pd.DataFrame = field(repr=False)
    unit: str = "head"

    def rows_at(self, levels: Sequence[float]) -> NDArray[np.intp]:
        """Find the first image at each level, in the order of the levels."""
        have = self.stimuli.table["level"].to_numpy(float)
        return np.array([np.argmin(np.abs(have - level)) for level in levels])

    @property
    def asked(self) -> str:
        """Say what was asked: ``layercam at conv5, target happy``, and the readings taken."""
        found = [seen.found for seen in self.seen]
        layers = " or ".join(dict.fromkeys(each.layer for each in found))
        targets = " or ".join(dict.fromkeys(each.target for each in found))
        target = "no target" if targets == "none" else f"target {targets}"
        readings = "".join(f", {name} {value}" for name, value in self.question.readings.items())
        return f"{self.question.method} at {layers}, {target}{readings}"

    @property
    def sample(self) -> str:
        """Say on what the shares were measured, such as ``10 heads``."""
        n = self.shares["unit"].nunique()
        if self.unit == "person":
            return f"{n} rendered people"
        return "one head" if n == 1 else f"{n} heads"

    @property
    def slopes(self) -> pd.DataFrame:
        """Whether regions gain with the level; see `level_slopes`."""
        return level_slopes(self.shares) if len(self.shares) else pd.DataFrame()

    @property
    def shifts(self) -> pd.DataFrame:
        """Whether attention moves when a part is hidden; see `mask_shifts`."""
        return mask_shifts(self.shares) if len(self.shares) else pd.DataFrame()


@dataclass(frozen=True)
class Who:
    """An observer that will be asked, under the names that tables print.

    Parameters
    ----------
    name : str
        Of the observer.
    observer : Observer
        Itself.
    """

    name: str
    observer: Observer

    def check(self, question: Question) -> None:
        """Check that it has attention and the method, before anything is loaded or trained.

        Raises
        ------
        ObserverError
            If it has not.
        """
        methods = with_attention(self.observer, self.name).attention_methods
        if question.method not in methods:
            raise ObserverError(
                f"an attention method must be one that the observer has: '{self.name}' has no "
                f"'{question.method}', only {', '.join(methods)}"
            )

    def heads(self, n: int) -> Sequence[Observer]:
        """Give n replicates, itself first.

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
                f"seeds need an observer that can be trained anew: '{self.name}' has no replicates"
            )
        with guarded(f"an observer must give its replicates: '{self.name}'"):
            return list(replicates(n))


def run_study(
    who: Sequence[Who],
    question: Question,
    stimuli: StimulusSet,
    masks: Sequence[str],
    *,
    regions: FaceRegions | None,
    people: Sequence[Person] = (),
    seeds: int = 1,
    tell: Callable[[str], None] = lambda _: None,
) -> Study:
    """Map the attention of observers, and measure how much goes where.

    Parameters
    ----------
    who : sequence of Who
        The observers.
    question : Question
        What they are asked.
    stimuli : StimulusSet
        What they see.
    masks : sequence of str
        Under which masks.
    regions : FaceRegions or None
        Of the set; without them there are no shares.
    people : sequence of Person, optional
        Rendered people to see too; they are then what tests count.
    seeds : int, optional
        Heads of each observer; they are what tests count otherwise.
    tell : callable, optional
        Takes lines about the progress.

    Raises
    ------
    ObserverError
        If an observer has no attention, or knows no such method, layer or target.
    OptionError
        If several heads and several people are asked for at once.
    """
    if people and seeds > 1:
        raise OptionError(
            "tests count either heads or people: both --seeds and --identities are given; "
            "leave one out"
        )
    for each in who:
        each.check(question)
    seen: list[Seen] = []
    shares: list[pd.DataFrame] = []
    for each in who:
        for number, observer in enumerate(each.heads(seeds)):
            tell(f"{each.name}: {len(masks)} x {len(stimuli.table)} images ...")
            mine = _look(each.name, observer, question, stimuli, masks)
            if number == 0:
                seen += mine
            if people:
                shares += _shares_of_people(mine[0], observer, question, people, masks)
            elif regions is not None:
                levels = stimuli.table["level"].to_numpy(float)
                shares += [_shares(one, regions, levels, f"head {number + 1}") for one in mine]
    table = pd.concat(shares, ignore_index=True) if shares else pd.DataFrame()
    return Study(stimuli, question, tuple(seen), table, "person" if people else "head")


def _look(
    name: str, observer: Observer, question: Question, stimuli: StimulusSet, masks: Sequence[str]
) -> list[Seen]:
    """Show all images under all masks at once."""
    images = np.concatenate([stimuli.images(mask) for mask in masks])
    found = _ask(name, observer, question, images)
    info = read_info(observer)
    return [
        Seen(name, info.pretraining or "-", mask, part, info, observer)
        for mask, part in zip(masks, split_maps(found, len(masks)), strict=True)
    ]


def _ask(
    name: str, observer: Observer, question: Question, images: NDArray[np.uint8]
) -> AttentionMaps:
    return map_attention(
        with_attention(observer, name),
        images,
        name=name,
        method=question.method,
        layer=question.layer,
        target=question.target,
        **question.readings,
    )


def split_maps(found: AttentionMaps, parts: int) -> list[AttentionMaps]:
    """Split maps of images that stand one after the other, equally many in each part."""
    return [replace(found, maps=part) for part in np.split(found.maps, parts)]


def _shares(seen: Seen, regions: FaceRegions, levels: Any, unit: str) -> pd.DataFrame:
    return tabulate_shares(
        seen.found,
        regions,
        levels,
        observer=seen.observer,
        pretraining=seen.pretraining,
        mask=seen.mask,
        unit=unit,
    )


def _shares_of_people(
    like: Seen,
    observer: Observer,
    question: Question,
    people: Sequence[Person],
    masks: Sequence[str],
) -> list[pd.DataFrame]:
    tables = []
    for person in people:
        images = np.concatenate([person.images(mask) for mask in masks])
        found = _ask(like.observer, observer, question, images)
        for mask, part in zip(masks, split_maps(found, len(masks)), strict=True):
            one = replace(like, mask=mask, found=part)
            tables.append(_shares(one, person.regions, person.levels, person.name))
    return tables
