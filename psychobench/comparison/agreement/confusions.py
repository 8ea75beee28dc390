"""Confusion matrices of people and models side by side, with what people reach themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from psychobench.arguments import Names, check_confidence, check_whole, parse_names
from psychobench.comparison.agreement.confusion_measures import (
    MEASURES,
    compare_confusions,
    mean_matrix,
    proportions,
)
from psychobench.comparison.agreement.judgements import read_classes
from psychobench.comparison.agreement.kappa import Array, ratio
from psychobench.comparison.agreement.resampling import draw_counts, interval
from psychobench.errors import ComparisonError, OptionError
from psychobench.messages import shown
from psychobench.tables.notebook import ShownAsTable
from psychobench.trials.table import TableLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NEEDED = ("observer", "stimulus", "response", "truth")
DRAWS = 500
_HALVES = 100
CEILINGS = ("people, one with the others", "people, split half")


@dataclass(frozen=True)
class ConfusionComparison(ShownAsTable):
    """Confusion matrices of people and models, and how near the models' are to the people's.

    Attributes
    ----------
    table : pandas.DataFrame
        One row for each model, then two ceilings, named ``people, one with the others`` and
        ``people, split half`` (`kind` "observer" or "ceiling"): `accuracy`; `overlap`, the mean
        over true classes of the overlap of two distributions of responses, 0 to 1;
        `error_correlation`, the correlation of the proportions of all kinds of error, at most 1;
        both with `_low` and `_high`.
    matrices : pandas.DataFrame
        One row for each observer (``people`` for their mean), `truth` and `response`, with the
        `proportion` of responses.
    classes : tuple of str
        In the order of rows and columns.
    n_people, n_stimuli : int
        Number of people, and of stimuli.
    """

    table: pd.DataFrame
    matrices: pd.DataFrame
    classes: tuple[str, ...]
    n_people: int
    n_stimuli: int

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def plot(self, ax: Axes | None = None, *, observers: Names = None) -> Figure:
        """Draw the matrices of the people and of the models side by side.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw the first matrix alone; a new figure with all by default.
        observers : str or sequence of str, optional
            Whose matrices are drawn, ``people`` for the people's mean; all by default.

        Raises
        ------
        OptionError
            If there is nobody of that name.
        """
        from psychobench.draw.agreement import draw_matrices

        names = list(self.matrices["observer"].unique())
        wanted = parse_names(observers, "observers") or tuple(names)
        if unknown := [name for name in wanted if name not in names]:
            raise OptionError(
                f"`observers` must name a matrix: there is none of '{unknown[0]}'; found: "
                f"{shown(names)}"
            )
        size = len(self.classes)
        each = {
            name: self.matrices.loc[self.matrices["observer"] == name, "proportion"]
            .to_numpy()
            .reshape(size, size)
            for name in wanted
        }
        return draw_matrices(
            each, x_names=self.classes, y_names=self.classes, x_label="response",
            y_label="truth", ax=ax,
        )  # fmt: skip


@dataclass(frozen=True)
class _Counts:
    """Answers per class of truth, each array of shape (observers, stimuli, responses)."""

    truths: Sequence[Array]
    n_people: int

    def matrices(self, stimuli: Sequence[Array] | None = None) -> Array:
        """Return everyone's counts, shape (draws, observers, truths, responses)."""
        weights = stimuli or [np.ones((1, each.shape[1])) for each in self.truths]
        # weights (draws, stimuli) by answers (observers, stimuli, responses)
        rows = [np.tensordot(w, each, (1, 1)) for w, each in zip(weights, self.truths, strict=True)]
        return np.stack(rows, axis=2)


