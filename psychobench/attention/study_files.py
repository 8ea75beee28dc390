"""Mapped attention as one JSON document and as a folder of files."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from psychobench.attention.mapped import MappedAttention, ObserverMaps
from psychobench.attention.study_faithfulness import faithfulness_table
from psychobench.attention.study_figures import (
    draw_attention_maps,
    draw_faithfulness,
    draw_region_shares,
)
from psychobench.tables.output import csv_bytes, json_rows

if TYPE_CHECKING:
    from psychobench.draw.maps import ColourScale


KIND = "maps of attention"
ALWAYS = ("maps.png", "maps.svg", "maps.pdf", "attention.json")


def write_attention(study: MappedAttention, folder: Path, colour_scale: ColourScale) -> None:
    """Write figures, raw maps and tables into an existing folder."""
    from psychobench.draw import figures

    figures.save_figure(draw_attention_maps(study, study.levels, colour_scale), folder, "maps")
    (folder / "maps").mkdir()
    for maps in study.maps:
        (folder / "maps" / f"{file_name(maps)}.npz").write_bytes(maps_npz(study, maps))
    if len(study.shares):
        figures.save_figure(draw_region_shares(study), folder, "shares")
        tables = {"shares": study.shares, "slopes": study.slopes, "shifts": study.shifts}
        for name, table in tables.items():
            if len(table):
                (folder / f"{name}.csv").write_bytes(csv_bytes(table))
    if study.faithfulness is not None:
        figures.save_figure(draw_faithfulness(study.faithfulness), folder, "faithfulness")
        table = faithfulness_table(study.faithfulness, study.levels)
        (folder / "faithfulness.csv").write_bytes(csv_bytes(table))
    text = json.dumps(attention_json(study), indent=2, allow_nan=False) + "\n"
    (folder / "attention.json").write_text(text, encoding="utf-8")


def maps_npz(study: MappedAttention, maps: ObserverMaps) -> bytes:
    """Return one observer's raw maps under one mask as the bytes of an .npz file.

    Arrays: ``maps`` (float32, n x h x w, neither resized nor normalised), ``levels``,
    ``stimuli``, ``empty``, and ``provenance``, a JSON text. None needs pickle.
    """
    about = {**_about(maps), "stimuli": _stimuli(study), "run": dict(study.provenance)}
    data = io.BytesIO()
    np.savez_compressed(
        data,
        maps=maps.found.maps,
        levels=study.stimuli.table["level"].to_numpy(float),
        stimuli=study.stimuli.table["stimulus"].to_numpy(str),
        empty=maps.found.empty,
        provenance=np.array(json.dumps(about, default=str)),
    )
    return data.getvalue()


def attention_json(study: MappedAttention) -> dict[str, Any]:
    """Return everything but the maps as plain types, with None where there is no number."""
    measured = study.faithfulness
    return {
        "heading": study.heading,
        "stimuli": _stimuli(study),
        "unit": study.unit,
        "maps": [
            {**_about(maps), "file": f"maps/{file_name(maps)}.npz", "n": len(maps.found.maps)}
            for maps in study.maps
        ],
        "shares": json_rows(study.shares),
        "slopes": json_rows(study.slopes),
        "shifts": json_rows(study.shifts),
        "faithfulness": (
            [] if measured is None else json_rows(faithfulness_table(measured, study.levels))
        ),
        "provenance": json.loads(json.dumps(dict(study.provenance), default=str)),
    }


def file_name(maps: ObserverMaps) -> str:
    """Return a file's name from the observer and what was hidden."""
    return re.sub(r"[^\w.-]+", "-", f"{maps.observer} {maps.pretraining} {maps.mask}")


def _about(maps: ObserverMaps) -> dict[str, Any]:
    found = maps.found
    return {
        "observer": maps.observer,
        "pretraining": maps.pretraining,
        "mask": maps.mask,
        "method": found.method,
        "layer": found.layer,
        "target": found.target,
        "options": dict(found.options),
        "window": list(found.window),
        "empty": [int(number) for number in np.flatnonzero(found.empty)],
        "weights_sha256": maps.info.weights_sha256,
        "weights_origin": maps.info.weights_origin,
        "observer_version": maps.info.version,
        "preprocessing": maps.info.preprocessing,
    }


def _stimuli(study: MappedAttention) -> dict[str, Any]:
    table = study.stimuli.table
    return {
        "name": study.stimuli.name,
        "title": study.stimuli.title,
        "rendered": study.stimuli.rendered,
        "sha256": study.stimuli.sha256,
        "images": {file: study.stimuli.hashes[file] for file in table["file"]},
    }
