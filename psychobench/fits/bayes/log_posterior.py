"""The log posterior of many fits, evaluated at many points of each.

Arrays are (n, b, points): fits, blocks, points. Equations are those of docs/dev/fitting.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import gammaln

from psychobench.fits.bayes.single_answers import single_log_likelihood
from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import SIGMOIDS, Floats, Sigmoid
from psychobench.fits.likelihoods import SMALLEST
from psychobench.fits.options import FitOptions
from psychobench.fits.priors import ETA, GUESS, LAPSE, THRESHOLD, WIDTH, Prior, make_prior

LEAST_ETA = 1e-3  # below which the beta-binomial likelihood is the binomial one in effect
TOGETHER = 60_000  # blocks x points evaluated at a time: few enough for cache
KNOTS, ROUGH_KNOTS = 20.0, 10.0  # of a table, per square root of the greatest number of trials
IMPOSSIBLE = -1e300  # log-likelihood
MANY_LEVELS = 64  # above which blocks are evaluated together, by `single_answers`


@dataclass(frozen=True)
class LogPosterior:
    """Data, curve and prior of n fits, which together make their posteriors.

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

    def take(self, rows: NDArray[np.integer] | slice) -> LogPosterior:
        """Select rows."""
        data = {name: getattr(self, name)[rows] for name in ("z", "trials", "hits")}
        return replace(self, **data, prior=self.prior.take(rows))

    def log_likelihood(self, theta: Floats) -> Floats:
        """Evaluate the log-likelihood at parameters (n, 5, points): shape (n, points)."""
        n, _, points = theta.shape
        value = np.empty((n, points))
        size = max(1, TOGETHER // (points * self.z.shape[1]))
        for first in range(0, n, size):
            some = slice(first, first + size)
            value[some] = self._log_likelihood(theta[some], some)
        return value

    def log_posterior(self, theta: Floats) -> Floats:
        """Evaluate the log density of the parameters, up to a constant: shape (n, points)."""
        return self.log_likelihood(theta) + self.prior.log_density(theta)

    def psi(self, theta: Floats, rows: slice = slice(None)) -> Floats:
        """Evaluate psi at all levels for `theta` (n, 5, points): shape (n, b, points)."""
        # in place: these arrays are the largest of an integration
        u = np.subtract(self.z[rows, :, None], theta[:, None, THRESHOLD])
        u *= self.sigmoid.spread / theta[:, None, WIDTH]
        u += self.sigmoid.median
        p = self.sigmoid.cdf(u)
        p *= np.maximum(1 - theta[:, None, GUESS] - theta[:, None, LAPSE], 0.0)
        p += theta[:, None, GUESS]
        return p

    def log_likelihood_by_eta(self, theta: Floats, etas: Floats, *, rough: bool = False) -> Floats:
        """Evaluate every point at every overdispersion.

        The beta-binomial likelihood of a block depends on psi and eta alone, so that it is
        interpolated linearly in a table of the given etas and a few hundred values of psi. All
        points at once are the product of a sparse matrix, two weights per point and block, and the
        table: no log-gamma function is evaluated per point.

        Parameters
        ----------
        theta : ndarray, shape (n, 5, p)
            Parameters; their own overdispersion is ignored.
        etas : ndarray, shape (n, e)
            Overdispersions.
        rough : bool
            Whether a table with half as many values of psi will do.

        Returns
        -------
        ndarray, shape (n, p, e)
        """
        together = self._evaluated_together()
        if not self.overdispersed and not together.any():
            return self.log_likelihood(theta)[..., None]
        knots = ROUGH_KNOTS if rough else KNOTS
        if not {GUESS, LAPSE} & set(self.prior.free.tolist()):
            knots *= 4  # without asymptotes psi comes near 0 and 1, where the likelihood is steep
        values = []
        for row, single in enumerate(together):
            rest = (self.trials[row] > 0) & ~single
            some = self if not single.any() else self._blocks_of(row, rest)
            here = row if some is self else 0
            value = np.zeros((theta.shape[2], etas.shape[1]))
            if rest.any():
                value += some._interpolate(theta[row], etas[row], here, knots)
            value += self._single(theta[row], row, single)[:, None]
            values.append(value)
        return np.stack(values)

    def _evaluated_together(self) -> NDArray[np.bool_]:
        """Find blocks whose likelihood does not depend on overdispersion, if many: (n, b)."""
        alone = self.trials == 1 if self.overdispersed else self.trials > 0
        return np.asarray(alone & (alone.sum(axis=1, keepdims=True) > MANY_LEVELS))

    def _blocks_of(self, row: int, kept: NDArray[np.bool_]) -> LogPosterior:
        data = {name: getattr(self, name)[[row]][:, kept] for name in ("z", "trials", "hits")}
        return replace(self, **data, prior=self.prior.take(np.array([row])))

    def _single(self, theta: Floats, row: int, single: NDArray[np.bool_]) -> Floats:
        """Evaluate single answers of one row at parameters (5, p): shape (p,)."""
        if not single.any():
            return np.zeros(theta.shape[1])
        z, trials, hits = (part[row, single] for part in (self.z, self.trials, self.hits))
        value = single_log_likelihood(self.sigmoid, z, hits, trials - hits, theta)
        return np.where(theta[GUESS] + theta[LAPSE] < 1, value, IMPOSSIBLE)

    def _interpolate(self, theta: Floats, etas: Floats, row: int, knots: float) -> Floats:
        """Evaluate one row at parameters (5, p) and overdispersions (e,): shape (p, e)."""
        count = int(knots * np.sqrt(self.trials[row].max())) + 20
        p = np.minimum(self.psi(theta[None], slice(row, row + 1))[0], 1.0)
        place = np.sqrt(p)  # eq. 29, in knots from the first
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
        # a point is a row of the matrix, with entries at the knots on either side of its psi
        starts = np.arange(points + 1, dtype=np.int32) * (2 * b)
        shape = (points, b * (count + 1))
        matrix = csr_array((shares.ravel(), places.ravel(), starts), shape=shape)
        table = _table(etas, self.trials[row], self.hits[row], count)
        values = matrix @ table.reshape(-1, len(etas))
        values[theta[GUESS] + theta[LAPSE] >= 1] = IMPOSSIBLE
        return np.asarray(values)

    def _log_likelihood(self, theta: Floats, rows: slice) -> Floats:
        trials, hits = self.trials[rows, :, None], self.hits[rows, :, None]
        p = self.psi(theta, rows)
        q = np.maximum(1 - p, SMALLEST)
        np.maximum(p, SMALLEST, out=p)
        if self.overdispersed:
            value = _beta_binomial(p, q, trials, hits, theta[:, None, ETA])
        else:
            value = (hits * np.log(p) + (trials - hits) * np.log(q)).sum(axis=1)
        return np.where(theta[:, GUESS] + theta[:, LAPSE] < 1, value, IMPOSSIBLE)


def _table(etas: Floats, trials: Floats, hits: Floats, count: int) -> Floats:
    """Tabulate one row's log-likelihood in each block: shape (b, count + 1, e).

    Knots are even in ``sqrt(psi) - sqrt(1 - psi)`` (eq. 29): the standard error of a proportion is
    nearly constant on that scale, as on the arcsine's, and it needs no arcsine at each point.
    """
    place = np.linspace(-1.0, 1.0, count + 1)
    p = np.clip(np.sin(np.pi / 4 + np.arcsin(place / np.sqrt(2))) ** 2, 1e-13, 1.0)
    v = 1 / np.square(np.maximum(etas, LEAST_ETA)) - 1
    a = p[:, None] * v
    at_zero = gammaln(a)
    trials, hits = trials[:, None, None], hits[:, None, None]
    table = gammaln(a + hits)
    table += gammaln(a[::-1] + (trials - hits))  # knots are symmetric: 1 - p is p backwards
    table -= at_zero + at_zero[::-1]
    table -= gammaln(v + trials) - gammaln(v)
    return np.asarray(table)


def _beta_binomial(p: Floats, q: Floats, trials: Floats, hits: Floats, eta: Floats) -> Floats:
    """Sum ``log B(k + p v, n - k + q v) - log B(p v, q v)``, ``v = 1 / eta^2 - 1`` (eq. 6).

    `p` and `q` (n, b, points) are overwritten; `eta` is (n, 1, points).
    """
    v = 1 / np.square(np.maximum(eta, LEAST_ETA)) - 1
    p *= v
    q *= v
    value = gammaln(p + hits)
    value -= gammaln(p)
    value += gammaln(q + (trials - hits))
    value -= gammaln(q)
    total = value.sum(axis=1)
    if (trials == trials[:, :1]).all():  # the last terms do not depend on the block
        trials, b = trials[:, :1], trials.shape[1]
        return np.asarray(total - b * (gammaln(v + trials) - gammaln(v))[:, 0])
    return np.asarray(total - (gammaln(v + trials) - gammaln(v)).sum(axis=1))


def make_log_posterior(
    blocks: Blocks, options: FitOptions, falling: NDArray[np.bool_] | None = None
) -> LogPosterior:
    """Formulate the posteriors that options ask for; `falling` as in `fits.ml.problem`."""
    swapped = np.zeros(len(blocks), dtype=bool) if falling is None else falling
    return LogPosterior(
        blocks.z,
        blocks.trials,
        blocks.swapped(swapped).hits,
        SIGMOIDS[options.sigmoid],
        make_prior(blocks, options, swapped),
        options.likelihood == "beta-binomial",
    )
