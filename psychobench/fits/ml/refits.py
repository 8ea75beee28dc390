"""Refits of curves that have parameters in common, near curves that are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves
from psychobench.fits.ml.joint import by_group, joint_curves, make_joint, own_parameters
from psychobench.fits.ml.joint_fit import maximise_joint, row_log_likelihood, row_values
from psychobench.fits.ml.problem import LOG_WIDTH
from psychobench.fits.options import FitOptions

TOLERANCE = 1e-5  # expected gain, in log-likelihood, at which a refit ends
RATES, WIDTHS = (0.02, 0.1), (-0.7, 0.7)  # further starts: rates, and changes of log widths


def refit_together(
    near: Curves, blocks: Blocks, owners: NDArray[np.intp], options: FitOptions
) -> Curves:
    """Fit answers by maximum likelihood, in the directions and from the parameters of `near`.

    Parameters
    ----------
    near : Curves
        One per row.
    blocks : Blocks
        Counted answers.
    owners : ndarray of int, shape (n,)
        Groups of rows that have the parameters named by `share` in common.
    options : FitOptions
        What is asked for.

    Returns
    -------
    Curves
        In the order of the rows.
    """
    order, back, sorted_owners = by_group(owners)
    data, origin = blocks.take(order), near.take(order)
    joint = make_joint(data, origin.falling, sorted_owners, options, own_parameters(options))
    values = row_values(joint, origin)
    starts = [joint.from_rows(values)]
    if (joint.free & joint.rates).any():
        starts += [np.where(joint.rates, rate, starts[0]) for rate in RATES]
    for change in WIDTHS:
        moved = values.copy()
        moved[:, LOG_WIDTH] += change
        starts.append(joint.from_rows(moved))
    found = maximise_joint(joint, starts, TOLERANCE)
    curves = joint_curves(joint, found.phi, origin.falling)
    curves = replace(curves, objective=row_log_likelihood(joint, found.phi))
    return curves.take(back)
