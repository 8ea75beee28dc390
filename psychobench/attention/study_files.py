"""A study of attention as text, as one JSON document and as a folder of files."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from psychobench.attention.attention_study import Seen, Study
from psychobench.attention.faithfulness import Faithfulness
from psychobench.attention.study_faithfulness import faithfulness_table
from psychobench.attention.study_figures import draw_faithful, draw_seen, draw_study_shares
from psychobench.tables.output import csv_bytes, json_rows

if TYPE_CHECKING:
    from psychobench.draw.maps import Scale

Checked = Sequence[tuple[Seen, Faithfulness]]


def write_study(
    study: Study,
    folder: Path,
    *,
    levels: Sequence[float],
    scale: Scale,
    faithful: Checked | None,
    provenance: Mapping[str, Any],
) -> None:
    """Write figures, raw maps and tables into an existing folder.

    Parameters
    ----------
    study : Study
        What was found.
    folder : pathlib.Path
        Gets ``maps.png`` (.svg, .pdf), ``maps/NAME.npz``, ``attention.json``; where there are
        shares ``shares.png``, ``shares.csv``, ``slopes.csv``, ``shifts.csv``; and where it was
        asked for ``faithfulness.png`` and ``faithfulness.csv``.
    levels : sequence of float
        The figure's columns.
    scale : {"figure", "row", "map"}
        What shares a colour scale.
    faithful : sequence or None
        From `check_faithfulness`.
    provenance : mapping
        Of the run.
    """
    from psychobench.draw.figures import save_figure

    save_figure(draw_seen(study, levels, scale), folder, "maps")
    (folder / "maps").mkdir()
    for seen in study.seen:
        (folder / "maps" / f"{file_name(seen)}.npz").write_bytes(maps_npz(study, seen, provenance))
    tables = {"shares": study.shares, "slopes": study.slopes, "shifts": study.shifts}
    if len(study.shares):
        save_figure(draw_study_shares(study), folder, "shares")
        for name, table in tables.items():
            if len(table):
                (folder / f"{name}.csv").write_bytes(csv_bytes(table))
    if faithful is not None:
        save_figure(draw_faithful(faithful), folder, "faithfulness")
        table = faithfulness_table(faithful, levels)
        (folder / "faithfulness.csv").write_bytes(csv_bytes(table))
    document = study_json(study, faithful, levels, provenance)
    text = json.dumps(document, indent=2, allow_nan=False) + "\n"
    (folder / "attention.json").write_text(text, encoding="utf-8")


def maps_npz(study: Study, seen: Seen, provenance: Mapping[str, Any]) -> bytes:
    """Give one observer's raw maps under one mask as the bytes of an .npz file.

    Arrays: ``maps`` (float32, n x h x w, neither resized nor normalised), ``levels``,
    ``stimuli``, ``empty``, and ``provenance``, a JSON text. None needs pickle.
    """
    about = {**_about(seen), "stimuli": _stimuli(study), "run": dict(provenance)}
    data = io.BytesIO()
    np.savez_compressed(
        data,
        maps=seen.found.maps,
        levels=study.stimuli.table["level"].to_numpy(float),
        stimuli=study.stimuli.table["stimulus"].to_numpy(str),
        empty=seen.found.empty,
        provenance=np.array(json.dumps(about, default=str)),
    )
    return data.getvalue()


def study_json(
    study: Study,
    faithful: Checked | None,
    levels: Sequence[float],
    provenance: Mapping[str, Any],
) -> dict[str, Any]:
    """Give the document that ``attention draw --json`` prints: null where there is no number."""
    return {
        "heading": heading(study),
        "stimuli": _stimuli(study),
        "unit": study.unit,
        "maps": [
            {**_about(seen), "file": f"maps/{file_name(seen)}.npz", "n": len(seen.found.maps)}
            for seen in study.seen
        ],
        "shares": json_rows(study.shares),
        "slopes": json_rows(study.slopes),
        "shifts": json_rows(study.shifts),
        "faithfulness": [] if faithful is None else json_rows(faithfulness_table(faithful, levels)),
        "provenance": json.loads(json.dumps(dict(provenance), default=str)),
    }


def heading(study: Study) -> str:
    """Say what the images are, above all: whether anybody was photographed."""
    title = study.stimuli.title
    return f"DEMONSTRATION with rendered faces: {title}" if study.stimuli.rendered else title


def file_name(seen: Seen) -> str:
    """Name a file after who looked and what was hidden."""
    return re.sub(r"[^\w.-]+", "-", f"{seen.observer} {seen.pretraining} {seen.mask}")


def _about(seen: Seen) -> dict[str, Any]:
    found = seen.found
    return {
        "observer": seen.observer,
        "pretraining": seen.pretraining,
        "mask": seen.mask,
        "method": found.method,
        "layer": found.layer,
        "target": found.target,
        "options": dict(found.options),
        "window": list(found.window),
        "empty": [int(number) for number in np.flatnonzero(found.empty)],
        "weights_sha256": seen.info.weights_sha256,
        "weights_origin": seen.info.weights_origin,
        "observer_version": seen.info.version,
        "preprocessing": seen.info.preprocessing,
    }


def _stimuli(study: Study) -> dict[str, Any]:
    table = study.stimuli.table
    return {
        "name": study.stimuli.name,
        "title": study.stimuli.title,
        "rendered": study.stimuli.rendered,
        "sha256": study.stimuli.sha256,
        "images": {file: study.stimuli.hashes[file] for file in table["file"]},
    }


def study_text(study: Study, faithful: Checked | None, levels: Sequence[float]) -> str:
    """Say in a few tables how much of the maps goes where."""
    lines = [heading(study), study.asked, *dict.fromkeys(_readings(study))]
    for seen in study.seen:
        empty = int(seen.found.empty.sum())
        if empty:
            lines.append(f"{seen.label}: {empty} of {len(seen.found.maps)} maps are empty.")
    if len(study.shares):
        lines += ["", *_share_lines(study), "", *_slope_lines(study), *_shift_lines(study)]
    if faithful is not None:
        lines += ["", *_faithful_lines(faithfulness_table(faithful, levels))]
    return "\n".join(lines)


def _readings(study: Study) -> Iterator[str]:
    """Say for each observer how its method was read, defaults included."""
    for seen in study.seen:
        read = ", ".join(
            f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in seen.found.options.items()
        )
        if read:
            yield f"{seen.observer}, {seen.pretraining}: {read}"


def _share_lines(study: Study) -> list[str]:
    lines = [
        "How much of the map goes where? (share in %; area: of the image; mean over levels; "
        f"{study.sample})"
    ]
    keys = ["observer", "pretraining", "mask"]
    mean = study.shares.groupby([*keys, "region"], sort=False)["share"].mean().unstack()
    regions = list(study.shares["region"].unique())
    area = study.shares.groupby("region")["area"].mean()
    table = mean[regions].reset_index()
    table.loc[len(table)] = ["area", "", "", *(area[name] for name in regions)]
    return lines + _aligned(table, {name: lambda x: f"{100 * x:.1f}" for name in regions})


def _slope_lines(study: Study) -> list[str]:
    alone = "" if study.slopes["units"].max() > 1 else ": no p"
    title = (
        "Does a region gain with the level? (change of the share from level 0 to 1; "
        f"{study.sample}{alone})"
    )
    return [title, *_test_lines(study.slopes, "slope")]


def _shift_lines(study: Study) -> list[str]:
    if not len(study.shifts):
        return []
    title = "Does attention move when a part is hidden? (share under the mask minus without)"
    return ["", title, *_test_lines(study.shifts, "difference")]


def _test_lines(table: pd.DataFrame, measure: str) -> list[str]:
    shown = table.drop(columns=["sd", "df", "p_bonferroni"])
    return _aligned(
        shown,
        {
            measure: lambda x: f"{x:+.3f}",
            "t": lambda x: f"{x:.2f}",
            "p": _p_value,
            "p_holm": _p_value,
        },
    )


def _faithful_lines(table: pd.DataFrame) -> list[str]:
    title = (
        "Do the maps point at what the answer hangs on? (area under the curve, mean over levels)"
    )
    keys = ["observer", "pretraining", "mask", "curve"]
    mean = table.groupby(keys, sort=False)[["auc", "auc_random", "better_than"]].mean()
    number = {name: lambda x: f"{x:.3f}" for name in ("auc", "auc_random")}
    note = "deletion: lower than random is good; insertion: higher. better_than .5 is chance."
    return [
        title,
        *_aligned(mean.reset_index(), {**number, "better_than": lambda x: f"{x:.2f}"}),
        note,
    ]


def _p_value(p: float) -> str:
    if np.isnan(p):
        return "-"
    return "<.001" if p < 0.001 else f"{p:.3f}".lstrip("0")


def _aligned(table: pd.DataFrame, formats: Mapping[str, Any]) -> list[str]:
    """Align columns; those with a format are numbers and stand to the right."""

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
