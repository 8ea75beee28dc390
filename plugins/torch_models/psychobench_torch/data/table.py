"""A CSV or TSV file that names images and says what they show."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from psychobench.plugins import TableError, read_cells
from psychobench_torch.data.listing import Listing, shorten
from psychobench_torch.data.valence import check_valence, drop_missing_valence

EXPECTED = "a CSV or TSV file with the columns path and label or valence, if you like group, split"
SPLITS = {
    **dict.fromkeys(["train", "training"], "train"),
    **dict.fromkeys(["val", "valid", "validation"], "validation"),
}
_TEXTS = ("path", "label", "group", "split", "valence")


def read_table(file: Path, task: str) -> Listing:
    """List the images that a table names; paths are relative to the table.

    Parameters
    ----------
    file : pathlib.Path
        Columns `path` and `label` or `valence`; `group` (who it is) and `split` (train or
        validation) if you like. Others are ignored.
    task : {"valence", "classes"}
        Where a table has both columns: which is meant.

    Raises
    ------
    TableError
        If the file is no table, or lacks a column.
    """
    cells = read_cells(file, _TEXTS, _TEXTS)
    notes = list(cells.attrs.get("notes", ()))
    cells = cells.astype(str).replace("nan", "")
    prefer = ("valence", "label") if task == "valence" else ("label", "valence")
    meant = next((name for name in prefer if name in cells), None)
    if "path" not in cells or meant is None:
        raise TableError(
            f"a table of images must have the columns path and label or valence: {file} has "
            f"{shorten(list(cells.columns))}"
        )
    places = pd.Series([f"{file.name} row {row}" for row in cells.index], index=cells.index)
    values, broken = (check_valence if meant == "valence" else _labels)(cells[meant], places)
    split, wrong = _splits(cells, places)
    unnamed = cells["path"] == ""
    group, alone = _groups(cells, places)
    broken += [*wrong, *alone, *(f"{place}: path must not be empty" for place in places[unnamed])]
    paths = [os.path.normpath(file.parent / path) for path in cells["path"]]
    table = pd.DataFrame({"path": paths, meant: values, "split": split}, cells.index)
    if group is not None:
        table["group"] = group
        unnamed |= group == ""
    table = table[values.notna() & split.notna() & ~unnamed]
    if meant == "valence":
        table, said = drop_missing_valence(table)
        notes += said
    source = f"images named by {file.name}"
    table = table.reset_index(drop=True)
    return Listing("csv", source, file, table, tuple(notes), tuple(broken))


def _labels(cells: pd.Series[str], places: pd.Series[str]) -> tuple[pd.Series[str], list[str]]:
    labels = cells.where(cells != "")
    return labels, [f"{place}: label must not be empty" for place in places[labels.isna()]]


def _groups(cells: pd.DataFrame, places: pd.Series[str]) -> tuple[pd.Series[str] | None, list[str]]:
    """Read who is on each image, where the table says so; it must say so of all."""
    if "group" not in cells or (cells["group"] == "").all():
        return None, []
    unknown = cells["group"] == ""
    faults = [f"{place}: group must be given for all rows or none" for place in places[unknown]]
    return cells["group"], faults


def _splits(cells: pd.DataFrame, places: pd.Series[str]) -> tuple[pd.Series[str], list[str]]:
    """Read the column split, where there is one; NaN where a cell is at fault."""
    if "split" not in cells or (cells["split"] == "").all():
        return pd.Series("", index=cells.index), []
    split = cells["split"].str.lower().map(SPLITS)
    wrong = split.isna()
    return split, [
        f"{place}: split must be train or validation, and is {cell!r}"
        for place, cell in zip(places[wrong], cells["split"][wrong], strict=True)
    ]
