"""Base rates: probabilities as they would be if training labels had been balanced."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from psychobench.errors import OptionError


def without_log_odds(p: ArrayLike, log_odds: ArrayLike) -> NDArray[np.float64]:
    """Correct probabilities for the base rates of the training labels.

    An observer that was trained on twice as many targets as others expects targets twice as often,
    and its PSE is lower for that reason alone: the base rate acts as a criterion. By Bayes' rule
    the labels' odds multiply the odds of an answer; dividing by them gives the answer to the same
    evidence if both categories had been equally frequent, ``p' = expit(logit(p) - log_odds)``
    [1]_.

    Parameters
    ----------
    p : array_like of float
        Probabilities of the target, in [0, 1].
    log_odds : array_like of float
        Natural log of the target's odds among the training labels, finite; one for all, or as many
        as there are probabilities.

    Returns
    -------
    ndarray of float64
        Probabilities; 0 and 1 stay what they are.

    Raises
    ------
    OptionError
        If a probability is outside [0, 1] or a log-odds is not finite.

    References
    ----------
    .. [1] Saerens, M., Latinne, P. & Decaestecker, C. (2002). Adjusting the outputs of a classifier
       to new a priori probabilities: a simple procedure. Neural Computation, 14, 21-41; the
       posterior under new priors, here of one half each.

    Examples
    --------
    >>> without_log_odds([0.0, 0.5, 2 / 3, 1.0], np.log(2)).round(3)
    array([0.   , 0.333, 0.5  , 1.   ])
    """
    p, log_odds = np.asarray(p, dtype=np.float64), np.asarray(log_odds, dtype=np.float64)
    beyond = p[~((p >= 0) & (p <= 1))]  # NaN is beyond, too
    if beyond.size:
        raise OptionError(
            f"log-odds are subtracted from probabilities in [0, 1]: one is {beyond[0]:g}"
        )
    if not np.isfinite(log_odds).all():
        raise OptionError("the log-odds of training labels must be finite: one is not")
    return np.asarray(expit(logit(p) - log_odds), dtype=np.float64)
