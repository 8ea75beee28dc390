"""The likelihood of many fits, evaluated at many points of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import gammaln

from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import SIGMOIDS, Floats, Sigmoid
from psychobench.fits.likelihoods import SMALLEST
from psychobench.fits.options import FitOptions
from psychobench.fits.priors import ETA, GUESS, LAPSE, M, Prior, W, pose_prior

LEAST_ETA = 1e-3  # under which the beta-binomial likelihood is the binomial one in effect
TOGETHER = 60_000  # blocks x points evaluated at a time: few enough for cache
KNOTS, ROUGH_KNOTS = 20.0, 10.0  # of a table, per root of the greatest number of trials
NOWHERE = -1e300


@dataclass(frozen=True)
class Target:
    """Data, curve and prior, one row per fit.

    Parameters
    ----------
    z, trials, hits : ndarray, shape (n, b)
        As in `psychobench.fits.blocks.Blocks`.
    sigmoid : Sigmoid
        The curve.
    prior : Prior
        Of its parameters.
    overdispersed : bool
        Whether the likelihood is beta-binomial.
    """

    z: Floats
    trials: Floats
    hits: Floats
    sigmoid: Sigmoid
    prior: Prior
    overdispersed: bool

    def __len__(self) -> int:
        return len(self.z)

    def take(self, rows: NDArray[np.integer] | slice) -> Target:
        """Take some rows."""
        data = {name: getattr(self, name)[rows] for name in ("z", "trials", "hits")}
        return replace(self, **data, prior=self.prior.take(rows))

    def log_likelihood(self, theta: Floats) -> Floats:
        """Evaluate the log-likelihood at parameters (n, 5, points): shape (n, points)."""
        n, _, points = theta.shape
        value = np.empty((n, points))
        size = max(1, TOGETHER // (points * self.z.shape[1]))
        for first in range(0, n, size):
            some = slice(first, first + size)
            value[some] = self._evaluate(theta[some], some)
        return value

    def log_posterior(self, theta: Floats) -> Floats:
        """Evaluate the log density of the parameters, up to a constant: shape (n, points)."""
        return self.log_likelihood(theta) + self.prior.log_density(theta)

    def shares(self, theta: Floats, rows: slice = slice(None)) -> Floats:
        """Evaluate psi at all levels: `theta` (n, 5, points) gives (n, b, points)."""
        u = np.subtract(self.z[rows, :, None], theta[:, None, M])
        u *= self.sigmoid.spread / theta[:, None, W]
        u += self.sigmoid.median
        p = self.sigmoid.cdf(u)
        p *= np.maximum(1 - theta[:, None, GUESS] - theta[:, None, LAPSE], 0.0)
        p += theta[:, None, GUESS]
        return p

    def log_likelihoods(self, theta: Floats, etas: Floats, *, rough: bool = False) -> Floats:
        """Evaluate every point at every overdispersion: (n, 5, p) and (n, e) give (n, p, e).

        The beta-binomial likelihood of a block depends on psi and eta alone, so that it is
        interpolated in a table of the given etas and a few hundred values of psi: all points at
        once are the product of a sparse matrix and the table. A `rough` table has fewer.
        """
        if not self.overdispersed:
            return self.log_likelihood(theta)[..., None]
        knots = ROUGH_KNOTS if rough else KNOTS
        if not {GUESS, LAPSE} & set(self.prior.free.tolist()):
            knots *= 4  # psi comes nearer to 0 and 1, where the likelihood is steep
        return np.stack([self._interpolate(theta, etas, row, knots) for row in range(len(self))])

    def _interpolate(self, theta: Floats, etas: Floats, row: int, knots: float) -> Floats:
        """Do the same for one row: shape (p, e)."""
        count = int(knots * np.sqrt(self.trials[row].max())) + 20
        p = np.minimum(self.shares(theta[[row]], slice(row, row + 1))[0], 1.0)
        place = np.sqrt(p)
        place -= np.sqrt(1 - p)
        place += 1
        place *= count / 2
        knot = np.minimum(place.astype(np.int32), count - 1)
        place -= knot
        b, points = p.shape
        knot += np.arange(b, dtype=np.int32)[:, None] * (count + 1)
        shares, places = np.empty((points, b, 2)), np.empty((points, b, 2), dtype=np.int32)
        shares[..., 1], places[..., 0] = place.T, knot.T
        np.subtract(1, shares[..., 1], out=shares[..., 0])
        np.add(places[..., 0], 1, out=places[..., 1])
        starts = np.arange(points + 1, dtype=np.int32) * (2 * b)
        shape = (points, b * (count + 1))
        matrix = csr_array((shares.ravel(), places.ravel(), starts), shape=shape)
        table = _table(etas[row], self.trials[row], self.hits[row], count)
        values = matrix @ table.reshape(-1, etas.shape[1])
        values[theta[row, GUESS] + theta[row, LAPSE] >= 1] = NOWHERE
        return np.asarray(values)

    def _evaluate(self, theta: Floats, rows: slice) -> Floats:
        trials, hits = self.trials[rows, :, None], self.hits[rows, :, None]
        p = self.shares(theta, rows)
        q = np.maximum(1 - p, SMALLEST)
        np.maximum(p, SMALLEST, out=p)
        if self.overdispersed:
            value = _beta_binomial(p, q, trials, hits, theta[:, None, ETA])
        else:
            value = (hits * np.log(p) + (trials - hits) * np.log(q)).sum(axis=1)
        return np.where(theta[:, GUESS] + theta[:, LAPSE] < 1, value, NOWHERE)


def _table(etas: Floats, trials: Floats, hits: Floats, count: int) -> Floats:
    """Tabulate one row's log-likelihood in each block: shape (b, count + 1, e).

    Knots are even on ``sqrt(psi) - sqrt(1 - psi)``, on which the likelihood of a share is about
    equally sharp everywhere.
    """
    place = np.linspace(-1.0, 1.0, count + 1)
    p = np.clip(np.sin(np.pi / 4 + np.arcsin(place / np.sqrt(2))) ** 2, 1e-13, 1.0)
    v = 1 / np.square(np.maximum(etas, LEAST_ETA)) - 1
    a = p[:, None] * v
    at_zero = gammaln(a)
    trials, hits = trials[:, None, None], hits[:, None, None]
    table = gammaln(a + hits)
    table += gammaln(a[::-1] + (trials - hits))  # knots are symmetric
    table -= at_zero + at_zero[::-1]
    table -= gammaln(v + trials) - gammaln(v)
    return np.asarray(table)


def _beta_binomial(p: Floats, q: Floats, trials: Floats, hits: Floats, eta: Floats) -> Floats:
    """Sum ``log B(k + p v, n - k + q v) - log B(p v, q v)`` with ``v = 1 / eta^2 - 1``."""
    v = 1 / np.square(np.maximum(eta, LEAST_ETA)) - 1
    p *= v
    q *= v
    value = gammaln(p + hits)
    value -= gammaln(p)
    value += gammaln(q + (trials - hits))
    value -= gammaln(q)
    total = value.sum(axis=1)
    if (trials == trials[:, :1]).all():
        trials, b = trials[:, :1], trials.shape[1]
        return np.asarray(total - b * (gammaln(v + trials) - gammaln(v))[:, 0])
    return np.asarray(total - (gammaln(v + trials) - gammaln(v)).sum(axis=1))


def pose_target(
    blocks: Blocks, options: FitOptions, falling: NDArray[np.bool_] | None = None
) -> Target:
    """State the posterior that options ask for; `falling` as in `fits.ml.engine.pose`."""
    turned = np.zeros(len(blocks), dtype=bool) if falling is None else falling
    return Target(
        blocks.z,
        blocks.trials,
        blocks.swapped(turned).hits,
        SIGMOIDS[options.sigmoid],
        pose_prior(blocks, options, turned),
        options.likelihood == "beta-binomial",
    )
