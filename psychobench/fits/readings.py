"""What the field reads off a fitted curve, or off the observed proportions without one.

References
----------
.. [1] Green, D. M. & Swets, J. A. (1966). Signal detection theory and psychophysics. Wiley.
.. [2] Hautus, M. J. (1995). Corrections for extreme proportions and their biasing effects on
   estimated values of d'. Behavior Research Methods, Instruments, & Computers, 27, 46-51.
.. [3] Miller, J. & Ulrich, R. (2001). On the analysis of psychometric functions: the
   Spearman-Kaerber method. Perception & Psychophysics, 63, 1399-1420.
.. [4] Prins, N. & Kingdom, F. A. A. (2018). Applying the model-comparison approach to test
   specific research hypotheses in psychophysical research using the Palamedes toolbox. Frontiers
   in Psychology, 9, 1250: the parameter beta.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from psychobench.fits.curves import Curves
from psychobench.fits.functions import Floats

NORMAL = ("norm", "lognorm")  # sigmoids whose scale is a standard deviation


def levels_at(curves: Curves, proportion: float, *, unscaled: bool = False) -> Floats:
    """Compute the level at which each curve has a proportion; NaN where it never has.

    Parameters
    ----------
    curves : Curves
        n fitted curves.
    proportion : float
        Of target responses, or, `unscaled`, of the way from the lower asymptote to the upper one,
        where guess and lapse rates do not count.
    unscaled : bool, default False
        Which of the two.

    Returns
    -------
    ndarray, shape (n,)
        In level units with every sigmoid.

    Examples
    --------
    >>> from psychobench.fits.functions import SIGMOIDS
    >>> one = [np.array([value]) for value in (0.5, 0.4, 0.5, 0.0, np.nan, False, -7.0)]
    >>> curve = Curves(SIGMOIDS["norm"], *one)
    >>> levels_at(curve, 0.75).tolist(), levels_at(curve, 0.5, unscaled=True).tolist()
    ([0.5], [0.5])
    """
    share = np.full(len(curves), proportion)
    if not unscaled:
        share = (proportion - curves.guess) / (1 - curves.guess - curves.lapse)
    share = np.where(curves.falling, 1 - share, share)
    return curves.sigmoid.to_level(curves.sigmoid.position(share, curves.threshold, curves.width))


def slope_conventions(curves: Curves) -> dict[str, Floats]:
    """Compute slopes as different authors define them, arrays of shape (n,) each.

    Returns
    -------
    dict
        ``slope_pse``: of psi per level unit, where psi is .5; ``slope_threshold``: of psi, where F
        is .5; ``slope_unscaled``: the same of F, so that guess and lapse do not count; ``beta``:
        the reciprocal of the standard sigmoid's scale [4]_, in log units with the log sigmoids,
        where it is the exponent of the Weibull function; ``sd``: that of the cumulative normal,
        NaN with other sigmoids.
    """
    sigmoid, sign = curves.sigmoid, np.where(curves.falling, -1.0, 1.0)
    beta = sigmoid.spread / np.where(curves.steps, np.nan, curves.width)  # a step has no slope
    at_threshold = sigmoid.pdf(np.full(len(curves), sigmoid.median)) * beta
    if sigmoid.log_levels:
        at_threshold = at_threshold / curves.thresholds()
    sd = 1 / beta if sigmoid.name in NORMAL else np.full(len(curves), np.nan)
    return {
        "slope_pse": curves.slope(),
        "slope_threshold": sign * (1 - curves.guess - curves.lapse) * at_threshold,
        "slope_unscaled": sign * at_threshold,
        "beta": sign * beta,
        "sd": sd,
    }


class Sensitivity(NamedTuple):
    """How well two levels are told apart: arrays of one entry per pair of levels."""

    low_level: Floats
    high_level: Floats
    dprime: Floats
    criterion: Floats


def sensitivity(
    levels: Floats, proportions: Floats, trials: Floats, *, neighbours: bool = True
) -> Sensitivity:
    """Compute d' and criterion for pairs of levels.

    Target responses are hits at the higher level of a pair and false alarms at the lower one:
    ``d' = z(H) - z(F)`` and ``c = -(z(H) + z(F)) / 2`` [1]_. Counts have the log-linear correction,
    half a response added to either kind at every level [2]_, so that proportions of 0 and 1 have
    a value.

    Parameters
    ----------
    levels, proportions, trials : ndarray, shape (k,)
        The levels, the proportions of target responses, and the numbers of trials.
    neighbours : bool, default True
        Whether only pairs of neighbouring levels are taken, whose d' add up to that of the ends.

    Examples
    --------
    >>> found = sensitivity(np.array([0.0, 1.0]), np.array([0.16, 0.5]), np.full(2, 1e6))
    >>> found.dprime.round(2).tolist(), found.criterion.round(2).tolist()
    ([0.99], [0.5])
    """
    order = np.argsort(levels)
    z = ndtri(((proportions * trials + 0.5) / (trials + 1))[order])
    places = range(len(levels))
    pairs = itertools.pairwise(places) if neighbours else itertools.combinations(places, 2)
    low, high = np.array(list(pairs), dtype=np.intp).reshape(-1, 2).T
    at = levels[order]
    return Sensitivity(at[low], at[high], z[high] - z[low], -(z[high] + z[low]) / 2)


class SpearmanKaerber(NamedTuple):
    """Mean and standard deviation of the tolerance distribution, the mean's standard error."""

    pse: float
    pse_se: float
    sd: float
    reason: str | None


def spearman_kaerber(levels: Floats, proportions: Floats, trials: Floats) -> SpearmanKaerber:
    """Estimate PSE and spread without a curve, where the observed proportions reach 0 and 1.

    The differences of the proportions at neighbouring levels are taken as a distribution that is
    uniform between these levels, and its mean and standard deviation are the estimates [3]_.
    Elsewhere the method is biased, since what lies beyond the levels is unknown: there is no
    estimate then, and `reason` says why. Falling proportions, from 1 to 0, count alike.

    Parameters
    ----------
    levels, proportions, trials : ndarray, shape (k,)
        The levels, the proportions of target responses, and the numbers of trials.

    Examples
    --------
    >>> found = spearman_kaerber(np.arange(5.0), np.array([0, 0.2, 0.5, 0.8, 1]), np.full(5, 20.0))
    >>> round(found.pse, 3), round(found.sd, 3)
    (2.0, 1.065)
    """
    order = np.argsort(levels)
    x, p, n = levels[order], proportions[order], trials[order]
    if p[0] > p[-1]:
        p = 1 - p
    if p[0] > 0 or p[-1] < 1:
        reason = f"the proportions run from {p[0]:.3g} to {p[-1]:.3g}, not from 0 to 1"
        return SpearmanKaerber(np.nan, np.nan, np.nan, reason)
    mass = np.diff(p)
    mean = float((mass * (x[1:] + x[:-1]) / 2).sum())
    centred = x - mean
    second = (centred[1:] ** 2 + centred[1:] * centred[:-1] + centred[:-1] ** 2) / 3
    variance = float((mass * second).sum())
    inner = p[1:-1] * (1 - p[1:-1]) / np.maximum(n[1:-1] - 1, 1) * ((x[2:] - x[:-2]) / 2) ** 2
    return SpearmanKaerber(
        mean, float(np.sqrt(inner.sum())), float(np.sqrt(max(variance, 0))), None
    )
