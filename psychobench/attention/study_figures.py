"""The figures of a study of attention: its numbers laid out for `draw`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from psychobench.attention.attention_study import Seen, Study
from psychobench.attention.faithfulness import Faithfulness
from psychobench.attention.image_maps import on_image, positive

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from psychobench.draw.maps import Scale


def draw_seen(study: Study, levels: Sequence[float], scale: Scale) -> Figure:
    """Draw maps over the images at some levels, a row for each observer and mask.

    Parameters
    ----------
    study : Study
        Its maps.
    levels : sequence of float
        The columns.
    scale : {"figure", "row", "map"}
        What shares a colour scale.
    """
    from psychobench.draw.maps import MapRow, draw_maps

    rows_at = study.rows_at(levels)
    height, width = study.stimuli.pixels.shape[1:3]
    rows = [
        MapRow(
            seen.label.replace(", ", "\n"),
            study.stimuli.images(seen.mask)[rows_at],
            positive(on_image(seen.found.pick(rows_at), height, width)),
        )
        for seen in study.seen
    ]
    return draw_maps(
        rows,
        [f"{level:g}" for level in levels],
        title=f"{study.asked}\n{study.stimuli.title}",
        x_label="stimulus level",
        unit=f"{study.question.method}, raw value",
        scale=scale,
    )


def draw_study_shares(study: Study) -> Figure:
    """Draw the share of each region over levels, a panel for each observer and mask."""
    from psychobench.draw.shares import ShareLine, SharePanel, draw_shares

    panels = []
    keys = ["observer", "pretraining", "mask"]
    for (observer, pretraining, mask), part in study.shares.groupby(keys, sort=False):
        trained = "" if pretraining == "-" else f", {pretraining}"
        hidden = "" if mask == "none" else f", {mask} hidden"
        lines = []
        for region, rows in part.groupby("region", sort=False):
            values = rows.pivot_table(index="unit", columns="level", values="ratio", dropna=False)
            levels = values.columns.to_numpy(float)
            lines.append(ShareLine(str(region), levels, values.to_numpy(float)))
        panels.append(SharePanel(f"{observer}{trained}{hidden}", lines))
    faces = study.sample if study.unit == "person" else study.stimuli.title
    return draw_shares(
        panels,
        title=f"{study.asked}\n{faces}",
        unit="rendered person" if study.unit == "person" else study.unit,
    )


def draw_faithful(checked: Sequence[tuple[Seen, Faithfulness]]) -> Figure:
    """Draw deletion and insertion, a row for each observer and mask."""
    from psychobench.draw.shares import CurvePair, draw_curve_pairs

    return draw_curve_pairs(
        [
            CurvePair(
                seen.label,
                found.fractions,
                np.stack([found.deletion.mean(0), found.insertion.mean(0)]),
                np.stack([found.random_deletion.mean(0), found.random_insertion.mean(0)]),
            )
            for seen, found in checked
        ],
        panels=("deletion: highest pixels go first", "insertion: highest pixels come first"),
        x_label="share of pixels changed",
        y_label="P(explained answer)",
    )
