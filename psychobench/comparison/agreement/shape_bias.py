"""Shape bias from cue-conflict stimuli: which of two cues observers answer by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from psychobench.arguments import Names, check_confidence, check_whole, parse_names
from psychobench.comparison.agreement.judgements import read_classes
from psychobench.comparison.agreement.kappa import Array, ratio
from psychobench.comparison.agreement.marks import marks_of
from psychobench.comparison.agreement.resampling import draw_counts, interval
from psychobench.errors import ComparisonError, OptionError
from psychobench.tables.notebook import ShownAsTable
from psychobench.trials.table import TableLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DRAWS = 1000
PEOPLE = "people"


@dataclass(frozen=True)
class ShapeBias(ShownAsTable):
    """How often observers answer by the first of two cues, where they answer by either.

    Attributes
    ----------
    table : pandas.DataFrame
        One row for each model, for the mean of the people, and for each person: `name`, `kind`
        ("observer", "people" or "person"), `bias` (0 to 1) with `bias_low` and `bias_high`;
        `difference` from the people's mean with `difference_low` and `difference_high` (models
        only); `by_cue`, the proportion of trials answered by either cue; and `n_trials`, with a
        response and two different cues.
    cues : tuple of str
        The columns of the two cues; the bias is towards the first.
    confidence : float
        Confidence of the intervals.
    """

    table: pd.DataFrame
    cues: tuple[str, str]
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw each bias with its interval, and the mean of the people as a band.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        """
        from psychobench.draw.agreement import draw_against_ceiling

        mean = marks_of(self.table[self.table["kind"] == PEOPLE], "bias")
        band = (mean[0].value, mean[0].low, mean[0].high) if mean else None
        marks = marks_of(self.table[self.table["kind"] != PEOPLE], "bias")
        label = f"{self.cues[0]} bias, {self.confidence:.0%} intervals"
        return draw_against_ceiling(marks, band, x_label=label, chance=0.5, ax=ax)


