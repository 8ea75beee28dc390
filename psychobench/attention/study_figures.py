"""The figures of mapped attention: its numbers arranged for `draw`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from psychobench.attention.faithfulness import Faithfulness
from psychobench.attention.image_maps import on_image, positive
from psychobench.attention.mapped import MappedAttention, ObserverMaps, label_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from psychobench.draw.maps import ColourScale


def draw_attention_maps(
    study: MappedAttention, levels: Sequence[float], colour_scale: ColourScale
) -> Figure:
    """Draw maps over the images at some levels, a row for each observer and mask."""
    from psychobench.draw.maps import MapRow, draw_maps

    rows_at = study.rows_at(levels)
    height, width = study.stimuli.pixels.shape[1:3]
    rows = [
        MapRow(
            each.label.replace(", ", "\n"),
            study.stimuli.images(each.mask)[rows_at],
            positive(on_image(each.found.pick(rows_at), height, width)),
        )
        for each in study.maps
    ]
    return draw_maps(
        rows,
        [f"{level:g}" for level in levels],
        title=f"{study.description}\n{study.stimuli.title}",
        x_label="stimulus level",
        unit=f"{study.request.method}, raw value",
        colour_scale=colour_scale,
    )


def draw_region_shares(study: MappedAttention, ax: Axes | None = None) -> Figure:
    """Draw the share of each region over levels, a panel for each observer and mask."""
    from psychobench.draw.shares import ShareLine, SharePanel, draw_shares

    panels = []
    keys = ["observer", "pretraining", "mask"]
    for (observer, pretraining, mask), part in study.shares.groupby(keys, sort=False):
        lines = []
        for region, rows in part.groupby("region", sort=False):
            values = rows.pivot_table(index="unit", columns="level", values="ratio", dropna=False)
            levels = values.columns.to_numpy(float)
            lines.append(ShareLine(str(region), levels, values.to_numpy(float)))
        panels.append(SharePanel(label_of(str(observer), str(pretraining), str(mask)), lines))
    faces = study.sample if study.unit == "person" else study.stimuli.title
    return draw_shares(
        panels,
        title=f"{study.description}\n{faces}",
        unit="rendered person" if study.unit == "person" else study.unit,
        ax=ax,
    )


def draw_faithfulness(measured: Sequence[tuple[ObserverMaps, Faithfulness]]) -> Figure:
    """Draw deletion and insertion, a row for each observer and mask."""
    from psychobench.draw.shares import CurvePair, draw_curve_pairs

    return draw_curve_pairs(
        [
            CurvePair(
                maps.label,
                found.fractions,
                np.stack([found.deletion.mean(0), found.insertion.mean(0)]),
                np.stack([found.random_deletion.mean(0), found.random_insertion.mean(0)]),
            )
            for maps, found in measured
        ],
        panels=("deletion: highest pixels go first", "insertion: highest pixels come first"),
        x_label="share of pixels changed",
        y_label="P(explained answer)",
    )
