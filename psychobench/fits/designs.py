"""A table of responses as the blocks that engines fit, and the observers who cannot be fitted."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import FitError
from psychobench.fits.blocks import SAME_LEVEL, Blocks, pad
from psychobench.fits.functions import SIGMOIDS
from psychobench.fits.options import FitOptions
from psychobench.trials.staircases import follows_answers
from psychobench.trials.table import count_responses

KEYS = ("observer", "condition")
LEAST_SPREAD, MOST_SPREAD = 1e-304, 1e304  # of levels; beyond it their ratios are no numbers


@dataclass(frozen=True)
class Design:
    """The fits that a table asks for.

    Parameters
    ----------
    groups : DataFrame
        One row per fit: observer, condition and what else was grouped by, in order of appearance.
    failures : ndarray of object, shape (len(groups),)
        Why a group cannot be fitted, None where it can.
    blocks : Blocks
        Of the groups that can be fitted, as the likelihood takes them.
    by_level : Blocks
        The same with one block per level.
    adaptive : ndarray of bool, shape (len(groups),)
        Whether a group's levels follow the answers, as in a staircase.
    """

    groups: pd.DataFrame
    failures: NDArray[np.object_]
    blocks: Blocks
    by_level: Blocks
    adaptive: NDArray[np.bool_]

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Whether each row of `groups` is one that `blocks` leaves out."""
        return np.array([reason is not None for reason in self.failures])

    def fitted_singly(self, options: FitOptions) -> NDArray[np.bool_]:
        """Return which rows of `blocks` are fitted trial by trial, where others are not."""
        blocked = options.likelihood == "beta-binomial" and not options.share
        return np.asarray(self.adaptive[~self.failed] & blocked)

    def without(self, lost: NDArray[np.bool_], reason: str) -> Design:
        """Count some of the groups that `blocks` holds among the failures.

        Raises
        ------
        FitError
            If none is left.
        """
        if not lost.any():
            return self
        if lost.all():
            raise FitError(f"no observer can be fitted: {reason}")
        failures = self.failures.copy()
        failures[np.flatnonzero(~self.failed)[lost]] = reason
        kept = np.flatnonzero(~lost)
        return replace(
            self,
            failures=failures,
            blocks=self.blocks.take(kept),
            by_level=self.by_level.take(kept),
        )

    def seeds(self, seed: int) -> list[int]:
        """Derive a seed for each group of `blocks` from its labels alone."""
        labels = self.groups[~self.failed].itertuples(index=False, name=None)
        return [zlib.crc32(repr((seed, *label)).encode()) for label in labels]


def build_design(table: pd.DataFrame, by: Sequence[str], options: FitOptions) -> Design:
    """Arrange validated trials or counts for fitting.

    Parameters
    ----------
    table : DataFrame
        Trials or counts that `psychobench.trials.table` has validated.
    by : sequence of str
        Columns that split observers' conditions further.
    options : FitOptions
        What is asked for.

    Raises
    ------
    OptionError, TableError
        If `by` names a column that is not there or cannot group.
    FitError
        If nothing in the table can be fitted.
    """
    by = [name for name in dict.fromkeys(by) if name not in KEYS]
    keys = [*KEYS, *by]
    counts = count_responses(table, by)
    _check_levels(counts, options, table.attrs.get("source", "the table"))
    groups = table[keys].drop_duplicates(ignore_index=True)
    groups["_group"] = np.arange(len(groups))
    group = counts[keys].merge(groups, on=keys, how="left")["_group"].to_numpy()
    counts = _with_weights(counts.assign(group=group))
    by_level = counts.groupby(["group", "level"], as_index=False)[["n", "k"]].sum()
    failures = _failures(by_level, len(groups), options)
    fitted = np.array([reason is None for reason in failures])
    if not fitted.any():
        raise FitError(
            "no observer can be fitted: "
            + "; ".join(dict.fromkeys(str(reason) for reason in failures))
        )
    split = options.likelihood == "beta-binomial" and "n_trials" in counts
    return Design(
        groups.drop(columns="_group"),
        failures,
        _blocks(counts if split else by_level, fitted, options, "p_target" in counts),
        _blocks(by_level, fitted, options, "p_target" in counts),
        _adaptive(table, by, groups),
    )