def shape_bias(
    people: TableLike | None = None,
    observers: TableLike | None = None,
    *,
    cues: Names = ("shape", "texture"),
    bootstrap: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> ShapeBias:
    """Measure by which of two conflicting cues people and models answer.

    Parameters
    ----------
    people, observers : DataFrame, str or path
        Answers of people, of models, or both: `observer`, `stimulus`, `response` and the two
        columns of the cues, which hold the class that each cue shows. Stimuli whose cues show the
        same class are left out.
    cues : str or sequence of str
        The columns of the two cues. The bias is towards the first.
    bootstrap : int
        Number of bootstrap draws of stimuli and, for the mean of the people, of people.
    confidence : float
        Confidence of the intervals.
    seed : int
        Seed of the draws.

    Returns
    -------
    ShapeBias

    Raises
    ------
    ComparisonError
        If no stimulus has two different cues, or there are no answers.
    OptionError
        If `cues` does not name two columns.

    Notes
    -----
    Equation: answers by shape over answers by shape or texture [1]_. Answers by neither cue do not
    count, and `by_cue` says how many remain: a bias of 1 from 5% of the trials is hardly a bias.
    Models and people see the same draws of stimuli, so that the difference is paired.

    References
    ----------
    .. [1] Geirhos, R., Rubisch, P., Michaelis, C., Bethge, M., Wichmann, F. A. & Brendel, W.
       (2019). ImageNet-trained CNNs are biased towards texture; increasing shape bias improves
       accuracy and robustness. ICLR.

    Examples
    --------
    >>> table = pd.DataFrame({"observer": "net", "stimulus": [*"wxyz"], "shape": "cat",
    ...                       "texture": "dog", "response": ["cat", "dog", "dog", "car"]})
    >>> shape_bias(observers=table).to_frame()[["name", "bias", "by_cue"]].round(2)
      name  bias  by_cue
    0  net  0.33    0.75
    """
    draws = check_whole(bootstrap, "bootstrap", least=1)
    check_confidence(confidence)
    first, second = _two(parse_names(cues, "cues"))
    cells = _answers(people, observers, (first, second))
    who, counts = _count(cells)
    n = int(sum(side == 0 for side, _ in who))
    values = _biases(counts, n, np.ones((1, counts.shape[1])), np.ones((1, n)))[0]
    rng = np.random.default_rng(seed)
    stimuli, drawn_people = draw_counts(counts.shape[1], draws, rng), np.ones((draws, n))
    if n:
        drawn_people = draw_counts(n, draws, rng)
    drawn = _biases(counts, n, stimuli, drawn_people)
    limits = np.array(
        [
            interval(value, mine, confidence, bounds, size=counts.shape[1])
            if np.isfinite(value)
            else (np.nan, np.nan)
            for value, mine, bounds in zip(
                values, drawn.T, [(0, 1)] * (len(who) + 1) + [(-1, 1)] * len(who), strict=True
            )
        ]
    )
    return ShapeBias(_table(who, n, counts, values, limits), (first, second), float(confidence))


def _two(cues: tuple[str, ...]) -> tuple[str, str]:
    if len(cues) != 2 or cues[0] == cues[1]:
        raise OptionError(
            f"`cues` must name two columns: got {len(cues)}; write for example "
            '`cues="shape,texture"`'
        )
    return cues[0], cues[1]


def _answers(
    people: TableLike | None, observers: TableLike | None, cues: tuple[str, str]
) -> pd.DataFrame:
    """Return one row per answer to a conflict: `side` (0 people, 1 models), `first`, `second`."""
    parts = []
    for side, table in enumerate((people, observers)):
        if table is not None:
            cells = read_classes(table, ("observer", "stimulus", "response", *cues))
            conflict = (cells[cues[0]] != cells[cues[1]]) & (cells[list(cues)] != "").all(axis=1)
            cells = cells[conflict & (cells["response"] != "")]
            parts.append(
                cells[["observer", "stimulus"]].assign(
                    side=side,
                    first=(cells["response"] == cells[cues[0]]).astype(float),
                    second=(cells["response"] == cells[cues[1]]).astype(float),
                )
            )
    if not parts or all(part.empty for part in parts):
        raise ComparisonError(
            f"a bias needs answers to stimuli whose {cues[0]} and {cues[1]} differ: there are none"
        )
    return pd.concat(parts, ignore_index=True)


def _count(cells: pd.DataFrame) -> tuple[list[tuple[int, str]], Array]:
    """Count answers by the first cue, by the second and all, shape (observers, stimuli, 3)."""
    who = pd.MultiIndex.from_frame(cells[["side", "observer"]].drop_duplicates())
    rows = who.get_indexer(pd.MultiIndex.from_frame(cells[["side", "observer"]]))
    stimuli, names = pd.factorize(cells["stimulus"])
    counts = np.zeros((len(who), len(names), 3))
    answers = np.column_stack([cells["first"], cells["second"], np.ones(len(cells))])
    np.add.at(counts, (rows, stimuli), answers)
    return [(int(side), str(name)) for side, name in who], counts


def _biases(counts: Array, n: int, stimuli: Array, people: Array) -> Array:
    """Return everyone's bias, the people's mean and the differences from it.

    Shape (draws, 2 observers + 1); the first n observers are people.
    """
    weighted = np.tensordot(stimuli, counts, (1, 1))
    biases = ratio(weighted[..., 0], weighted[..., 0] + weighted[..., 1])
    known = np.isfinite(biases[:, :n]) * people
    mean = ratio((np.nan_to_num(biases[:, :n]) * known).sum(axis=1), known.sum(axis=1))
    return np.hstack([biases, mean[:, None], biases - mean[:, None]])


def _table(
    who: list[tuple[int, str]], n: int, counts: Array, values: Array, limits: Array
) -> pd.DataFrame:
    """Arrange what was measured: models, the mean of the people, people."""
    everyone, totals = len(who), counts.sum(axis=1)
    by_cue = totals[:, :2].sum(axis=1) / totals[:, 2]
    table = pd.DataFrame(
        {
            "name": [*(name for _, name in who), PEOPLE],
            "kind": ["person"] * n + ["observer"] * (everyone - n) + [PEOPLE],
            "bias": values[: everyone + 1],
            "bias_low": limits[: everyone + 1, 0],
            "bias_high": limits[: everyone + 1, 1],
            "difference": [*values[everyone + 1 :], np.nan],
            "difference_low": [*limits[everyone + 1 :, 0], np.nan],
            "difference_high": [*limits[everyone + 1 :, 1], np.nan],
            "by_cue": [*by_cue, by_cue[:n].mean() if n else np.nan],
            "n_trials": [*totals[:, 2].astype(int), int(totals[:n, 2].sum())],
        }
    )
    table.loc[table["kind"] == "person", ["difference", "difference_low", "difference_high"]] = (
        np.nan
    )
    order = [*range(n, everyone), *([everyone] if n else []), *range(n)]
    return table.iloc[order].reset_index(drop=True)
