"""The parametric bootstrap: refits of answers simulated from fitted curves, percentile intervals.

Many thousand refits are maximised side by side (docs/dev/fitting.md, section 7).

References
----------
.. [1] Wichmann, F. A. & Hill, N. J. (2001). The psychometric function: II. Bootstrap-based
   confidence intervals and sampling. Perception & Psychophysics, 63, 1314-1329.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves, Interval
from psychobench.fits.functions import Floats
from psychobench.fits.ml.engine import solve, to_curves, to_theta
from psychobench.fits.ml.problem import make_problem
from psychobench.fits.ml.refits import refit_together
from psychobench.fits.ml.starts import COARSE
from psychobench.fits.options import FitOptions
from psychobench.parallel import in_order

TOGETHER = 12_000  # refits that one core has in hand: bounds the memory
STARTS = 12
TOLERANCE = 1e-5  # expected gain, in log-likelihood, at which a refit ends
FEWEST = 16  # parts, where there are as many curves: whoever waits sees how far it is
NAMES = ("threshold", "width", "guess", "lapse", "overdispersion")


def bootstrap_intervals(
    curves: Curves,
    blocks: Blocks,
    options: FitOptions,
    seeds: Sequence[int],
    owners: NDArray[np.intp] | None = None,
) -> tuple[dict[str, Interval], Floats]:
    """Compute percentile intervals from a parametric bootstrap (eq. 23).

    Parameters
    ----------
    curves : Curves
        Fitted to `blocks`.
    blocks : Blocks
        Counted answers.
    options : FitOptions
        Its `bootstrap` is the number of refits per curve.
    seeds : sequence of int
        One per curve, so that a curve's interval depends on no other row.
    owners : ndarray of int, shape (n,), optional
        Groups of curves that have parameters in common.

    Returns
    -------
    intervals : dict
        From each parameter, ``pse`` and ``jnd`` to lower and upper ends, shape (n,).
    without_pse : ndarray, shape (n,)
        Share of each curve's refits without a PSE; the PSE's interval is that of the others.
    """
    tails = [(1 - options.confidence) / 2, (1 + options.confidence) / 2]
    names = [*NAMES, "pse", "jnd"]
    intervals = {
        name: (np.full(len(curves), np.nan), np.full(len(curves), np.nan)) for name in names
    }
    without_pse = np.zeros(len(curves))
    count = options.bootstrap
    for rows, refits, _ in refit_simulated(curves, blocks, options, count, seeds, owners):
        drawn = {name: getattr(refits, name) for name in NAMES}
        drawn |= {"pse": refits.pse(), "jnd": refits.jnd()}
        table = {name: values.reshape(len(rows), -1) for name, values in drawn.items()}
        without_pse[rows] = np.isnan(table["pse"]).mean(axis=1)
        for name, values in table.items():
            known = ~np.isnan(values).all(axis=1)
            if known.any():
                low, high = intervals[name]
                low[rows[known]], high[rows[known]] = np.nanquantile(values[known], tails, axis=1)
    return intervals, without_pse


def refit_simulated(
    curves: Curves,
    blocks: Blocks,
    options: FitOptions,
    count: int,
    seeds: Sequence[int],
    owners: NDArray[np.intp] | None = None,
) -> Iterator[tuple[NDArray[np.intp], Curves, Blocks]]:
    """Simulate answers and refit them by maximum likelihood, some curves at a time.

    Parameters
    ----------
    curves, blocks, options, seeds, owners
        As for `bootstrap_intervals`; the curves may come from any engine.
    count : int
        Refits per curve.

    Yields
    ------
    rows : ndarray of int, shape (r,)
        Which curves they are of.
    refits : Curves
        ``r * count`` of them, those of one curve side by side.
    drawn : Blocks
        The simulated answers that they were fitted to.
    """

    def refit(rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], Curves, Blocks]:
        drawn = _simulate(curves, blocks, rows, count, seeds)
        origin = curves.take(np.repeat(rows, count))
        if owners is None:
            return rows, _refit(origin, drawn, options), drawn
        copies = np.repeat(owners[rows], count) * count + np.tile(np.arange(count), len(rows))
        return rows, refit_together(origin, drawn, copies, options), drawn

    batch = max(1, min(TOGETHER // count, -(-len(curves) // FEWEST)))
    parts = _batches(len(curves), batch, owners)
    yield from in_order(refit, parts, doing="fitting simulated data")


def _batches(n: int, batch: int, owners: NDArray[np.intp] | None) -> list[NDArray[np.intp]]:
    """Divide rows into batches, those of one owner together."""
    if owners is None:
        return np.split(np.arange(n), range(batch, n, batch))
    groups = [np.flatnonzero(owners == owner) for owner in np.unique(owners)]
    each = max(1, batch // max(map(len, groups)))
    return [np.concatenate(groups[first : first + each]) for first in range(0, len(groups), each)]


def _refit(origin: Curves, drawn: Blocks, options: FitOptions) -> Curves:
    """Fit simulated answers, equal ones once, from the true curve and from grid points."""
    first, copies = _distinct(origin, drawn)
    curves = origin.take(first)
    problem = make_problem(drawn.take(first), options, curves.falling)
    near = to_theta(problem, curves)
    optimum = solve(problem, starts=STARTS, grid=COARSE, near=near, tolerance=TOLERANCE)
    return to_curves(problem, optimum, curves.falling).take(copies)


def _distinct(origin: Curves, drawn: Blocks) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find one row for each distinct set of answers of each curve, and its place for every row.

    With few levels and trials, many simulated data sets are equal.
    """
    columns = np.column_stack([drawn.hits, np.unique(origin.threshold, return_inverse=True)[1]])
    bases = columns.max(axis=0) + 1
    # a set of answers is one integer in mixed radix: unique integers are quicker than unique rows
    if np.prod(bases) > 2.0**62:  # too many sets for that, and few would be equal
        return np.arange(len(columns)), np.arange(len(columns))
    place = np.cumprod(np.concatenate([[1], bases[:-1]]).astype(np.int64))
    _, first, copies = np.unique(
        columns.astype(np.int64) @ place, return_index=True, return_inverse=True
    )
    return first, copies


def _simulate(
    curves: Curves, blocks: Blocks, rows: NDArray[np.intp], count: int, seeds: Sequence[int]
) -> Blocks:
    """Draw each curve's answers `count` times, each curve from a random stream of its own."""
    some = blocks.take(rows)
    p = curves.take(rows).psi(curves.sigmoid.to_level(some.positions))
    eta = np.nan_to_num(curves.overdispersion[rows])
    hits = []
    for row, (seed, trials) in enumerate(zip(np.asarray(seeds)[rows], some.trials, strict=True)):
        hits.append(draw_answers(p[row], float(eta[row]), trials, count, seed))
    drawn = blocks.take(np.repeat(rows, count))
    return replace(drawn, hits=np.concatenate(hits))


def draw_answers(
    chance: Floats, eta: float, trials: Floats, count: int, seed: int | np.random.Generator
) -> Floats:
    """Draw target answers of blocks with probabilities `chance` (b,), `count` times: (count, b)."""
    rng = np.random.default_rng(seed)
    chance = np.broadcast_to(np.clip(chance, 0.0, 1.0), (count, len(chance)))
    if eta > 0:  # each block draws its own probability (eq. 6)
        precision = 1 / eta**2 - 1
        chance = rng.beta(*(np.maximum(c * precision, 1e-9) for c in (chance, 1 - chance)))
    return rng.binomial(trials.astype(np.int64), chance).astype(np.float64)
