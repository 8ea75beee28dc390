"""The result of an import: trials, and an account of every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from psychobench.errors import OptionError, ResourceError
from psychobench.imports.unused_columns import UnusedColumn
from psychobench.outputs import write_output
from psychobench.resources import check_writable
from psychobench.tables.notebook import ShownAsTable
from psychobench.tables.output import csv_bytes, json_rows

KIND = "table of trials"


@dataclass(frozen=True)
class ImportedFile:
    """What became of the rows of one file; ``rows`` is the sum of ``taken`` and ``left``.

    Attributes
    ----------
    file, format, reason : str
        Which file, its format, and how that was recognised.
    rows, taken, unanswered : int
        How many rows the file has, how many became trials, and how many of these have no answer.
    left : dict of str to int
        How many rows are not trials, by reason.
    columns : dict of str to str
        The file's column behind each of ours, with the unit of times.
    observers : tuple of str
        Who answered.
    notes : tuple of str
        What was repaired, and what deserves a look.
    """

    file: str
    format: str
    reason: str
    rows: int
    taken: int
    unanswered: int
    left: dict[str, int]
    columns: dict[str, str]
    observers: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Imported(ShownAsTable):
    """Trials of one or more files, with the account of their rows.

    Attributes
    ----------
    trials : DataFrame
        As `psychobench.read_trials` returns them.
    files : tuple of ImportedFile
    keys : dict of str to int
        What each key means; empty if the answers were 0 and 1 already.
    pressed : dict of str to int
        How many trials have each of these keys.
    notes : tuple of str
        What deserves a look and concerns all files.
    unused : tuple of UnusedColumn
        Columns that no parameter uses and that may be a condition or a group; they are kept.
    """

    trials: pd.DataFrame
    files: tuple[ImportedFile, ...]
    keys: dict[str, int] = field(default_factory=dict)
    pressed: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unused: tuple[UnusedColumn, ...] = ()

    @property
    def left(self) -> dict[str, int]:
        """How many rows of all files are not trials, by reason."""
        total: Counter[str] = Counter()
        for each in self.files:
            total.update(each.left)
        return dict(total)

    @property
    def levels(self) -> pd.DataFrame:
        """The number of trials, of answered trials and of target answers at each level."""
        answers = self.trials.groupby("level")["response"]
        table = pd.DataFrame(
            {
                "n_rows": answers.size(),
                "n_trials": answers.count(),
                "n_target": answers.sum().astype(int),
            }
        )
        return table.reset_index()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per file and fate of its rows: ``file, format, fate, n_rows``."""
        fates = [
            {"file": each.file, "format": each.format, "fate": fate, "n_rows": n}
            for each in self.files
            for fate, n in {"taken": each.taken, **each.left}.items()
        ]
        return pd.DataFrame(fates)

    def to_json(self) -> dict[str, Any]:
        """Return the account in JSON's own types."""
        return {
            "rows": sum(each.rows for each in self.files),
            "taken": len(self.trials),
            "unanswered": sum(each.unanswered for each in self.files),
            "left": self.left,
            "keys": self.keys,
            "pressed": self.pressed,
            "levels": json_rows(self.levels),
            "observers": self.trials["observer"].unique().tolist(),
            "notes": list(self.notes),
            "unused": [{**vars(each), "values": list(each.values)} for each in self.unused],
            "files": [{**vars(each), "notes": list(each.notes)} for each in self.files],
        }

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the trials as CSV, with answers as 0, 1 and, where nobody answered, nothing.

        The file is written whole or not at all; folders above it are created.

        Parameters
        ----------
        path : str or path
            Must end in ``.csv``, and not be one of the files that were imported.
        overwrite : bool
            Whether to replace a file that psychobench did not write there, or that was edited.

        Returns
        -------
        pathlib.Path
            Where it was written.

        Raises
        ------
        OptionError
            If `path` is no CSV file, or one of those imported.
        ResourceError
            If it is a folder, cannot be written or must not be replaced.
        """
        out = check_out(path, [each.file for each in self.files])
        answers = self.trials["response"].astype("Int64")
        return write_output(
            out,
            csv_bytes(self.trials.assign(response=answers)),
            kind=KIND,
            overwrite=overwrite,
            inputs=[Path(each.file) for each in self.files],
        )


def check_out(path: str | PathLike[str], imported: Iterable[str | PathLike[str]]) -> Path:
    """Check that imported trials can be written to a file, see `Imported.save`."""
    out = Path(path).expanduser()
    if out.suffix.lower() != ".csv":
        raise OptionError(f"`out` must end in .csv: got {out}")
    if out.is_dir():
        raise ResourceError(f"`out` must be a file: {out} is a folder")
    files = [Path(each) for each in imported]
    if out.exists() and any(each.exists() and each.samefile(out) for each in files):
        raise OptionError(f"`out` must be another file than those imported: {out} is one of them")
    check_writable(out.parent)
    return out
