"""Faithfulness of many maps, observer by observer and mask by mask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from psychobench.attention.faithfulness import Explained, Faithfulness, faithfulness
from psychobench.attention.mapped import ObserverMaps, rows_at
from psychobench.stimuli.sets import StimulusSet


def measure_faithfulness(
    maps: Sequence[ObserverMaps], stimuli: StimulusSet, levels: Sequence[float], *, seed: int
) -> list[tuple[ObserverMaps, Faithfulness]]:
    """Delete and insert pixels on the images at some levels, in the order of each map.

    Parameters
    ----------
    maps : sequence of ObserverMaps
        The maps.
    stimuli : StimulusSet
        The images.
    levels : sequence of float
        Of the images.
    seed : int
        Of the random maps; every observer has the same ones where its maps are as large.

    Returns
    -------
    list of tuple of ObserverMaps and Faithfulness
        In the order of `maps`.
    """
    return [(each, _measure(each, stimuli, levels, seed)) for each in maps]


def faithfulness_table(
    measured: Sequence[tuple[ObserverMaps, Faithfulness]], levels: Sequence[float]
) -> pd.DataFrame:
    """Return one row per observer, pre-training, mask, level and curve.

    Returns
    -------
    pandas.DataFrame
        `observer`, `pretraining`, `mask`, `level` and the columns of `Faithfulness.to_frame`.
    """
    tables = []
    for maps, found in measured:
        table = found.to_frame()
        table.insert(0, "level", np.asarray(levels)[table.pop("image")])
        for position, name in enumerate(("observer", "pretraining", "mask")):
            table.insert(position, name, getattr(maps, name))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _measure(
    maps: ObserverMaps, stimuli: StimulusSet, levels: Sequence[float], seed: int
) -> Faithfulness:
    rows = rows_at(stimuli, levels)
    return faithfulness(
        maps.source.respond,
        stimuli.images(maps.mask)[rows],
        maps.found.pick(rows),
        np.random.default_rng(seed),
        explained=_explained(maps),
        progress=True,
    )


def _explained(maps: ObserverMaps) -> Explained:
    if maps.found.target == "winning":
        return "winning"
    return "other" if maps.found.target == maps.info.labels[0] else "target"