def _adaptive(table: pd.DataFrame, by: Sequence[str], groups: pd.DataFrame) -> NDArray[np.bool_]:
    """Find the groups whose levels follow the answers."""
    found = table.loc[follows_answers(table, by), [*KEYS, *by]].drop_duplicates()
    numbers = found.merge(groups, on=[*KEYS, *by], how="left")["_group"].to_numpy(np.intp)
    return np.isin(np.arange(len(groups)), numbers)


def _check_levels(counts: pd.DataFrame, options: FitOptions, source: str) -> None:
    levels = counts["level"].unique()
    if len(levels) < 2:
        raise FitError(
            f"a fit needs at least two levels: every answer in {source} is at level "
            f"{levels[0]:g}; add the other levels' rows, or loosen `where`"
        )
    beyond = counts[counts["level"] <= 0]
    if SIGMOIDS[options.sigmoid].log_levels and set(beyond["observer"]) == set(counts["observer"]):
        row = beyond.iloc[0]
        raise FitError(
            f"sigmoid {options.sigmoid} needs levels above 0: observer '{row['observer']}' has "
            f"level {row['level']:g}; "
            "use norm, logistic, gumbel, rgumbel or tdist"
        )


def _with_weights(counts: pd.DataFrame) -> pd.DataFrame:
    """Add what a block weighs, `n`, and how much of it is target, `k`."""
    if "n_trials" in counts:
        return counts.assign(n=counts["n_trials"].astype(float), k=counts["n_target"].astype(float))
    weight = 1.0 / counts.groupby("group")["level"].transform("size")
    return counts.assign(n=weight, k=weight * counts["p_target"])


def _failures(by_level: pd.DataFrame, n: int, options: FitOptions) -> NDArray[np.object_]:
    levels = by_level.groupby("group")["level"].agg(["min", "max"]).reindex(range(n))
    failures = np.full(n, None, dtype=object)
    failures[levels["min"].isna()] = "no trial has an answer"
    low, high = levels["min"].to_numpy(), levels["max"].to_numpy()
    with np.errstate(over="ignore"):
        spread = high - low
    for row in np.flatnonzero((spread < LEAST_SPREAD) | (spread > MOST_SPREAD)):
        failures[row] = (
            f"levels must span {LEAST_SPREAD:g} to {MOST_SPREAD:g}, for the sake of floating "
            f"point: they run from {low[row]:g} to {high[row]:g}; give them in another unit"
        )
    for row in np.flatnonzero(spread <= SAME_LEVEL * np.abs(high)):
        failures[row] = f"all answers are at one level, {low[row]:g}, and a fit needs two"
    if SIGMOIDS[options.sigmoid].log_levels:
        for row in np.flatnonzero(low <= 0):
            failures[row] = f"sigmoid {options.sigmoid} needs levels above 0: there is {low[row]:g}"
    return failures


def _blocks(
    rows: pd.DataFrame, fitted: NDArray[np.bool_], options: FitOptions, probabilities: bool
) -> Blocks:
    group = rows["group"].to_numpy()
    kept = fitted[group]
    codes, n = (np.cumsum(fitted) - 1)[group[kept]], int(fitted.sum())
    positions = SIGMOIDS[options.sigmoid].to_position(rows["level"].to_numpy()[kept])
    return Blocks(
        pad(codes, positions, n, fill_first=True),
        pad(codes, rows["n"].to_numpy()[kept], n),
        pad(codes, rows["k"].to_numpy()[kept], n),
        probabilities,
    )
