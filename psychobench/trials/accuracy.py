"""Answers that are right or wrong, told from answers that are one of two categories."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd

_NAME = re.compile(r"(?i)(.*[^a-z])?(is)?(corr|correct|acc|accuracy|right|hits?)([^a-z].*)?")
_FEWEST = 20  # trials at the lowest level that say something
_CHANCE = 0.5  # of two alternatives
_AROUND = 0.1  # how far from chance the lowest level may be
_SURE = 0.85  # the share of right answers at the highest level


def is_accuracy_name(name: str) -> bool:
    """Whether a column's name says that it holds right and wrong.

    Examples
    --------
    >>> is_accuracy_name("key_resp.corr"), is_accuracy_name("correct"), is_accuracy_name("accent")
    (True, True, False)
    """
    return _NAME.fullmatch(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)) is not None


def looks_like_accuracy(trials: pd.DataFrame, name: str = "response") -> bool:
    """Whether answers look right or wrong, as in a forced choice, and not like two categories.

    Answers of two categories are all but one of them at the lowest level. Right answers are at
    chance there. Where the column's name says that it holds accuracy, any rate that is not near
    zero at the lowest level will do; otherwise half of the answers, and never fewer at any level.

    Parameters
    ----------
    trials : DataFrame
        With `level` and `response`, see `psychobench.validate_trials`.
    name : str, default "response"
        What the column of answers was called.

    Examples
    --------
    >>> levels = np.repeat([0.1, 0.2, 0.4], 20)
    >>> right = np.tile([1, 0], 10).tolist() + [1, 1, 1, 0] * 5 + [1] * 20
    >>> looks_like_accuracy(pd.DataFrame({"level": levels, "response": right}))
    True
    """
    answered = trials[trials["response"].notna()]
    by_level = answered.groupby("level")["response"].agg(["size", "mean"])
    if len(by_level) < 2 or by_level.index[0] < 0:
        return False
    n, shares = by_level["size"].to_numpy(np.float64), by_level["mean"].to_numpy(np.float64)
    if is_accuracy_name(name):
        return bool(shares[0] - 2 * math.sqrt(0.25 / n[0]) > 0 and shares[-1] > shares[0])
    never_below = bool(np.all(shares > _CHANCE - 2 * np.sqrt(0.25 / n)))
    at_chance = abs(shares[0] - _CHANCE) < _AROUND and n[0] >= _FEWEST
    return len(by_level) > 2 and never_below and at_chance and bool(shares[-1] >= _SURE)