def confusion_matrices(
    people: TableLike,
    observers: TableLike | None = None,
    *,
    classes: Names = None,
    bootstrap: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> ConfusionComparison:
    """Compare the confusion matrices of models with those of people.

    Parameters
    ----------
    people : DataFrame, str or path
        Answers of at least three people: `observer`, `stimulus`, `truth` (the class shown) and
        `response` (the class named). Empty responses are left out.
    observers : DataFrame, str or path, optional
        Answers of models in the same columns.
    classes : str or sequence of str, optional
        The classes, in the order wanted; by default all that occur, sorted.
    bootstrap : int
        Number of bootstrap draws of people and of stimuli within classes; 0 gives no intervals.
    confidence : float
        Confidence of the intervals.
    seed : int
        Seed of the draws and of the split halves.

    Returns
    -------
    ConfusionComparison

    Raises
    ------
    ComparisonError
        If there are fewer than three people or two classes.
    OptionError
        If an answer is in none of `classes`.

    Notes
    -----
    A model is compared with the mean of the people's matrices; its individual ceiling is each
    person compared with the mean of the *other* people, averaged over people. The split-half
    ceiling compares the means of two random halves of the people (the mean over many splits): it
    says how well the people's mean is known, and a model that describes the average person
    perfectly can exceed it, but no more than 1. Neither is squared, extrapolated or used
    as a divisor. A person who is drawn twice by the bootstrap is in one half only.

    The overlap of two distributions is 1 minus their total variation distance, and depends on
    accuracy; the error correlation leaves the correct answers out [1]_.

    References
    ----------
    .. [1] Geirhos, R., Narayanappa, K., Mitzkus, B., et al. (2021). Partial success in closing the
       gap between human and machine vision. NeurIPS 34.
    .. [2] Rajalingham, R., Issa, E. B., Bashivan, P., et al. (2018). Large-scale, high-resolution
       comparison of the core visual object recognition behavior of humans, monkeys, and
       state-of-the-art deep artificial neural networks. J. Neurosci., 38, 7255-7269.

    Examples
    --------
    >>> table = pd.DataFrame({"observer": np.repeat(["a", "b", "c"], 4), "stimulus": [*"wxyz"] * 3,
    ...                       "truth": ["cat", "cat", "dog", "dog"] * 3,
    ...                       "response": ["cat", "dog", "dog", "dog"] * 3})
    >>> confusion_matrices(table, bootstrap=0).to_frame()[["name", "accuracy", "overlap"]]
                               name  accuracy  overlap
    0  people, one with the others      0.75      1.0
    1           people, split half      0.75      1.0
    """
    draws = check_whole(bootstrap, "bootstrap")
    check_confidence(confidence)
    parts = [read_classes(table, NEEDED) for table in (people, observers) if table is not None]
    names = _classes(parts, parse_names(classes, "classes"))
    cells = pd.concat([part.assign(side=side) for side, part in enumerate(parts)])
    cells = cells[(cells["response"] != "") & (cells["truth"] != "")]
    who = pd.MultiIndex.from_frame(cells[["side", "observer"]].drop_duplicates())
    n_people = int((who.get_level_values(0) == 0).sum())
    if n_people < 3:
        raise ComparisonError(f"confusions need at least three people: there are {n_people}")
    counts = _Counts(_count(cells, who, names), n_people)
    values, limits = _measure(counts, draws, confidence, seed)
    everyone = list(who.get_level_values(1))
    return ConfusionComparison(
        _table(everyone[n_people:], counts, values, limits),
        _tidy(everyone[n_people:], counts, names),
        names,
        n_people,
        sum(each.shape[1] for each in counts.truths),
    )


def _classes(parts: Sequence[pd.DataFrame], wanted: tuple[str, ...]) -> tuple[str, ...]:
    found = {str(name) for part in parts for column in NEEDED[2:] for name in part[column]} - {""}
    if wanted and (unknown := sorted(found - set(wanted))):
        raise OptionError(
            f"`classes` must hold every class: '{unknown[0]}' is none of {shown(wanted)}"
        )
    if len(found) < 2:
        raise ComparisonError(f"confusions need at least two classes: found {shown(found)}")
    return wanted or tuple(sorted(found))


def _count(cells: pd.DataFrame, who: pd.MultiIndex, names: Sequence[str]) -> list[Array]:
    """Count the responses of everyone to the stimuli of each class of truth."""
    observers = who.get_indexer(pd.MultiIndex.from_frame(cells[["side", "observer"]]))
    responses = pd.Index(names).get_indexer(pd.Index(cells["response"]))
    truths = cells["truth"].to_numpy()
    counted = []
    for name in names:
        mine = truths == name
        stimuli, labels = pd.factorize(cells["stimulus"].to_numpy()[mine])
        array = np.zeros((len(who), max(1, len(labels)), len(names)))
        np.add.at(array, (observers[mine], stimuli, responses[mine]), 1)
        counted.append(array)
    return counted


def _measure(counts: _Counts, draws: int, confidence: float, seed: int) -> tuple[Array, Array]:
    """Return measures and limits, shapes (models + 2, measures) and (models + 2, measures, 2)."""
    rng = np.random.default_rng(seed)
    n = counts.n_people
    values = compare_confusions(counts.matrices()[0], n, np.ones(n), _HALVES, rng)
    limits = np.full((*values.shape, 2), np.nan)
    if not draws:
        return values, limits
    drawn = np.empty((draws, *values.shape))
    for draw in range(draws):
        stimuli = [draw_counts(each.shape[1], 1, rng) for each in counts.truths]
        people = draw_counts(n, 1, rng)[0]
        drawn[draw] = compare_confusions(counts.matrices(stimuli)[0], n, people, 4, rng)
    for row, column in np.ndindex(values.shape):
        lowest = 0.0 if MEASURES[column] == "overlap" else -1.0
        limits[row, column] = interval(
            float(values[row, column]), drawn[:, row, column], confidence, (lowest, 1.0)
        )
    return values, limits


def _table(models: Sequence[str], counts: _Counts, values: Array, limits: Array) -> pd.DataFrame:
    everyone = counts.matrices()[0]
    totals = everyone.sum(axis=(1, 2))
    accuracies = ratio(np.trace(everyone, axis1=1, axis2=2), totals)
    of_people = float(accuracies[: counts.n_people].mean())
    table = pd.DataFrame(
        {
            "name": [*models, *CEILINGS],
            "kind": ["observer"] * len(models) + ["ceiling"] * 2,
            "accuracy": [*accuracies[counts.n_people :], of_people, of_people],
        }
    )
    for at, name in enumerate(MEASURES):
        table[name] = values[:, at]
        table[f"{name}_low"], table[f"{name}_high"] = limits[:, at, 0], limits[:, at, 1]
    return table


def _tidy(models: Sequence[str], counts: _Counts, names: Sequence[str]) -> pd.DataFrame:
    """Return the matrices of the people's mean and of every model as rows."""
    shares, n = proportions(counts.matrices()[0]), counts.n_people
    matrices = [mean_matrix(shares[:n], np.ones(n)), *shares[n:]]
    size = len(names)
    return pd.DataFrame(
        {
            "observer": np.repeat(["people", *models], size**2),
            "truth": np.tile(np.repeat(names, size), len(matrices)),
            "response": np.tile(names, size * len(matrices)),
            "proportion": np.concatenate([matrix.ravel() for matrix in matrices]),
        }
    )
