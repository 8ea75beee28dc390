"""Profile-likelihood intervals of joint parameters, see `psychobench.fits.ml.profile`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychobench.fits.functions import Floats
from psychobench.fits.ml.joint import JointProblem
from psychobench.fits.ml.joint_fit import maximise_joint
from psychobench.fits.ml.problem import GUESS, LAPSE, LOG_WIDTH, RHO, THRESHOLD
from psychobench.fits.ml.profile import EndSearch

FEW = 8  # rows of a group; of more, no common change of widths helps any one of them
OTHER_WIDTHS = (-1.0, 1.0)  # changes of log widths from which each profile is maximised again


def joint_intervals(
    joint: JointProblem, phi: Floats, value: Floats, confidence: float
) -> tuple[Floats, Floats]:
    """Find both ends of the interval of every joint parameter.

    Parameters
    ----------
    joint : JointProblem
        Of n groups.
    phi, value : ndarray, shapes (n, p) and (n,)
        The optima, with the prior.
    confidence : float
        Coverage.

    Returns
    -------
    low, high : ndarray, shape (n, p)
        NaN where a parameter is held; infinite where the interval goes on.
    """
    low, high = np.full_like(phi, np.nan), np.full_like(phi, np.nan)
    kinds = np.full(phi.shape[1], RHO)
    for kind in (THRESHOLD, LOG_WIDTH, GUESS, LAPSE):
        kinds[joint.slots[:, kind]] = np.minimum(kinds[joint.slots[:, kind]], kind)
    column, groups = np.nonzero((joint.free & (kinds < RHO)).T)
    if len(groups):
        twice, both, side = np.tile(groups, 2), np.tile(column, 2), np.repeat([-1, 1], len(groups))
        search = _JointSearch(joint.take(twice), phi[twice], value[twice], both, side, kinds[both])
        low[groups, column], high[groups, column] = search.run(confidence).reshape(2, -1)
    return low, high


class _JointSearch(EndSearch):
    """The search for joint fits."""

    def __init__(
        self,
        joint: JointProblem,
        phi: Floats,
        value: Floats,
        column: NDArray[np.int_],
        side: NDArray[np.int_],
        kind: NDArray[np.int_],
    ) -> None:
        super().__init__((joint.low, joint.high), phi, value, column, side, kind)
        self.joint = joint
        self.few = joint.counts.max() <= FEW
        self.widths = np.isin(np.arange(phi.shape[1]), joint.slots[:, LOG_WIDTH])

    def _drop(self, rows: NDArray[np.intp]) -> Floats:
        at = self.optimum[rows] + self.side[rows] * self.distance[rows]
        held = self.joint.take(rows).hold(self.column[rows], at)
        near = self.nuisance[rows]
        starts = [near]
        if self.few:  # a steep curve has local optima on either side of each level
            starts += [near + np.where(self.widths, change, 0.0) for change in OTHER_WIDTHS]
        best = maximise_joint(held, starts)
        self.found[rows] = best.phi
        return np.sqrt(np.maximum(self.value[rows] - best.value, 0.0))
