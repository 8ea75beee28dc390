"""Staircases and other adaptive methods, recognised by levels that follow the answers.

References
----------
.. [1] Kaernbach, C. (2001). Slope bias of psychometric functions derived from adaptive data.
   Perception & Psychophysics, 63, 1389-1398.
.. [2] Barlow, R. E., Bartholomew, D. J., Bremner, J. M. & Brunk, H. D. (1972). Statistical
   inference under order restrictions. Wiley: isotonic regression.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from psychobench.trials.order import runs_in_time

Floats = NDArray[np.float64]

LAGS = (1, 2, 3)  # trials after which a level may follow an answer: staircases interleave
LEAST_TRIALS = 20
LEAST_SCORE = 3.8  # standard normal: constant stimuli exceed it in about 1 of 5,000 curves


def follows_answers(table: pd.DataFrame, by: Sequence[str] = ()) -> NDArray[np.bool_]:
    """Find the trials of curves whose levels follow from the answers before them.

    If levels were chosen without regard to the answers, the direction of the next step is
    independent of by how much an answer departs from its expectation, whatever the order of the
    levels. In a staircase the next level is lower after an answer that is typical of high levels.

    Parameters
    ----------
    table : DataFrame
        Validated trials.
    by : sequence of str
        Columns that split conditions further.

    Returns
    -------
    ndarray of bool, shape (len(table),)
        False where the order of trials is unknown.
    """
    adaptive = np.zeros(len(table), dtype=bool)
    trials = runs_in_time(table, by)[0] if "response" in table else None
    if trials is None:
        return adaptive
    place = trials["place"].to_numpy()
    ordered = table.iloc[place]
    code = ordered.groupby(["observer", "condition", *by], sort=False).ngroup().to_numpy()
    level, answer = ordered[["level", "response"]].to_numpy(np.float64).T
    for number in range(code.max() + 1):
        own = np.flatnonzero(code == number)
        score = adaptive_score(level[own], answer[own], trials["run"].to_numpy()[own])
        adaptive[place[own]] = score > LEAST_SCORE
    return adaptive


def adaptive_score(level: Floats, answer: Floats, run: NDArray[np.intp]) -> float:
    """Compute how clearly one curve's levels follow its answers, as a standard normal score.

    Parameters
    ----------
    level, answer : ndarray, shape (n,)
        In order of time.
    run : ndarray of int, shape (n,)
        Stretches of uninterrupted trials.

    Returns
    -------
    float
        The largest over `LAGS`; 0 with fewer than `LEAST_TRIALS` trials.

    Examples
    --------
    >>> level, answers = [0.5], []
    >>> for draw in np.random.default_rng(0).uniform(size=40):
    ...     answers.append(float(draw < level[-1]))
    ...     level.append(level[-1] - 0.1 if answers[-1] else level[-1] + 0.1)
    >>> adaptive_score(np.array(level[:-1]), np.array(answers), np.zeros(40, dtype=int)) > 3.8
    True
    """
    if len(level) < LEAST_TRIALS or np.ptp(level) == 0 or np.ptp(answer) == 0:
        return 0.0
    expected, sign = _expected(level, answer)
    excess, variance = answer - expected, expected * (1 - expected)
    scores = [0.0]
    for lag in LAGS:
        step = np.sign(level[lag:] - level[:-lag]) * (run[lag:] == run[:-lag])
        spread = np.sqrt((step**2 * variance[:-lag]).sum())
        if np.count_nonzero(step) >= LEAST_TRIALS / 2 and spread > 0:
            scores.append(-sign * float((step * excess[:-lag]).sum() / spread))
    return max(scores)


def _expected(level: Floats, answer: Floats) -> tuple[Floats, int]:
    """Estimate the probability of the answers by isotonic regression, and its direction."""
    _, place = np.unique(level, return_inverse=True)
    n = np.bincount(place).astype(np.float64)
    share = np.bincount(place, answer) / n
    found = {sign: isotonic_regression(share, weights=n, increasing=sign > 0) for sign in (1, -1)}
    lost = {sign: float((n * (share - fit.x) ** 2).sum()) for sign, fit in found.items()}
    sign = 1 if lost[1] <= lost[-1] else -1
    fit = found[sign]
    sizes = np.diff(fit.blocks)
    pooled = np.add.reduceat(n, fit.blocks[:-1])
    # half an answer of either kind: what all answers of a pool have in common is not certain
    hits = np.add.reduceat(n * share, fit.blocks[:-1])
    smooth = (hits + 0.5) / (pooled + 1)
    return np.repeat(smooth, sizes)[place], sign
