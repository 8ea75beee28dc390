"""Faithfulness of a study's maps, observer by observer and mask by mask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from psychobench.attention.attention_study import Seen, Study
from psychobench.attention.faithfulness import Explained, Faithfulness, faithfulness


def check_faithfulness(
    study: Study, levels: Sequence[float], *, seed: int
) -> list[tuple[Seen, Faithfulness]]:
    """Delete and insert pixels on the images at some levels, in the order of each map.

    Parameters
    ----------
    study : Study
        Its maps.
    levels : sequence of float
        Of the images.
    seed : int
        Of the random maps; every observer has the same ones where its maps are as large.

    Returns
    -------
    list of tuple of Seen and Faithfulness
        In the order of ``study.seen``.
    """
    return [(seen, _one(study, seen, levels, seed)) for seen in study.seen]


def faithfulness_table(
    checked: Sequence[tuple[Seen, Faithfulness]], levels: Sequence[float]
) -> pd.DataFrame:
    """Give one row per observer, pre-training, mask, level and curve.

    Returns
    -------
    pandas.DataFrame
        `observer`, `pretraining`, `mask`, `level` and the columns of `Faithfulness.to_frame`.
    """
    tables = []
    for seen, found in checked:
        table = found.to_frame()
        table.insert(0, "level", np.asarray(levels)[table.pop("image")])
        for place, name in enumerate(("observer", "pretraining", "mask")):
            table.insert(place, name, getattr(seen, name))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _one(study: Study, seen: Seen, levels: Sequence[float], seed: int) -> Faithfulness:
    rows = study.rows_at(levels)
    return faithfulness(
        seen.asked.respond,
        study.stimuli.images(seen.mask)[rows],
        seen.found.pick(rows),
        np.random.default_rng(seed),
        explained=_explained(seen),
        progress=True,
    )


def _explained(seen: Seen) -> Explained:
    if seen.found.target == "winning":
        return "winning"
    return "other" if seen.found.target == seen.info.labels[0] else "target"
