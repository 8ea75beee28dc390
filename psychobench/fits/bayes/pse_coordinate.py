"""The PSE in the threshold's place, as a coordinate along which posteriors are straight.

Data that leave the threshold open, because they leave the asymptotes open, may still determine the
PSE: the posterior is then a thin, bent sheet in coordinates of the threshold, which a lattice would
miss. With the PSE as a coordinate the sheet is flat (eq. 32 of docs/dev/fitting.md).
"""

from __future__ import annotations

import numpy as np

from psychobench.fits.bayes.log_posterior import LogPosterior
from psychobench.fits.functions import Floats
from psychobench.fits.priors import GUESS, LAPSE, THRESHOLD, WIDTH

# F beyond which, away from .5, the PSE is followed no further: it goes to infinity and then ceases
# to exist, while a coordinate must stay finite and smooth
NEAR_HALF = 0.45
DIFFERENCE = 0.05  # of coordinates, in numerical derivatives


def follows_pse(model: LogPosterior) -> bool:
    """Return whether threshold and PSE can be apart: where threshold, guess and lapse are free."""
    return {THRESHOLD, GUESS, LAPSE} <= set(model.prior.free.tolist())


def pse_excess(theta: Floats) -> Floats:
    """Compute by how much F at the PSE exceeds .5, over .5 where there is no PSE: (n, points)."""
    guess, lapse = theta[:, GUESS], theta[:, LAPSE]
    return np.asarray((lapse - guess) / (2 * np.maximum(1 - guess - lapse, 1e-3)))


def pse_offset(model: LogPosterior, theta: Floats) -> Floats:
    """Compute PSE minus threshold, bounded where the PSE does not exist: shape (n, points)."""
    share = 0.5 + NEAR_HALF * np.tanh(pse_excess(theta) / NEAR_HALF)
    return model.sigmoid.position(share, 0.0, theta[:, WIDTH])


def threshold_unit(model: LogPosterior, x: Floats) -> Floats:
    """Compute the change of the threshold per unit of its coordinate at `x` (n, 5): shape (n,)."""
    around = x[:, [THRESHOLD]] + [-DIFFERENCE, DIFFERENCE]
    sides = model.prior.from_coordinate(THRESHOLD, around)
    return np.maximum((sides[:, 1] - sides[:, 0]) / (2 * DIFFERENCE), 1e-3)


def with_pse_for_threshold(model: LogPosterior, x: Floats, unit: Floats) -> tuple[Floats, Floats]:
    """Replace the threshold's coordinate by the PSE's.

    Returns
    -------
    replaced : ndarray, shape (n, 5)
    slopes : ndarray, shape (n, 5, 5)
        Derivatives of the new coordinates with respect to the old.
    """
    slopes = np.tile(np.eye(5), (len(x), 1, 1))
    if not follows_pse(model):
        return x, slopes
    stencil = DIFFERENCE * np.hstack([np.zeros((5, 1)), np.eye(5), -np.eye(5)])
    around = x[:, :, None] + stencil
    shift = pse_offset(model, model.prior.to_theta(around)) / unit[:, None]
    slopes[:, THRESHOLD] += (shift[:, 1:6] - shift[:, 6:]) / (2 * DIFFERENCE)
    replaced = x.copy()
    replaced[:, THRESHOLD] += shift[:, 0]
    return replaced, slopes
