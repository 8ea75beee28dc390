"""The PSEs and JNDs of the people whom an observer is tested against, by mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.arguments import Names, Pairs, parse_names, parse_pairs
from psychobench.comparison.sample import Sample
from psychobench.errors import ComparisonError, OptionError
from psychobench.fits.status import STATUSES

DEFAULT_STATUSES = ("ok", "step")
BOUNDED_BY_STEPS = ("jnd", "width", "slope")  # a step only bounds these measures


class HasFrame(Protocol):
    """Anything with a table of fits, such as `psychobench.fits.pse.Fits`."""

    def to_frame(self) -> pd.DataFrame:
        """Return one row per fit."""
        ...


@dataclass(frozen=True)
class CohortMeasures:
    """The PSEs and JNDs of one cohort in one condition.

    Attributes
    ----------
    condition : str
        The condition that the people answered in.
    pses : ndarray of float64, shape (n,)
        The PSEs of the included participants, in level units.
    jnds : ndarray of float64, shape (k,)
        Their JNDs in level units, without those of status ``step``, which are only bounds.
    left_out, jnd_left_out : Mapping of str to str
        The status for which each participant was left out of the PSEs and of the JNDs.
    """

    condition: str
    pses: NDArray[np.float64]
    jnds: NDArray[np.float64]
    left_out: Mapping[str, str]
    jnd_left_out: Mapping[str, str]

    @cached_property
    def pse(self) -> Sample:
        """Mean, standard deviation and number of the PSEs, in level units."""
        return Sample.of(self.pses)

    @cached_property
    def jnd(self) -> Sample | None:
        """The same for the JNDs; None if fewer than two people have one or all are equal."""
        try:
            return Sample.of(self.jnds)
        except ComparisonError:
            return None


def measure_cohort(
    fits: pd.DataFrame, statuses: Names = DEFAULT_STATUSES
) -> dict[str, CohortMeasures]:
    """Collect a cohort's PSEs and JNDs by condition.

    Parameters
    ----------
    fits : pandas.DataFrame
        One row per participant x condition, with ``observer, condition, pse, jnd, status``.
    statuses : str or sequence of str
        The statuses whose values are included.

    Raises
    ------
    OptionError
        If `statuses` names one that does not exist.
    """
    statuses = check_statuses(statuses)
    gathered = {}
    for condition, rows in fits.groupby("condition", sort=False):
        pses, left_out = _values(rows, "pse", statuses)
        jnds, jnd_left_out = _values(rows, "jnd", statuses)
        gathered[str(condition)] = CohortMeasures(
            str(condition), pses, jnds, left_out, jnd_left_out
        )
    return gathered


def counting(measure: str, statuses: Sequence[str]) -> list[str]:
    """Return the statuses whose values of a measure are included, without step if it is a bound."""
    return [status for status in statuses if status != "step" or measure not in BOUNDED_BY_STEPS]


def counted(fits: pd.DataFrame, measure: str, statuses: Sequence[str]) -> NDArray[np.bool_]:
    """Return which fits have a value that is included, shape (fits,)."""
    known = fits["status"].isin(counting(measure, statuses)) & fits[measure].notna()
    return known.to_numpy(dtype=bool)


def status_faults(statuses: Sequence[str]) -> list[str]:
    """Return one line for each status that does not exist."""
    return [
        f"`statuses` must be among {', '.join(STATUSES)}: '{status}' is not"
        for status in statuses
        if status not in STATUSES
    ]


def check_statuses(statuses: Names) -> tuple[str, ...]:
    """Read the statuses whose values are included, and check that they exist.

    Raises
    ------
    OptionError
        If one does not exist, or there is none.

    Examples
    --------
    >>> check_statuses("ok,step")
    ('ok', 'step')
    """
    names = parse_names(statuses, "statuses")
    faults = status_faults(names)
    if not names:
        faults = [f"`statuses` must name at least one of {', '.join(STATUSES)}: it is empty"]
    if faults:
        raise OptionError(*faults)
    return names


def _values(
    rows: pd.DataFrame, measure: str, statuses: Sequence[str]
) -> tuple[NDArray[np.float64], dict[str, str]]:
    counts = counted(rows, measure, statuses)
    lost = rows[~counts]
    return (
        rows.loc[counts, measure].to_numpy(dtype=np.float64),
        dict(zip(lost["observer"], lost["status"], strict=True)),
    )


def match_cohorts(
    masks: Sequence[str],
    cohort: HasFrame,
    *,
    match: Pairs = None,
    statuses: Names = DEFAULT_STATUSES,
) -> dict[str, CohortMeasures]:
    """Match every mask to the people it is tested against; parameters as for `compare`.

    Raises
    ------
    ComparisonError
        If a mask has no cohort, or the cohort fewer than two participants with a PSE.
    """
    cohorts = _cohort_of_each(masks, measure_cohort(cohort.to_frame(), statuses), read_match(match))
    _check_sizes(cohorts)
    return cohorts


def _cohort_of_each(
    masks: Sequence[str], people: Mapping[str, CohortMeasures], match: Mapping[str, str] | None
) -> dict[str, CohortMeasures]:
    check_match(masks, list(people), match)
    if match is None:
        return dict.fromkeys(masks, next(iter(people.values())))
    of_mask = {mask: condition for condition, mask in match.items()}
    return {mask: people[of_mask[mask]] for mask in masks}


def read_match(match: Pairs) -> dict[str, str] | None:
    """Read which of the cohort's conditions each mask is tested against.

    Parameters
    ----------
    match : mapping, str, iterable of str or None
        ``{"whole": "none"}`` or ``"whole=none,upper=eyes"``: the cohort's condition first.

    Returns
    -------
    dict of str to str, or None
        Masks by condition; None if nothing was given.

    Raises
    ------
    OptionError
        If a condition has no mask, or a mask is named twice.

    Examples
    --------
    >>> read_match("whole=none,upper=eyes")
    {'whole': 'none', 'upper': 'eyes'}
    """
    if match is None:
        return None
    matched = parse_pairs(match, "match", "whole=none", commas=True)
    for condition, mask in matched.items():
        if not mask:
            raise OptionError(
                f"`match` must give every condition a mask: '{condition}' has none; "
                'write for example `match="whole=none"`'
            )
    masks = list(matched.values())
    if repeated := [mask for mask in masks if masks.count(mask) > 1]:
        raise OptionError(f"`match` must name each mask once: '{repeated[0]}' is repeated")
    return matched


def check_match(
    masks: Sequence[str], conditions: Sequence[str], match: Mapping[str, str] | None
) -> None:
    """Check that every mask has one of the cohort's conditions to be tested against.

    Raises
    ------
    ComparisonError
        If a mask has none, or `match` names a condition that the cohort does not have.
    """
    found = ", ".join(conditions)
    if match is None:
        if len(conditions) != 1:
            raise ComparisonError(
                f"a cohort with several conditions must be matched to masks: it has {found}; "
                'choose one with `where="condition=NAME"` or match them with `match="NAME=none"`'
            )
        return
    if unknown := [condition for condition in match if condition not in conditions]:
        raise ComparisonError(
            f"`match` must name the cohort's conditions: '{unknown[0]}' is not among {found}"
        )
    if missing := [mask for mask in masks if mask not in match.values()]:
        raise ComparisonError(
            f"`match` must name a condition for every mask: '{missing[0]}' has none; "
            "add it to `match` or leave it out of `masks`"
        )


def _check_sizes(cohorts: Mapping[str, CohortMeasures]) -> None:
    for cohort in cohorts.values():
        if len(cohort.pses) < 2:
            left_out = ", ".join(f"{who} ({why})" for who, why in cohort.left_out.items())
            raise ComparisonError(
                "a cohort needs at least two participants with a PSE: condition "
                f"'{cohort.condition}' has {len(cohort.pses)}; without one: {left_out or 'nobody'}"
            )
        _ = cohort.pse  # raises if the PSEs do not vary
