"""The options of a study, read and checked before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from psychobench.arguments import (
    check_choice,
    check_whole,
    parse_levels,
    parse_names,
)
from psychobench.comparison import FAMILIES, check_margin
from psychobench.comparison.against_cohort import Family
from psychobench.comparison.cohort_measures import check_statuses, read_match
from psychobench.errors import OptionError
from psychobench.fits.options import FitOptions, parse_bounds
from psychobench.fits.prior_options import parse_priors

# these need counted answers, which a network's probabilities are not
OF_COUNTS = ("likelihood", "bootstrap", "share", "priors")


@dataclass(frozen=True)
class StudyOptions:
    """The checked options of a study.

    Attributes
    ----------
    masks : tuple of str
        Masks that were asked for; empty for the default.
    match : dict of str to str, or None
        Mask of each of the cohort's conditions.
    levels : str or tuple of float
        ``all``, ``human``, or the levels themselves.
    trials : int or None
        Number of answers drawn per image.
    seeds, seed : int
        Number of trainings, and the first seed.
    margin : float or None
        Equivalence margin in level units.
    family : {"valid", "planned"}
        Which tests the corrections count.
    statuses : tuple of str
        PSE statuses that are included.
    recovery : int
        Number of simulations of each observer; 0 for none.
    fitting : dict
        Options of `psychobench.fit`.
    """

    masks: tuple[str, ...]
    match: dict[str, str] | None
    levels: str | tuple[float, ...]
    trials: int | None
    seeds: int
    margin: float | None
    family: Family
    statuses: tuple[str, ...]
    seed: int
    recovery: int
    fitting: dict[str, Any]

    @property
    def fitting_of_observers(self) -> dict[str, Any]:
        """Options of fitting for the observers, whose probabilities are not counted answers."""
        if self.trials is not None:
            return self.fitting
        return {name: value for name, value in self.fitting.items() if name not in OF_COUNTS}


def option_checks(given: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
    """Return one check for each field of `StudyOptions`, to be run with all others."""
    return {
        "seeds": lambda: check_whole(given["seeds"], "seeds", least=1),
        "seed": lambda: check_whole(given["seed"], "seed"),
        "masks": lambda: parse_names(given["masks"], "masks"),
        "match": lambda: read_match(given["match"]),
        "levels": lambda: parse_levels(given["levels"]),
        "trials": lambda: (
            None if given["trials"] is None else check_whole(given["trials"], "trials", least=1)
        ),
        "margin": lambda: _margin(given["margin"]),
        "family": lambda: check_choice(given["family"], "family", FAMILIES),
        "statuses": lambda: check_statuses(given["statuses"]),
        "recovery": lambda: check_whole(given["recovery"], "recovery"),
        "fitting": lambda: _fitting(given),
    }


def _margin(margin: float | None) -> float | None:
    if margin is not None:
        check_margin(margin)
    return margin


def _fitting(given: Mapping[str, Any]) -> dict[str, Any]:
    """Check the options of fitting; a study needs a task with a PSE."""
    names = (
        "engine", "sigmoid", "asymptotes", "likelihood", "task", "bounds", "bootstrap",
        "confidence", "seed", "share", "priors",
    )  # fmt: skip
    fitting = {name: given[name] for name in names}
    bounds, share = fitting["bounds"], fitting["share"]
    fitting["bounds"] = parse_bounds(bounds)
    fitting["share"] = parse_names(share, "share")
    fitting["priors"] = parse_priors(fitting["priors"])
    if fitting["task"] != "yes-no":
        raise OptionError(
            "`task` must be yes-no in a study: observers give the probability of the target, and a "
            f"forced choice has no PSE to compare; got {fitting['task']!r}"
        )
    FitOptions(**fitting)
    return fitting
