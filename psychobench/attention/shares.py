"""Shares of maps in regions, by level and mask, and whether they change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from psychobench.attention.image_maps import on_image
from psychobench.attention.regions import FaceRegions
from psychobench.comparison.corrections import bonferroni, holm
from psychobench.observers.attention_protocol import AttentionMaps

OBSERVER = ("observer", "pretraining")
_NO_SPREAD = 1e-12  # of a share: units that do not vary allow no test


def tabulate_shares(
    found: AttentionMaps,
    regions: FaceRegions,
    levels: Sequence[float],
    *,
    observer: str,
    pretraining: str,
    mask: str,
    unit: str,
) -> pd.DataFrame:
    """Tabulate the shares of one observer's maps of one set under one mask.

    Parameters
    ----------
    found : AttentionMaps
        One map per image.
    regions : FaceRegions
        Of the same images.
    levels : sequence of float
        The images' levels.
    observer, pretraining, mask, unit : str
        Whose maps they are, what was hidden, and which repetition this is: a head or a person.

    Returns
    -------
    pandas.DataFrame
        One row per image and region: `observer`, `pretraining`, `mask`, `unit`, `level`,
        `region`, `share` (NaN for an empty map), `area` (the region's share of the image: what a
        map that is even everywhere would give), `ratio` (share / area), `empty`.
    """
    maps = on_image(found, *regions.labels.shape[1:])
    names = np.array(regions.names)
    share = regions.shares(maps)
    area = regions.areas
    return pd.DataFrame(
        {
            "observer": observer,
            "pretraining": pretraining,
            "mask": mask,
            "unit": unit,
            "level": np.repeat(np.asarray(levels, float), len(names)),
            "region": np.tile(names, len(levels)),
            "share": share.ravel(),
            "area": area.ravel(),
            "ratio": (share / area).ravel(),
            "empty": np.repeat(np.isnan(share).all(axis=1), len(names)),
        }
    )


def level_slopes(shares: pd.DataFrame) -> pd.DataFrame:
    """Test whether a region gains with the level, for instance the mouth with happiness.

    For each unit the slope of the share over the level; over units a one-sample t of the slopes
    against 0. One unit, a single deterministic network, has a slope and no p: more images of the
    same network are no sample of anything.

    Parameters
    ----------
    shares : pandas.DataFrame
        As `tabulate_shares` returns it, for any number of observers, masks and units.

    Returns
    -------
    pandas.DataFrame
        One row per observer, pre-training, mask and region: `slope` (change of the share from
        level 0 to 1, mean over units), `sd`, `units`, `t`, `df`, `p`, `p_bonferroni`, `p_holm`.
        The family are all rows with a p.
    """
    keys = [*OBSERVER, "mask", "region"]
    full = shares.dropna(subset="share")
    slopes = [
        (*names, _slope(part["level"].to_numpy(float), part["share"].to_numpy(float)))
        for names, part in full.groupby([*keys, "unit"], sort=False)
    ]
    table = pd.DataFrame(slopes, columns=[*keys, "unit", "slope"]).dropna(subset="slope")
    return _test(table, keys, "slope")


def mask_shifts(shares: pd.DataFrame) -> pd.DataFrame:
    """Test whether attention shifts when a part is hidden, for instance to the mouth.

    For each unit the share under a mask minus the share without it, level by level and then
    averaged over the levels at which both have one; over units a one-sample t against 0.

    Parameters
    ----------
    shares : pandas.DataFrame
        As `tabulate_shares` returns it; masks other than ``none`` are compared with ``none``.

    Returns
    -------
    pandas.DataFrame
        One row per observer, pre-training, mask and region, with `difference` and the columns of
        `level_slopes`; empty where there is nothing to compare.
    """
    keys = [*OBSERVER, "mask", "region"]
    place = [*OBSERVER, "region", "unit", "level"]
    plain = shares.loc[shares["mask"] == "none", [*place, "share"]]
    plain = plain.rename(columns={"share": "plain"})
    hidden = shares[shares["mask"] != "none"].merge(plain, on=place, how="inner")
    hidden = hidden.assign(difference=hidden["share"] - hidden["plain"])
    units = hidden.groupby([*keys, "unit"], sort=False)["difference"].mean().reset_index()
    return _test(units.dropna(subset="difference"), keys, "difference")


def _test(units: pd.DataFrame, keys: list[str], measure: str) -> pd.DataFrame:
    """Test each group's values against 0, and correct over the whole table."""
    rows = []
    for names, part in units.groupby(keys, sort=False):
        rows.append((*names, *_one_sample(part[measure].to_numpy(float))))
    table = pd.DataFrame(rows, columns=[*keys, measure, "sd", "units", "t", "df", "p"])
    p = table["p"].to_numpy(float)
    family = int(np.isfinite(p).sum())
    return table.assign(p_bonferroni=bonferroni(p, family), p_holm=holm(p, family))


def _one_sample(
    values: NDArray[np.float64],
) -> tuple[float, float, int, float, float, float]:
    """Mean, SD, units, t, df and p; NaN where one unit, or units that do not vary, allow none."""
    n, mean = len(values), float(values.mean())
    sd = float(values.std(ddof=1)) if n > 1 else np.nan
    if n < 2 or sd <= _NO_SPREAD:
        return mean, sd, n, np.nan, np.nan, np.nan
    t = mean / (sd / np.sqrt(n))
    return mean, sd, n, t, float(n - 1), float(2 * stats.t.sf(abs(t), n - 1))


def _slope(levels: NDArray[np.float64], shares: NDArray[np.float64]) -> float:
    if len(np.unique(levels)) < 2:
        return np.nan
    centred = levels - levels.mean()
    return float(centred @ shares / (centred @ centred))
