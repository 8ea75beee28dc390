"""What was imported, and an account of every row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from psychobench.tables.output import json_rows


@dataclass(frozen=True)
class FileAccount:
    """What became of the rows of one file; ``rows`` is ``taken`` and all of ``left``.

    Attributes
    ----------
    file, format, reason : str
        Which file, what it is, and why it is thought to be that.
    rows, taken, unanswered : int
        Rows of the file, those that are trials now, and those of them without an answer.
    left : dict of str to int
        By reason, how many rows are no trials.
    columns : dict of str to str
        From which of its columns each of ours came, with the unit where that was changed.
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
class Imported:
    """Trials of one or more files, with the account of their rows.

    Attributes
    ----------
    trials : DataFrame
        As `psychobench.read_trials` gives them.
    files : tuple of FileAccount
    keys : dict of str to int
        What each key was said to mean; empty where the answers were 0 and 1 already.
    pressed : dict of str to int
        How many trials have each of these keys.
    """

    trials: pd.DataFrame
    files: tuple[FileAccount, ...]
    keys: dict[str, int] = field(default_factory=dict)
    pressed: dict[str, int] = field(default_factory=dict)

    @property
    def left(self) -> dict[str, int]:
        """By reason, how many rows of all files are no trials."""
        total: Counter[str] = Counter()
        for each in self.files:
            total.update(each.left)
        return dict(total)

    @property
    def levels(self) -> pd.DataFrame:
        """Per level, how many trials there are, are answered, and have the target answer."""
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
        """Give one row per file and fate of its rows: ``file, format, fate, n_rows``."""
        fates = [
            {"file": each.file, "format": each.format, "fate": fate, "n_rows": n}
            for each in self.files
            for fate, n in {"taken": each.taken, **each.left}.items()
        ]
        return pd.DataFrame(fates)

    def to_json(self) -> dict[str, Any]:
        """Give the account as JSON's own types."""
        return {
            "rows": sum(each.rows for each in self.files),
            "taken": len(self.trials),
            "unanswered": sum(each.unanswered for each in self.files),
            "left": self.left,
            "keys": self.keys,
            "pressed": self.pressed,
            "levels": json_rows(self.levels),
            "observers": self.trials["observer"].unique().tolist(),
            "files": [{**vars(each), "notes": list(each.notes)} for each in self.files],
        }
