"""Trends: how large the smooth course of each property over the level is, and which is too large.

The limits are magnitudes in the unit of each property. They lie well above what rendered faces and
transformed photographs show, and below what an observer could use: see ``docs/morphing.md``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.stimuli.checking.level_courses import find_outliers, fit_course

INSIDE, OUTSIDE, UNCLIPPED, FACE = "_inside", "_outside", "_unclipped", "_of_face"
"""How columns end that were measured in a part of the image."""
AREA, MASKED = "area of mask ", "luminance of masked "
"""How columns begin that belong to a mask."""
SEAM = "seam"
_INSIDE_FACTOR = 12.5  # a smile may change what is judged: there the limits are wider
_UNCHANGED = 1e-9  # relative to the mean: less is rounding


class Rule(NamedTuple):
    """How much of a property is too much: over the levels, and in one image."""

    unit: str
    course: float
    outlier: float
    only_drift: bool = False


_RULES = {
    "luminance": Rule("%", 2.0, 1.5),
    "rms_contrast": Rule("%", 5.0, 3.0),
    "red_share": Rule("%", 1.0, 0.75),
    "green_share": Rule("%", 1.0, 0.75),
    "blue_share": Rule("%", 1.0, 0.75),
    # a mixture of two photographs is less sharp than either: only a difference of the ends counts
    "sharpness": Rule("%", 60.0, 15.0, only_drift=True),
    "shift_x": Rule("px", 1.0, 0.75),
    "shift_y": Rule("px", 1.0, 0.75),
    "growth": Rule("%", 0.6, 0.5),
    "face_x": Rule("px", 1.0, 0.75),
    "face_y": Rule("px", 1.0, 0.75),
    "face_size": Rule("%", 0.8, 0.5),
    SEAM: Rule("grey levels", np.inf, 4.0),
}
_MASKED_RULE = Rule("%", 2.0, 1.5)
_AREA_RULE = Rule("%", 1.0, 1.0)
_FREE = Rule("%", np.inf, np.inf)
RELATIVE = ("shift_x", "shift_y", "growth", "face_x", "face_y", "face_size", SEAM)
"""Properties that are measured from their mean, or from nothing: they have no percent of it."""
_SIDE = 224.0  # pixels of an image's longer side, for which limits in pixels are meant


def base_property(name: str) -> str:
    """Return a property's name without the place where it was measured.

    Examples
    --------
    >>> base_property("luminance_outside"), base_property("sharpness")
    ('luminance', 'sharpness')
    """
    for place in (INSIDE, OUTSIDE, UNCLIPPED, FACE):
        name = name.removesuffix(place)
    return name


def rule_of(name: str, side: float = _SIDE) -> Rule:
    """Return the rule for a property.

    Parameters
    ----------
    name : str
        A column of a table of statistics.
    side : float, optional
        The longer side of the images in pixels: limits in pixels grow with it.
    """
    if name.startswith(MASKED):
        return _MASKED_RULE
    if name.startswith(AREA):
        return _AREA_RULE
    rule = _RULES.get(base_property(name), _FREE)
    if rule.unit == "px":
        scale = max(side / _SIDE, 1.0)
        return rule._replace(course=rule.course * scale, outlier=rule.outlier * scale)
    if name.endswith(INSIDE):
        return rule._replace(course=rule.course * _INSIDE_FACTOR, outlier=np.inf)
    return rule


def level_trends(statistics: pd.DataFrame, *, side: float = _SIDE) -> pd.DataFrame:
    """Measure the smooth course of each property over the level.

    Images that leave the course of the others count as outliers, not as a course, and are left
    out of it.

    Parameters
    ----------
    statistics : pandas.DataFrame
        A column ``level`` and one column for each property, one row per image.
    side : float, optional
        The longer side of the images in pixels; limits in pixels grow with it from 224 on.

    Returns
    -------
    pandas.DataFrame
        One row per property: ``property``; ``unit`` (``%`` of the mean, ``px`` or grey levels) of
        ``range``, ``course``, ``drift``, ``size`` and ``limit``; ``mean``, ``lowest``, ``highest``
        over the images; ``range``; ``course``, the range of the smooth course that best predicts
        images left out of its fit, 0 where the level predicts nothing; its ``degree``; ``drift``,
        its end minus its beginning; ``explained``, the share of the squared deviations that it
        predicts out of sample; ``size``, which is compared with the limit: the course, or for
        sharpness the drift, because a mixture of two photographs is less sharp than either;
        ``limit``, empty where none is set; and ``flagged``. With two images there is no course.

    Examples
    --------
    >>> table = pd.DataFrame({"level": [0, 0.25, 0.5, 0.75, 1], "luminance": [1, 2, 2.9, 4, 5]})
    >>> level_trends(table)[["property", "degree", "flagged"]].values.tolist()
    [['luminance', 1, True]]
    """
    levels = statistics["level"].to_numpy(dtype=float)
    names = [name for name in statistics.columns if name != "level"]
    rows = [_trend(name, statistics[name].to_numpy(dtype=float), levels, side) for name in names]
    return pd.DataFrame(rows)


def image_outliers(statistics: pd.DataFrame, *, side: float = _SIDE) -> pd.DataFrame:
    """Find images that leave the smooth course of their neighbours.

    Parameters
    ----------
    statistics, side
        As `level_trends` takes them.

    Returns
    -------
    pandas.DataFrame
        One row per image and property: ``row`` of `statistics`, ``property``, ``residual`` (the
        image minus what the others predict) and ``limit``, both in ``unit``. Empty with fewer
        than five images, or with several at one level.
    """
    levels = statistics["level"].to_numpy(dtype=float)
    rows = []
    for name in (name for name in statistics.columns if name != "level"):
        rule = rule_of(name, side)
        values = _in_unit(name, statistics[name].to_numpy(dtype=float))
        for row, residual in _outliers(levels, values, rule).items():
            rows.append((row, name, residual, rule.unit, rule.outlier))
    return pd.DataFrame(rows, columns=["row", "property", "residual", "unit", "limit"])


def _outliers(
    levels: NDArray[np.float64], values: NDArray[np.float64], rule: Rule
) -> dict[int, float]:
    usable = np.isfinite(values).all() and len(np.unique(levels)) == len(levels)
    if not usable or not np.isfinite(rule.outlier) or np.ptp(values) < rule.outlier:
        return {}
    return find_outliers(levels, values, rule.outlier)


def _in_unit(name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert values to percent of their mean, where that is the unit."""
    mean = float(np.mean(values))
    if name in RELATIVE or not mean:
        return values
    return np.asarray(100.0 * values / abs(mean))


def _trend(
    name: str, values: NDArray[np.float64], levels: NDArray[np.float64], side: float
) -> dict[str, object]:
    rule, scaled = rule_of(name, side), _in_unit(name, values)
    left = np.setdiff1d(np.arange(len(values)), list(_outliers(levels, scaled, rule)))
    degree, course, drift, explained = 0, 0.0, 0.0, 0.0
    if np.isfinite(scaled).all() and np.ptp(scaled[left]) > 100.0 * _UNCHANGED:
        found = fit_course(levels[left], scaled[left])
        degree, explained = found.degree, found.explained
        course, drift = (found.size if degree else 0.0), found.drift
    size = abs(drift) if rule.only_drift else course
    return {
        "property": name,
        "unit": rule.unit,
        "mean": float(values.mean()),
        "lowest": float(values.min()),
        "highest": float(values.max()),
        "range": float(np.ptp(scaled)) if values.any() else 0.0,
        "degree": degree,
        "course": course,
        "drift": drift,
        "explained": explained,
        "size": size,
        "limit": rule.course if np.isfinite(rule.course) else np.nan,
        "flagged": bool(size >= rule.course),
    }
