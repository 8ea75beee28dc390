"""Bayesian fits of a whole table at once, after Schuett et al. [1]_.

Each posterior is maximised and then integrated by quadrature; every step is one array operation
over many fits. Nothing is drawn at random, and no row depends on another. Derived in
docs/dev/fitting.md, section 8.

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

from psychobench.errors import FitError
from psychobench.fits.bayes.log_posterior import LogPosterior, make_log_posterior
from psychobench.fits.bayes.map_estimate import Mode, best_grid_points, find_mode
from psychobench.fits.bayes.marginals import Marginal
from psychobench.fits.bayes.quadrature import integrate
from psychobench.fits.bayes.summaries import summarise
from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves
from psychobench.fits.direction import find_direction
from psychobench.fits.functions import Floats
from psychobench.fits.options import FitOptions
from psychobench.fits.prior_options import PARAMETERS
from psychobench.fits.priors import ETA, GUESS, LAPSE, THRESHOLD, WIDTH, make_prior
from psychobench.parallel import in_order, spans

QUANTITIES = (*PARAMETERS, "pse", "jnd")
TOGETHER = 32  # posteriors that a thread integrates at a time


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
        """Compute the value of a quantity below which a share `p` of each posterior lies: (n,)."""
        return self.marginals[quantity].quantile(p)

    def cdf(self, quantity: str, value: Floats) -> Floats:
        """Compute the share of each posterior in which a quantity is below `value`, (n,) each."""
        return self.marginals[quantity].cdf(value)

    def interval(self, quantity: str, confidence: float) -> tuple[Floats, Floats]:
        """Compute the central interval of a quantity: lower and upper ends, shape (n,) each."""
        tail = (1 - confidence) / 2
        return self.quantile(quantity, tail), self.quantile(quantity, 1 - tail)


def fit_posterior(blocks: Blocks, options: FitOptions) -> Posterior:
    """Compute the posterior of every observer's parameters, PSE and JND.

    A curve falls where the answers do; see `psychobench.fits.direction`.

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
        If the bounds exclude all of an observer's prior.

    Examples
    --------
    >>> import numpy as np
    >>> hits = np.array([[1.0, 3, 10, 20, 27, 29]])
    >>> blocks = Blocks(np.linspace(0, 1, 6)[None], np.full((1, 6), 30.0), hits)
    >>> found = fit_posterior(blocks, FitOptions(engine="bayes"))
    >>> found.quantile("pse", 0.5).round(2).tolist()
    [0.5]
    """
    if make_prior(blocks, options).empty.any():
        raise FitError("`bounds` must leave the prior some room; widen those on threshold or width")
    parts = spans(len(blocks), TOGETHER)
    done = in_order(
        lambda rows: _fit_posterior(blocks.take(rows), options), parts, doing="fitting curves"
    )
    return _concatenate(list(done), parts, len(blocks))


def _fit_posterior(blocks: Blocks, options: FitOptions) -> Posterior:
    """Maximise and integrate the posteriors of some observers."""
    falling = find_direction(blocks).falling
    model = make_log_posterior(blocks, options, falling)
    mode = find_mode(model, best_grid_points(model)[0])
    curves = _to_curves(model, blocks, mode, falling)
    sides = [rows for rows in (np.flatnonzero(~falling), np.flatnonzero(falling)) if len(rows)]
    parts, places = [], []
    for side in sides:  # apart, since they may hold different parameters
        for own, points in integrate(model.take(side), mode.x[side], mode.covariance[side]):
            rows = side[own]
            units = blocks.centre[rows], blocks.scale[rows]
            found = summarise(model.take(rows), points, *units, with_pse=options.has_pse)
            if falling[rows[0]]:
                found.swap_rates()
            part = curves.take(rows)
            parts.append(Posterior(part, found.marginals, found.means, found.without_pse))
            places.append(rows)
    return _concatenate(parts, places, len(blocks))


def _to_curves(
    model: LogPosterior, blocks: Blocks, mode: Mode, falling: NDArray[np.bool_]
) -> Curves:
    """Convert MAP estimates to curves in level units, guess and lapse swapped where falling."""
    theta = mode.theta
    return Curves(
        model.sigmoid,
        threshold=blocks.centre + blocks.scale * theta[:, THRESHOLD],
        width=blocks.scale * theta[:, WIDTH],
        guess=np.where(falling, theta[:, LAPSE], theta[:, GUESS]),
        lapse=np.where(falling, theta[:, GUESS], theta[:, LAPSE]),
        overdispersion=theta[:, ETA] if model.overdispersed else np.full(len(theta), np.nan),
        falling=falling,
        objective=mode.loglik,
    )


def _concatenate(parts: Sequence[Posterior], rows: Sequence[NDArray[np.intp]], n: int) -> Posterior:
    """Concatenate parts, whose `rows` together are all of n, in order of the rows."""
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
