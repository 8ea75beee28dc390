"""Bayesian fits of a whole table at once, after Schuett et al. [1]_.

Each posterior is climbed to its maximum, and integrated over a lattice of points laid over it;
every step is one array operation over many fits. Nothing is drawn at random, and no row depends on
another.

References
----------
.. [1] Schuett, H. H., Harmeling, S., Macke, J. H. & Wichmann, F. A. (2016). Painfree and accurate
   Bayesian estimation of psychometric functions for (potentially) overdispersed data. Vision
   Research, 122, 105-123.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from psychobench.errors import FitError
from psychobench.fits.bayes.log_posterior import Target, pose_target
from psychobench.fits.bayes.map_estimate import Peak, find_peak, rank_starts
from psychobench.fits.bayes.marginals import Marginal
from psychobench.fits.bayes.quadrature import gather
from psychobench.fits.bayes.summaries import read_off
from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves
from psychobench.fits.functions import Floats
from psychobench.fits.ml import engine as ml
from psychobench.fits.options import FitOptions
from psychobench.fits.priors import ETA, GUESS, LAPSE, PARAMETERS, M, W, pose_prior
from psychobench.parallel import in_order, spans

QUANTITIES = (*PARAMETERS, "pse", "jnd")
TOGETHER = 32  # posteriors that a thread integrates at a time
CLOSE_CALL = 6.0  # log-likelihood by which a falling curve may start behind and still be climbed
STEEP = 2.5  # gaps between levels, under which the data may be a step
SLOW = 2_000  # rows that take long enough to show progress


@dataclass(frozen=True)
class Posterior:
    """Posterior distributions of many fits.

    Parameters
    ----------
    curves : Curves
        Maximum a posteriori (MAP) estimates.
    marginals : dict
        From each of `QUANTITIES` to its distribution in level units (threshold and width in log
        units where the sigmoid is on log levels). A held parameter has none. The PSE's is of the
        part of the posterior that has one.
    means : dict
        From each of `QUANTITIES` to posterior means, shape (n,).
    without_pse : ndarray, shape (n,)
        Share of each posterior in which psi is never .5.
    """

    curves: Curves
    marginals: dict[str, Marginal]
    means: dict[str, Floats]
    without_pse: Floats

    def __len__(self) -> int:
        return len(self.curves)

    def quantile(self, quantity: str, p: float) -> Floats:
        """Find the value of a quantity below which a share `p` of each posterior lies: (n,)."""
        return self.marginals[quantity].quantile(p)

    def cdf(self, quantity: str, value: Floats) -> Floats:
        """Find the share of each posterior in which a quantity is below `value` (n,): (n,)."""
        return self.marginals[quantity].cdf(value)

    def interval(self, quantity: str, confidence: float) -> tuple[Floats, Floats]:
        """Find the central interval of a quantity: lower and upper ends, shape (n,) each."""
        tail = (1 - confidence) / 2
        return self.quantile(quantity, tail), self.quantile(quantity, 1 - tail)


def posterior(blocks: Blocks, options: FitOptions) -> Posterior:
    """Find the posterior of every observer's parameters, PSE and JND.

    A curve falls where the falling MAP curve is more than `psychobench.fits.ml.engine.CRITERION`
    log-likelihood better than the rising one.

    Parameters
    ----------
    blocks : Blocks
        Counted answers.
    options : FitOptions
        What is asked for.

    Returns
    -------
    Posterior

    Raises
    ------
    FitError
        If the bounds leave an observer's prior nothing.

    Examples
    --------
    >>> import numpy as np
    >>> hits = np.array([[1.0, 3, 10, 20, 27, 29]])
    >>> blocks = Blocks(np.linspace(0, 1, 6)[None], np.full((1, 6), 30.0), hits)
    >>> found = posterior(blocks, FitOptions(engine="bayes"))
    >>> found.quantile("pse", 0.5).round(2).tolist()
    [0.5]
    """
    if pose_prior(blocks, options).empty.any():
        raise FitError("the bounds leave the prior nothing; widen those on threshold or width")
    parts = spans(len(blocks), TOGETHER)
    done = in_order(lambda rows: _posterior(blocks.take(rows), options), parts)
    slow = len(blocks) >= SLOW
    found = list(tqdm(done, total=len(parts), desc="Posteriors", disable=not slow))
    return _collected(found, parts, len(blocks))


def _posterior(blocks: Blocks, options: FitOptions) -> Posterior:
    target, peak, falling = _directed(blocks, options)
    curves = _to_curves(target, blocks, peak, falling)
    sides = [rows for rows in (np.flatnonzero(~falling), np.flatnonzero(falling)) if len(rows)]
    parts, places = [], []
    for side in sides:  # they may hold different parameters
        for own, cloud in gather(target.take(side), peak.x[side], peak.covariance[side]):
            rows = side[own]
            units = blocks.centre[rows], blocks.scale[rows]
            found = read_off(target.take(rows), cloud, *units, with_pse=options.has_pse)
            if falling[rows[0]]:
                found.trade_rates()
            part = curves.take(rows)
            parts.append(Posterior(part, found.marginals, found.means, found.without_pse))
            places.append(rows)
    return _collected(parts, places, len(blocks))


def _directed(blocks: Blocks, options: FitOptions) -> tuple[Target, Peak, NDArray[np.bool_]]:
    """Climb rising curves, and falling ones where they may be better; keep the better."""
    n = len(blocks)
    rising, falling = np.zeros(n, dtype=bool), np.ones(n, dtype=bool)
    up, down = pose_target(blocks, options, rising), pose_target(blocks, options, falling)
    (start, ahead), (other, behind) = rank_starts(up), rank_starts(down)
    peak = find_peak(up, start)
    rows = np.flatnonzero(behind > ahead - CLOSE_CALL)
    turned = rising
    if len(rows):
        rival = find_peak(down.take(rows), other[rows])
        better = rival.loglik > peak.loglik[rows] + ml.CRITERION
        turned[rows[better]] = True
        for whole, part in zip(peak, rival, strict=True):
            whole[rows[better]] = part[better]
    return pose_target(blocks, options, turned), peak, turned


def _to_curves(target: Target, blocks: Blocks, peak: Peak, falling: NDArray[np.bool_]) -> Curves:
    theta = peak.theta
    return Curves(
        target.sigmoid,
        threshold=blocks.centre + blocks.scale * theta[:, M],
        width=blocks.scale * theta[:, W],
        guess=np.where(falling, theta[:, LAPSE], theta[:, GUESS]),
        lapse=np.where(falling, theta[:, GUESS], theta[:, LAPSE]),
        overdispersion=theta[:, ETA] if target.overdispersed else np.full(len(theta), np.nan),
        falling=falling,
        objective=peak.loglik,
    )


def with_steps(curves: Curves, blocks: Blocks, options: FitOptions) -> Curves:
    """Put maximum-likelihood steps in the place of MAP curves of the same data.

    The prior of the width ends at the smallest gap between levels, so that a MAP curve is never a
    step; that the data say no more than a step does is for their likelihood to tell.
    """
    known = np.isfinite(curves.width)
    rows = np.flatnonzero(known & (curves.width < STEEP * blocks.gap * blocks.scale))
    if not len(rows):
        return curves
    part = blocks.take(rows)
    likely = ml.fit(part, options)
    step = ml.at_floor(likely, part) & (likely.falling == curves.falling[rows])
    whole = likely.where(step, curves.take(rows))
    return curves.put(rows, whole)


def _collected(parts: Sequence[Posterior], rows: Sequence[NDArray[np.intp]], n: int) -> Posterior:
    """Put parts in their places among n rows."""
    places = np.argsort(np.concatenate(rows))

    def whole(arrays: Sequence[Floats]) -> Floats:
        return np.asarray(np.concatenate(arrays)[places])

    some = parts[0]
    curves = some.curves.take(np.zeros(n, dtype=np.intp))
    for part, own in zip(parts, rows, strict=True):
        curves = curves.put(own, part.curves)
    marginals = {
        name: Marginal(whole([part.marginals[name].values for part in parts]))
        for name in some.marginals
    }
    means = {name: whole([part.means[name] for part in parts]) for name in some.means}
    return Posterior(curves, marginals, means, whole([part.without_pse for part in parts]))
