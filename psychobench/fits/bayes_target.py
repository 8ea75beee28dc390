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
TOGETHER = 120_000  # blocks x points evaluated at a time: enough to amortise, few enough for cache
KNOTS = 20.0  # of a table of log-likelihoods, per root of the greatest number of trials
NOWHERE = -1e300


@dataclass(frozen=True)
class Target:
    """Data, curve and prior, one row per fit.

    Parameters
    ----------
    blocks : Blocks
        Counted answers.
    sigmoid : Sigmoid
        The curve.
    prior : Prior
        Of its parameters.
    overdispersed : bool
        Whether the likelihood is beta-binomial.
    """

    blocks: Blocks
    sigmoid: Sigmoid
    prior: Prior
    overdispersed: bool

    def __len__(self) -> int:
        return len(self.blocks)

    def take(self, rows: NDArray[np.integer]) -> Target:
        """Take some rows."""
        return replace(self, blocks=self.blocks.take(rows), prior=self.prior.take(rows))

    def log_likelihood(self, theta: Floats) -> Floats:
        """Evaluate the log-likelihood at parameters (n, points, 5): shape (n, points)."""
        n, points, _ = theta.shape
        value = np.empty((n, points))
        size = max(1, TOGETHER // (points * self.blocks.z.shape[1]))
        for first in range(0, n, size):
            some = slice(first, first + size)
            value[some] = self._evaluate(theta[some], some)
        return value

    def log_posterior(self, theta: Floats) -> Floats:
        """Evaluate the log density of the parameters, up to a constant: shape (n, points)."""
        return self.log_likelihood(theta) + self.prior.log_density(theta)

    def shares(self, theta: Floats) -> Floats:
        """Evaluate psi at all levels: `theta` (n, points, 5) gives (n, points, b)."""
        u = self.sigmoid.standardise(self.blocks.z[:, None], theta[..., [M]], theta[..., [W]])
        p = self.sigmoid.cdf(u)
        p *= np.maximum(1 - theta[..., [GUESS]] - theta[..., [LAPSE]], 0.0)
        p += theta[..., [GUESS]]
        return p

    def log_likelihoods(self, theta: Floats, etas: Floats, *, rough: bool = False) -> Floats:
        """Evaluate every point at every overdispersion: (n, p, 5) and (n, e) give (n, p, e).

        The beta-binomial likelihood of a block depends on psi and eta alone, so that it is
        interpolated in a table of the given etas and a few hundred values of psi: all points at
        once are the product of a sparse matrix and the table. A `rough` table has fewer.
        """
        if not self.overdispersed:
            return self.log_likelihood(theta)[..., None]
        values = [
            self.take(np.array([row]))._interpolated(theta[[row]], etas[row], rough)
            for row in range(len(self))
        ]
        return np.stack(values)

    def _interpolated(self, theta: Floats, etas: Floats, rough: bool) -> Floats:
        """Do the same for one row: shape (p, e)."""
        knots = int(KNOTS * (0.5 if rough else 1.0) * np.sqrt(self.blocks.trials.max())) + 20
        p = np.minimum(self.shares(theta)[0], 1.0)
        place = (np.sqrt(p) - np.sqrt(1 - p) + 1) * (knots / 2)
        knot = np.minimum(place.astype(np.int32), knots - 1)
        place -= knot
        count, b = p.shape
        knot += np.arange(b, dtype=np.int32) * (knots + 1)
        parts = np.stack([1 - place, place], axis=-1)
        places = np.stack([knot, knot + 1], axis=-1)
        starts = np.arange(count + 1, dtype=np.int32) * (2 * b)
        shape = (count, b * (knots + 1))
        matrix = csr_array((parts.ravel(), places.ravel(), starts), shape=shape)
        values = matrix @ self._table(etas, knots).reshape(-1, len(etas))
        values[theta[0, :, GUESS] + theta[0, :, LAPSE] >= 1] = NOWHERE
        return np.asarray(values)

    def _table(self, etas: Floats, knots: int) -> Floats:
        """Tabulate one row's log-likelihood in each block: shape (b, knots + 1, e).

        Knots are even on ``sqrt(psi) - sqrt(1 - psi)``, on which the likelihood of a share is
        about equally sharp everywhere.
        """
        place = np.linspace(-1.0, 1.0, knots + 1)
        p = np.clip(np.sin(np.pi / 4 + np.arcsin(place / np.sqrt(2))) ** 2, 1e-13, 1.0)
        hits, trials = (part[0, :, None, None] for part in (self.blocks.hits, self.blocks.trials))
        v = 1 / np.square(np.maximum(etas, LEAST_ETA)) - 1
        a = p[:, None] * v
        b = a[::-1]  # knots are symmetric
        at_zero = gammaln(a)
        table = gammaln(a + hits)
        table += gammaln(b + (trials - hits))
        table -= at_zero + at_zero[::-1]
        table -= gammaln(v + trials) - gammaln(v)
        return np.asarray(table)

    def _evaluate(self, theta: Floats, rows: slice) -> Floats:
        some = self.take(np.arange(len(self))[rows])
        trials, hits = some.blocks.trials[:, None], some.blocks.hits[:, None]
        p = some.shares(theta)
        q = np.maximum(1 - p, SMALLEST)
        np.maximum(p, SMALLEST, out=p)
        if self.overdispersed:
            value = _beta_binomial(p, q, trials, hits, theta[..., [ETA]])
        else:
            value = (hits * np.log(p) + (trials - hits) * np.log(q)).sum(axis=-1)
        return np.where(theta[..., GUESS] + theta[..., LAPSE] < 1, value, NOWHERE)


def _beta_binomial(p: Floats, q: Floats, trials: Floats, hits: Floats, eta: Floats) -> Floats:
    """Sum ``log B(k + p v, n - k + q v) - log B(p v, q v)`` with ``v = 1 / eta^2 - 1``."""
    v = 1 / np.square(np.maximum(eta, LEAST_ETA)) - 1
    p *= v
    q *= v
    value = gammaln(p + hits)
    value -= gammaln(p)
    value += gammaln(q + (trials - hits))
    value -= gammaln(q)
    value -= gammaln(v + trials) - gammaln(v)
    return np.asarray(value.sum(axis=-1))


def pose_target(
    blocks: Blocks, options: FitOptions, falling: NDArray[np.bool_] | None = None
) -> Target:
    """State the posterior that options ask for; `falling` as in `psychobench.fits.ml.pose`."""
    turned = np.zeros(len(blocks), dtype=bool) if falling is None else falling
    return Target(
        blocks.swapped(turned),
        SIGMOIDS[options.sigmoid],
        pose_prior(blocks, options, turned),
        options.likelihood == "beta-binomial",
    )
