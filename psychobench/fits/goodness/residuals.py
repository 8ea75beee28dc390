"""Goodness of fit: how far answers lie from their curves, and in which direction.

References
----------
.. [1] Wichmann, F. A. & Hill, N. J. (2001). The psychometric function: I. Fitting, sampling, and
   goodness of fit. Perception & Psychophysics, 63, 1293-1313.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from psychobench.fits.blocks import SAME_LEVEL, Blocks
from psychobench.fits.curves import Curves
from psychobench.fits.functions import Floats
from psychobench.fits.goodness.time_course import Cells
from psychobench.fits.likelihoods import SMALLEST, deviance_residuals
from psychobench.fits.ml.bootstrap import STARTS, refit_simulated
from psychobench.fits.ml.engine import solve, to_curves
from psychobench.fits.ml.problem import make_problem
from psychobench.fits.ml.refits import refit_together
from psychobench.fits.ml.starts import COARSE
from psychobench.fits.options import FitOptions

TIE = 1e-9  # statistics nearer than this differ by rounding alone
NO_TREND = 0.01  # correlations with the curve nearer than this count as equal: fits bring them to 0
LEAST_LEVELS = 3  # of a refit without one block
TOGETHER = 40_000  # refits at a time: bounds the memory
CHECKS = ("deviance", "level", "order")
RANGE = (0.025, 0.975)  # quantiles of the refits' statistics


class Statistic(NamedTuple):
    """One check of n fits: observed value, Monte-Carlo p, and the central 95% of refits."""

    value: Floats
    p: Floats
    low: Floats
    high: Floats


def refit(
    curves: Curves, blocks: Blocks, options: FitOptions, owners: NDArray[np.intp] | None = None
) -> Curves:
    """Fit answers by maximum likelihood, in the direction that each curve has."""
    if owners is not None:
        return refit_together(curves, blocks, owners, options)
    problem = make_problem(blocks, options, curves.falling)
    return to_curves(problem, solve(problem, starts=STARTS, grid=COARSE), curves.falling)


def compare_with_refits(
    curves: Curves,
    blocks: Blocks,
    cells: Cells | None,
    options: FitOptions,
    seeds: Sequence[int],
    owners: NDArray[np.intp] | None = None,
) -> dict[str, Statistic]:
    """Compare deviance and trends of the residuals with those of refits of simulated answers.

    The trends are the correlations of deviance residuals with the curve's prediction and with the
    time at which the answers came [1]_; in the second each cell is weighted by its binomial
    variance under the curve. Answers are simulated from the curves; they and the data are fitted
    by maximum likelihood, whatever the engine, so that their statistics are comparable.

    Parameters
    ----------
    curves : Curves
        Fitted to `blocks`.
    blocks : Blocks
        Counted answers.
    cells : Cells or None
        The blocks divided by time; None where the order of the answers is not known.
    options : FitOptions
        Its `gof` is the number of refits per curve.
    seeds : sequence of int
        One per curve.
    owners : ndarray of int, shape (n,), optional
        Groups of curves that have parameters in common.

    Returns
    -------
    dict
        From ``deviance``, ``level`` and ``order`` to a `Statistic`, nan where there is none. The
        deviance's p is the share of refits that deviate as much; the correlations' are two-sided.
    """
    own = curves if options.engine == "ml" else refit(curves, blocks, options, owners)
    steps = np.flatnonzero(own.steps)  # refits are curves, which a step comes close to
    if len(steps):
        own = own.put(steps, refit(own, blocks, options, owners).take(steps))
    timed = _timed(cells, len(curves))
    values = np.full((len(CHECKS), len(curves)), np.nan)
    values[:2] = _statistics(own, blocks)
    for row, some in timed.items():
        values[2, row] = _time_trend(own.take(np.array([row])), blocks.positions[row], some)[0]
    found = {
        name: Statistic(value, *np.full((3, len(curves)), np.nan))
        for name, value in zip(CHECKS, values, strict=True)
    }
    for rows, refits, drawn in refit_simulated(curves, blocks, options, options.gof, seeds, owners):
        shape = (len(rows), options.gof)
        deviances, trends = (each.reshape(shape) for each in _statistics(refits, drawn))
        _compare(found["deviance"], rows, deviances, two_sided=False)
        _compare(found["level"], rows, trends, tie=NO_TREND)
        for place, row in enumerate(rows):
            if row in timed:
                mine = np.arange(place * options.gof, (place + 1) * options.gof)
                some = timed[row].distribute(drawn.hits[mine], seeds[row])
                time_trends = _time_trend(refits.take(mine), blocks.positions[row], some)
                _compare(found["order"], np.array([row]), time_trends[None])
    return found


def leave_one_block_out(
    curves: Curves, blocks: Blocks, options: FitOptions, owners: NDArray[np.intp] | None = None
) -> tuple[Floats, Floats]:
    """Refit without each block, for how far the PSE moves and how well the others predict it.

    Parameters
    ----------
    curves, blocks, options, owners
        As for `compare_with_refits`. Of curves with parameters in common, the others keep all
        their blocks.

    Returns
    -------
    moved : ndarray, shape (n, b)
        Change of the PSE, or of a forced choice's threshold, in level units; infinite where there
        is none without the block, nan where fewer than `LEAST_LEVELS` levels remain or the curve
        itself has no PSE.
    p : ndarray, shape (n, b)
        Of the drop in deviance, as chi-squared with one degree of freedom and times the number of
        blocks (Bonferroni); under overdispersion the drop is divided by its factor of the variance.
    """
    own = refit(curves, blocks, options, owners)
    whole = (block_residuals(own, blocks) ** 2).sum(axis=1)
    levels = 1 + (np.diff(np.sort(blocks.z, axis=1), axis=1) > SAME_LEVEL).sum(axis=1)
    rows, columns = np.nonzero((blocks.trials > 0) & (levels > LEAST_LEVELS)[:, None])
    places, drops = np.full((2, *blocks.trials.shape), np.nan)
    largest = 1 if owners is None else int(np.bincount(owners).max())
    together = max(1, TOGETHER // largest)
    for first in range(0, len(rows), together):
        row, column = (each[first : first + together] for each in (rows, columns))
        kept = np.arange(blocks.trials.shape[1]) != column[:, None]
        left = blocks.take(row)
        left = replace(left, trials=left.trials * kept, hits=left.hits * kept)
        if owners is None:
            refits = refit(curves.take(row), left, options)
        else:
            refits = _refit_with_others(own, blocks, left, row, owners, options)
        found = _pse_or_threshold(refits, options)
        places[row, column] = np.where(np.isnan(found), np.inf, found)
        drops[row, column] = whole[row] - (block_residuals(refits, left) ** 2).sum(axis=1)
    # variance of a block's count relative to the binomial one (eq. 7)
    added = 1 + (blocks.trials - 1) * np.nan_to_num(own.overdispersion[:, None]) ** 2
    count = (blocks.trials > 0).sum(axis=1, keepdims=True)
    p = np.minimum(1.0, count * chdtrc(1, np.maximum(drops, 0.0) / np.maximum(added, 1.0)))
    return places - _pse_or_threshold(own, options)[:, None], np.where(np.isnan(drops), np.nan, p)


def _refit_with_others(
    own: Curves,
    blocks: Blocks,
    left: Blocks,
    row: NDArray[np.intp],
    owners: NDArray[np.intp],
    options: FitOptions,
) -> Curves:
    """Refit rows with other answers, `left`, beside the unchanged rows of the same owners."""
    members = [np.flatnonzero(owners == owner) for owner in owners[row]]
    copies = np.repeat(np.arange(len(row)), [len(rows) for rows in members])
    rows = np.concatenate(members)
    mine = np.flatnonzero(rows == row[copies])
    some = blocks.take(rows)
    trials, hits = some.trials.copy(), some.hits.copy()
    trials[mine], hits[mine] = left.trials, left.hits
    some = replace(some, trials=trials, hits=hits)
    return refit_together(own.take(rows), some, copies, options).take(mine)


def block_residuals(curves: Curves, blocks: Blocks) -> Floats:
    """Compute deviance residuals, shape (n, b); 0 in padding."""
    p = curves.psi(curves.sigmoid.to_level(blocks.positions))
    return deviance_residuals(p, blocks.trials, blocks.hits)


def cell_residuals(curves: Curves, positions: Floats, cells: Cells) -> Floats:
    """Compute deviance residuals of cells of one curve's blocks under `m` curves, shape (m, c)."""
    p = curves.psi(curves.sigmoid.to_level(positions))[:, cells.block]
    return deviance_residuals(p, cells.trials, cells.hits)


