"""Whose fits have parameters in common: those of one observer, of one condition, or all."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import OptionError
from psychobench.fits.designs import Design
from psychobench.fits.options import FitOptions

# what `share_over` asks for in words, where there is nothing to share
LACKING = {
    "conditions": "an observer with two conditions that can be fitted",
    "observers": "a condition with two observers who can be fitted",
    "all": "a second fit",
}


def sharing_groups(design: Design, options: FitOptions) -> NDArray[np.intp] | None:
    """Assign each fit to the group with which it has parameters in common.

    Parameters
    ----------
    design : Design
        The fits.
    options : FitOptions
        With `share` and `share_over`.

    Returns
    -------
    ndarray of int, shape (n,), or None
        Group of each fit that can be made, from 0; None where nothing is shared.

    Raises
    ------
    OptionError
        If no group has two fits.
    """
    if not options.share:
        return None
    groups = design.groups[~design.failed]
    if options.share_over == "all":
        owners = np.zeros(len(groups), dtype=np.intp)
    elif options.share_over == "conditions":
        owners = pd.factorize(groups["observer"])[0].astype(np.intp)
    else:
        keys = groups[[name for name in groups if name != "observer"]]
        labels = pd.Series(list(keys.itertuples(index=False, name=None)), dtype=object)
        owners = pd.factorize(labels)[0].astype(np.intp)
    if len(owners) == owners.max() + 1:
        usual = options.share_over == "conditions"
        where = "" if usual else f' with `share_over="{options.share_over}"`'
        shared = f'`share="{",".join(options.share)}"`{where}'
        raise OptionError(
            f"{shared} needs {LACKING[options.share_over]}: there is none; leave out `share`"
        )
    return owners
