"""Model recovery: how often would the best observer be found if it were the true one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from psychobench.arguments import check_choice, check_whole
from psychobench.comparison.agreement.judgements import stimulus_names
from psychobench.comparison.agreement.kappa import Array
from psychobench.errors import ComparisonError
from psychobench.tables.notebook import ShownAsTable
from psychobench.trials.table import TableLike, read_trials

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CRITERIA = ("likelihood", "curve")
LAPSE = 0.01  # no probability is nearer to 0 or 1: people press wrong keys, too
_MOST_SHIFT, _STEPS = 6.0, 30


@dataclass(frozen=True)
class Recovery(ShownAsTable):
    """How often each observer is found if people answer as it does.

    Attributes
    ----------
    table : pandas.DataFrame
        One row for each observer, best first: `observer`; `score` with the people at hand (mean
        log-likelihood of an answer, or minus the root mean square difference of the curves);
        `recovered`, the proportion of simulations in which it was the best when it was true, with
        a 95% interval `recovered_low` and `recovered_high`; `found_when_other`, the mean
        proportion in which it was the best when another one was true.
    matrix : pandas.DataFrame
        Proportion of simulations by `true` and `found` observer.
    criterion : str
        By which the best is chosen.
    simulations : int
        For each true observer.
    n_people, n_trials : int
        Number of people, and of all their answers.
    """

    table: pd.DataFrame
    matrix: pd.DataFrame
    criterion: str
    simulations: int
    n_people: int
    n_trials: int

    @property
    def best(self) -> str:
        """The observer that describes the people at hand best."""
        return str(self.table["observer"].iloc[0])

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw how often each observer is found, by which one is true.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.
        """
        from psychobench.draw.agreement import draw_matrices

        names = list(self.matrix["true"].unique())
        values = self.matrix["proportion"].to_numpy().reshape(len(names), -1)
        return draw_matrices(
            {"model recovery": values}, x_names=names, y_names=names, x_label="found",
            y_label="true", ax=ax,
        )  # fmt: skip


@dataclass(frozen=True)
class _Design:
    """What was judged: `chosen` and `shown`, shape (people, units), `p`, shape (observers, units).

    A unit is a stimulus, or a level where the two tables share no stimuli.
    """

    shown: Array
    chosen: Array
    p: Array
    levels: Array


def recover_observers(
    observers: TableLike,
    people: TableLike,
    *,
    criterion: str = "likelihood",
    simulations: int = 200,
    seed: int = 0,
) -> Recovery:
    """Simulate how often the best of these observers would be found if it were the true one.

    In every simulation people answer as one of the observers does, as many trials with the same
    stimuli as the people at hand, and differ from each other as much as these do. Then the observer
    that describes the simulated answers best is chosen. If an observer is seldom chosen when it is
    the true one, being the best with real people says little: others cannot be told from it with
    these stimuli and people.

    Parameters
    ----------
    observers : DataFrame, str or path
        Trials or counts of at least two observers in one condition.
    people : DataFrame, str or path
        Trials or counts of at least two people in one condition, at the same levels. Where both
        tables share stimuli, observers predict answers to each stimulus; otherwise, to each level.
    criterion : {"likelihood", "curve"}
        How the best observer is chosen: by the likelihood of all answers, or by the root mean
        square difference between its curve and the people's mean curve.
    simulations : int
        For each true observer.
    seed : int
        Seed of the simulations.

    Returns
    -------
    Recovery

    Raises
    ------
    ComparisonError
        If there are fewer than two observers or people, several conditions, or no level in common.

    Notes
    -----
    Person i answers "target" with probability logistic(logit p + b_i), where p is the observer's
    probability, held within .01 and .99, and b_i is drawn from the estimated shifts of the people
    at hand relative to their mean, shrunk by their sampling error. An observer predicts the mean
    of these probabilities over people. The stimuli are taken as they are. Ties are shared.

    References
    ----------
    .. [1] Wilson, R. C. & Collins, A. G. E. (2019). Ten simple rules for the computational modeling
       of behavioral data. eLife, 8, e49547; model recovery.

    Examples
    --------
    >>> levels = np.linspace(0, 1, 5)
    >>> nets = pd.DataFrame({"observer": np.repeat(["steep", "shallow"], 5), "level": [*levels] * 2,
    ...                      "p_target": [0.02, 0.1, 0.5, 0.9, 0.98, 0.3, 0.4, 0.5, 0.6, 0.7]})
    >>> people = pd.DataFrame({"observer": np.repeat(["a", "b"], 5), "level": [*levels] * 2,
    ...                        "n_trials": 20, "n_target": [0, 2, 11, 17, 20, 1, 3, 9, 18, 20]})
    >>> found = recover_observers(nets, people)
    >>> found.best, found.to_frame()["recovered"].tolist()
    ('steep', [1.0, 1.0])
    """
    check_choice(criterion, "criterion", CRITERIA)
    draws = check_whole(simulations, "simulations", least=1)
    judged, theirs = _rates(observers), _rates(people)
    names = list(judged["observer"].unique())
    design = _design(judged, theirs, names)
    shifts = _shifts(design)
    predicted = expit(logit(design.p)[:, None, :] + shifts[:, None]).mean(axis=1)
    given = _scores(design, predicted, design.chosen.sum(axis=0)[None], criterion)[0]
    rng = np.random.default_rng(seed)
    found = np.array(
        [
            _winners(_scores(design, predicted, _answers(design, p, shifts, draws, rng), criterion))
            for p in design.p
        ]
    )
    size = len(names)
    matrix = pd.DataFrame(
        {
            "true": np.repeat(names, size),
            "found": np.tile(names, size),
            "proportion": found.ravel(),
        }
    )
    return Recovery(
        _table(names, given, found, draws), matrix, criterion, draws, len(design.shown),
        int(design.shown.sum()),
    )  # fmt: skip