def _timed(cells: Cells | None, n: int) -> dict[int, Cells]:
    """Select the cells of each curve whose answers came in two stretches of time or more."""
    each = {} if cells is None else {row: cells.of(row) for row in range(n)}
    return {row: some for row, some in each.items() if np.ptp(some.stretch) > 0}


def _statistics(curves: Curves, blocks: Blocks) -> tuple[Floats, Floats]:
    """Compute deviances, and correlations of residuals with predictions, shape (n,) each."""
    residuals = block_residuals(curves, blocks)
    predictions = curves.psi(curves.sigmoid.to_level(blocks.positions))
    trend = correlate(predictions, residuals, np.sign(blocks.trials))
    return np.asarray((residuals**2).sum(axis=-1)), trend


def _time_trend(curves: Curves, positions: Floats, cells: Cells) -> Floats:
    """Correlate the residuals of cells with time under `m` curves of one observer, shape (m,)."""
    residuals = cell_residuals(curves, positions, cells)
    p = curves.psi(curves.sigmoid.to_level(positions))[:, cells.block]
    return correlate(cells.stretch.astype(np.float64), residuals, cells.trials * p * (1 - p))


def correlate(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Correlate along the last axis; 0 where either does not vary.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0, 99.0])
    >>> float(correlate(x, -x, np.array([1.0, 1.0, 2.0, 0.0])).round(12))
    -1.0
    """
    total = np.maximum(weights.sum(axis=-1, keepdims=True), SMALLEST)
    dx, dy = (z - (weights * z).sum(axis=-1, keepdims=True) / total for z in (x, y))
    size = np.sqrt((weights * dx**2).sum(axis=-1) * (weights * dy**2).sum(axis=-1))
    product = (weights * dx * dy).sum(axis=-1)
    return np.asarray(np.where(size > TIE, product / np.maximum(size, TIE), 0.0))


def _pse_or_threshold(curves: Curves, options: FitOptions) -> Floats:
    return curves.pse() if options.has_pse else curves.thresholds()


def _compare(
    of: Statistic,
    rows: NDArray[np.intp],
    simulated: Floats,
    *,
    two_sided: bool = True,
    tie: float = TIE,
) -> None:
    """Fill in p and range of some fits from the statistics of their refits, (r, m).

    The data count as one of the data sets, so that p is never 0 (eq. 24 of docs/dev/fitting.md).
    """
    count, observed = simulated.shape[1], of.value[rows, None]
    upper = (1 + (simulated >= observed - tie).sum(axis=1)) / (1 + count)
    lower = (1 + (simulated <= observed + tie).sum(axis=1)) / (1 + count)
    of.p[rows] = np.minimum(1.0, 2 * np.minimum(lower, upper)) if two_sided else upper
    of.low[rows], of.high[rows] = np.quantile(simulated, RANGE, axis=1)
