"""Fits with any of PSE, JND, guess and lapse in common, by `ml`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves, Interval
from psychobench.fits.functions import Floats
from psychobench.fits.ml.engine import fit
from psychobench.fits.ml.intervals import finite_ends, map_ends, pse_is_threshold
from psychobench.fits.ml.joint import (
    JointProblem,
    by_group,
    joint_curves,
    make_joint,
    own_parameters,
)
from psychobench.fits.ml.joint_fit import fit_joint, row_log_likelihood, row_values
from psychobench.fits.ml.joint_profile import joint_intervals
from psychobench.fits.ml.problem import (
    GUESS,
    LAPSE,
    LOG_WIDTH,
    MAX_WIDTH,
    THRESHOLD,
)
from psychobench.fits.options import FitOptions


def fit_shared_parameters(
    blocks: Blocks, owners: NDArray[np.intp], options: FitOptions
) -> tuple[Curves, dict[str, Interval]]:
    """Fit rows that have the parameters named by `share` in common.

    The prior of a common rate counts once. Whether a curve rises or falls is decided by its own
    data alone. Intervals are of the profile likelihood of all these fits' data together. Guess
    and lapse stay below .5, so that each curve has a PSE. The threshold has an interval only where
    it is the PSE, or where the task has none: otherwise it is no parameter of the joint model.

    Parameters
    ----------
    blocks : Blocks
        Counted answers, one row per fit.
    owners : ndarray of int, shape (n,)
        Which fits have them in common.
    options : FitOptions
        What is asked for.

    Returns
    -------
    curves : Curves
    intervals : dict
        As from `psychobench.fits.ml.intervals.profile_intervals`.
    """
    order, back, sorted_owners = by_group(owners)
    data = blocks.take(order)
    separate = fit(data, options)
    vary = own_parameters(options)
    joint = make_joint(data, separate.falling, sorted_owners, options, vary)
    found = fit_joint(joint, row_values(joint, separate))
    curves = joint_curves(joint, found.phi, separate.falling)
    curves = replace(curves, objective=row_log_likelihood(joint, found.phi))
    ends = joint_intervals(joint, found.phi, found.value, options.confidence)
    intervals = _row_intervals(joint, ends, curves, options)
    return curves.take(back), {
        name: (low[back], high[back]) for name, (low, high) in intervals.items()
    }


def _row_intervals(
    joint: JointProblem, ends: Sequence[Floats], curves: Curves, options: FitOptions
) -> dict[str, Interval]:
    """Convert intervals of joint parameters to those of each condition, in level units."""
    low, high = (joint.to_theta(end) for end in ends)
    high[high[:, LOG_WIDTH] >= np.log(MAX_WIDTH) - 1e-9, LOG_WIDTH] = np.inf  # our bound
    blocks, falling, row = joint.problem.blocks, curves.falling, np.arange(len(curves))
    place = map_ends((low, high), lambda end: blocks.centre + blocks.scale * end[:, THRESHOLD])
    width = map_ends((low, high), lambda end: blocks.scale * np.exp(end[:, LOG_WIDTH]))
    found = {
        "width": width,
        "guess": map_ends((low, high), lambda end: end[row, np.where(falling, LAPSE, GUESS)]),
        "lapse": map_ends((low, high), lambda end: end[row, np.where(falling, GUESS, LAPSE)]),
    }
    if not curves.sigmoid.log_levels:
        found["jnd"] = map_ends(width, lambda end: replace(curves, width=end).jnd())
    if options.has_pse:
        found["pse"] = map_ends(place, curves.sigmoid.to_level)
    if not options.has_pse or options.asymptotes == "equal" or pse_is_threshold(joint.problem):
        found["threshold"] = place
    return {name: finite_ends(*interval) for name, interval in found.items()}
