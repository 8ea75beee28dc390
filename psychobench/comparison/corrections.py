"""Corrections of p-values for the number of tests in a family.

They are our own because `multipletests` of statsmodels takes the number of p-values as the size of
the family and no missing values: a family of planned tests may be larger than the tests made.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from psychobench.errors import OptionError


def bonferroni(p: ArrayLike, family_size: int) -> NDArray[np.float64]:
    """Multiply p-values by `family_size`, up to 1.

    Parameters
    ----------
    p : array_like of float, shape (m,)
        NaN where there is no test.
    family_size : int
        Number of tests in the family, at least as many as there are p-values.

    Raises
    ------
    OptionError
        If the family is smaller than the number of p-values.

    Examples
    --------
    >>> bonferroni([0.01, 0.4], 4)
    array([0.04, 1.  ])
    """
    p = _checked(p, family_size)
    return np.minimum(1.0, p * family_size)


def holm(p: ArrayLike, family_size: int) -> NDArray[np.float64]:
    """Apply Holm's step-down correction, which is never less powerful than Bonferroni's.

    The smallest p is multiplied by the size of the family, the next by one less, and so on; a
    corrected p is never below the one before it. Tests of the family without a p-value rank last.

    Parameters
    ----------
    p : array_like of float, shape (m,)
        NaN where there is no test.
    family_size : int
        Number of tests in the family, at least as many as there are p-values.

    Raises
    ------
    OptionError
        If the family is smaller than the number of p-values.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal
    of Statistics, 6, 65-70.

    Examples
    --------
    >>> holm([0.03, 0.01, np.nan], 3)
    array([0.06, 0.03,  nan])
    """
    p = _checked(p, family_size)
    order = np.argsort(p)[: int(np.isfinite(p).sum())]
    stepped = p[order] * (family_size - np.arange(len(order)))
    corrected = np.full(p.shape, np.nan)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(stepped))
    return corrected


def _checked(p: ArrayLike, family_size: int) -> NDArray[np.float64]:
    p = np.asarray(p, dtype=np.float64)
    if (tests := int(np.isfinite(p).sum())) > family_size:
        raise OptionError(
            f"`family_size` must be at least the number of tests, {tests}: it is {family_size}"
        )
    return p