def _rates(table: TableLike) -> pd.DataFrame:
    """Count target responses (or add up probabilities) by observer, level and stimulus."""
    cells = read_trials(table)
    if cells["condition"].nunique() > 1:
        raise ComparisonError(
            "recovery is measured within one condition: the table has "
            f"{', '.join(map(str, cells['condition'].unique()))}"
        )
    if "n_trials" in cells:
        chosen, shown = cells["n_target"], cells["n_trials"]
    else:
        chosen = cells["response"] if "response" in cells else cells["p_target"]
        if {"response", "p_target"} <= set(cells):
            chosen = cells["response"].fillna(cells["p_target"])
        shown = chosen.notna()
    stimulus = stimulus_names(cells["stimulus"]) if "stimulus" in cells else ""
    counted = cells[["observer"]].assign(
        level=cells["level"].round(9), stimulus=stimulus, chosen=chosen.fillna(0), shown=shown * 1.0
    )
    keys = ["observer", "level", "stimulus"]
    return counted.groupby(keys, sort=False, as_index=False)[["chosen", "shown"]].sum()


def _design(judged: pd.DataFrame, theirs: pd.DataFrame, names: Sequence[str]) -> _Design:
    """Arrange both tables by the stimuli that they share, or else by the levels."""
    keys = ["level", "stimulus"]
    shared = judged[keys].drop_duplicates().merge(theirs[keys].drop_duplicates(), on=keys)
    if shared.empty:
        keys = ["level"]
        shared = judged[keys].drop_duplicates().merge(theirs[keys].drop_duplicates(), on=keys)
    if shared.empty:
        raise ComparisonError(
            "recovery needs stimuli or levels that observers and people both judged: there are none"
        )
    units = pd.MultiIndex.from_frame(shared.sort_values(keys)) if len(keys) > 1 else None
    columns = pd.Index(np.sort(shared["level"].to_numpy())) if units is None else units

    def grid(table: pd.DataFrame, value: str) -> pd.DataFrame:
        wide = table.pivot_table(index="observer", columns=keys, values=value, aggfunc="sum")
        return wide.reindex(columns=columns)

    shown = grid(theirs, "shown").fillna(0.0).to_numpy()
    chosen = grid(theirs, "chosen").fillna(0.0).to_numpy()
    mine = (grid(judged, "chosen") / grid(judged, "shown").replace(0, np.nan)).reindex(list(names))
    # people's units that every observer judged
    kept = mine.notna().all(axis=0).to_numpy() & (shown.sum(axis=0) > 0)
    people = shown[:, kept].sum(axis=1) > 0
    if len(names) < 2 or people.sum() < 2 or not kept.any():
        raise ComparisonError(
            "recovery needs at least two observers and two people who judged the same stimuli: "
            f"there are {len(names)} and {int(people.sum())}"
        )
    p = np.clip(mine.to_numpy(dtype=np.float64)[:, kept], LAPSE, 1 - LAPSE)
    levels = np.asarray(columns.get_level_values("level") if units is not None else columns)
    return _Design(shown[people][:, kept], chosen[people][:, kept], p, levels[kept])


