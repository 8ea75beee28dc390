"""Mapped attention as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from psychobench.attention.mapped import MappedAttention
from psychobench.attention.study_faithfulness import faithfulness_table
from psychobench.formatting import p_text


def attention_text(study: MappedAttention) -> str:
    """Return in a few tables how much of the maps goes where."""
    lines = [study.heading, study.description, *dict.fromkeys(_readings(study))]
    for maps in study.maps:
        empty = int(maps.found.empty.sum())
        if empty:
            lines.append(f"{maps.label}: {empty} of {len(maps.found.maps)} maps are empty.")
    if len(study.shares):
        lines += ["", *_share_lines(study), "", *_slope_lines(study), *_shift_lines(study)]
    if study.faithfulness is not None:
        table = faithfulness_table(study.faithfulness, study.levels)
        lines += ["", *_faithfulness_lines(table)]
    return "\n".join(lines)


def _readings(study: MappedAttention) -> Iterator[str]:
    """Yield for each observer the readings of its method, defaults included."""
    for maps in study.maps:
        chosen = ", ".join(
            f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in maps.found.options.items()
        )
        if chosen:
            yield f"{maps.observer}, {maps.pretraining}: {chosen}"


def _share_lines(study: MappedAttention) -> list[str]:
    lines = [
        "How much of the map lies in each region? (%; area: share of the image; mean over levels; "
        f"{study.sample})"
    ]
    regions = list(study.shares["region"].unique())
    area = study.shares.groupby("region")["area"].mean()
    table = study.mean_shares
    table.loc[len(table)] = ["area", "", "", *(area[name] for name in regions)]
    return lines + _aligned(table, {name: lambda x: f"{100 * x:.1f}" for name in regions})


def _slope_lines(study: MappedAttention) -> list[str]:
    alone = "" if study.slopes["units"].max() > 1 else ": no p"
    title = (
        "Does a region gain with the level? (change of its share from level 0 to level 1; "
        f"{study.sample}{alone})"
    )
    return [title, *_test_lines(study.slopes, "slope")]


def _shift_lines(study: MappedAttention) -> list[str]:
    if not len(study.shifts):
        return []
    title = "Does attention shift when a part is hidden? (share under the mask minus without it)"
    return ["", title, *_test_lines(study.shifts, "difference")]


def _test_lines(table: pd.DataFrame, measure: str) -> list[str]:
    shown = table.drop(columns=["sd", "df", "p_bonferroni"])
    return _aligned(
        shown,
        {
            measure: lambda x: f"{x:+.3f}",
            "t": lambda x: f"{x:.2f}",
            "p": p_text,
            "p_holm": p_text,
        },
    )


def _faithfulness_lines(table: pd.DataFrame) -> list[str]:
    title = "Do the maps show what the answer depends on? (area under the curve, mean over levels)"
    keys = ["observer", "pretraining", "mask", "curve"]
    mean = table.groupby(keys, sort=False)[["auc", "auc_random", "better_than"]].mean()
    number = {name: lambda x: f"{x:.3f}" for name in ("auc", "auc_random")}
    note = "Good maps: deletion below random, insertion above random; better_than .5 is chance."
    return [
        title,
        *_aligned(mean.reset_index(), {**number, "better_than": lambda x: f"{x:.2f}"}),
        note,
    ]


def _aligned(table: pd.DataFrame, formats: Mapping[str, Any]) -> list[str]:
    """Align columns: those with a format are numbers and are aligned to the right."""

    def cell(name: str, value: Any) -> str:
        if name in formats:
            return "-" if pd.isna(value) else str(formats[name](value))
        return str(value)

    names = [str(name) for name in table.columns]
    rows = [names] + [
        [cell(name, value) for name, value in zip(names, row, strict=True)]
        for row in table.itertuples(index=False)
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(names))]
    return [
        "  ".join(
            f"{text:>{width}}" if name in formats else f"{text:<{width}}"
            for name, text, width in zip(names, row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