def _shifts(design: _Design) -> Array:
    """Estimate how people differ: their shifts in log-odds from their mean, shape (people,).

    Maximum likelihood by Newton steps, then shrunk so that their variance is without sampling
    error.
    """
    shown, chosen = design.shown, design.chosen
    mean = (chosen.sum(axis=0) + 0.5) / (shown.sum(axis=0) + 1)
    shifts = np.zeros(len(shown))
    information = np.ones(len(shown))
    for _ in range(_STEPS):
        p = expit(logit(mean) + shifts[:, None])
        information = np.maximum((shown * p * (1 - p)).sum(axis=1), 1e-3)
        step = (chosen - shown * p).sum(axis=1) / information
        shifts = np.clip(shifts + np.clip(step, -1, 1), -_MOST_SHIFT, _MOST_SHIFT)
    shifts = shifts - shifts.mean()
    variance = shifts.var(ddof=1)
    true_share = max(0.0, 1 - float(np.mean(1 / information)) / variance) if variance > 0 else 0.0
    return np.asarray(shifts * np.sqrt(true_share))


def _answers(
    design: _Design, p: Array, shifts: Array, draws: int, rng: np.random.Generator
) -> Array:
    """Draw the number of target responses of all people, shape (draws, units)."""
    n = len(shifts)
    answered = np.empty((draws, len(p)))
    for draw in range(draws):
        drawn = shifts[rng.integers(n, size=n)]
        each = rng.binomial(design.shown.astype(np.int64), expit(logit(p) + drawn[:, None]))
        answered[draw] = each.sum(axis=0)
    return answered


def _scores(design: _Design, predicted: Array, chosen: Array, criterion: str) -> Array:
    """Score how well each observer describes answers, shape (draws, observers)."""
    shown = design.shown.sum(axis=0)
    if criterion == "likelihood":
        likelihood = chosen @ np.log(predicted).T + (shown - chosen) @ np.log1p(-predicted).T
        return np.asarray(likelihood / shown.sum())
    levels, at = np.unique(design.levels, return_inverse=True)
    per_level = np.zeros((len(at), len(levels)))
    per_level[np.arange(len(at)), at] = 1
    totals = shown @ per_level
    curves, theirs = (predicted * shown) @ per_level / totals, chosen @ per_level / totals
    return np.asarray(-np.sqrt(np.mean((theirs[:, None, :] - curves) ** 2, axis=-1)))


def _winners(scores: Array) -> Array:
    """Return how often each observer is the best; ties are shared."""
    best = scores >= scores.max(axis=1, keepdims=True) - 1e-12
    return np.asarray((best / best.sum(axis=1, keepdims=True)).mean(axis=0))


def _table(names: Sequence[str], given: Array, found: Array, draws: int) -> pd.DataFrame:
    # loading it takes as long as all else that a comparison loads
    from statsmodels.stats.proportion import proportion_confint

    recovered = np.diag(found)
    low, high = proportion_confint(np.round(recovered * draws), draws, method="wilson")
    others = (found.sum(axis=0) - recovered) / (len(names) - 1)
    table = pd.DataFrame(
        {
            "observer": names,
            "score": given,
            "recovered": recovered,
            "recovered_low": np.minimum(low, recovered),
            "recovered_high": np.maximum(high, recovered),
            "found_when_other": others,
        }
    )
    return table.sort_values("score", ascending=False, kind="stable").reset_index(drop=True)
