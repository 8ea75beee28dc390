"""What the reader of each program's files takes and returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from psychobench.errors import TableError


@dataclass(frozen=True)
class ExportFile:
    r"""A file before its rows are read.

    Attributes
    ----------
    path : pathlib.Path
    data : bytes
        All of it.
    text : str
        The same decoded, with line ends as ``\\n``; empty where it is no text.
    header : tuple of str
        The cells of its first record, split by the delimiter that separates it best.
    delimiter : str
        That delimiter.
    notes : tuple of str
        What was repaired on the way.
    named_columns : frozenset of str
        The columns that the user named.
    """

    path: Path
    data: bytes
    text: str = ""
    header: tuple[str, ...] = ()
    delimiter: str = ","
    notes: tuple[str, ...] = ()
    named_columns: frozenset[str] = frozenset()

    def has(self, *names: str) -> bool:
        """Whether the header names all these columns."""
        return set(names) <= set(self.header)


@dataclass(frozen=True)
class ExportRows:
    """All rows of one file, as its program wrote them.

    Attributes
    ----------
    cells : DataFrame
        Cells of str; the index numbers the rows as the file does.
    known_columns : mapping of str to sequence of str
        In which of its columns this program keeps what our columns hold, the best one first.
    left : dict of int to str
        By row number: why a row is no trial, as far as the program's own marks show.
    rt_unit : {"s", "ms", ""}
        Unit of all times; empty where the program has no rule.
    has_keys : bool
        Whether the answers in `known_columns` are keys or buttons, whose meaning the user must
        give.
    delimiter : str
        What separated the cells; if it is not the comma, numbers may have decimal commas.
    key_label : callable
        Writes a key as people read it: a key code with its letter.
    detail : str
        What is special about the file, for the sentence that says how it was recognised.
    experimental : bool
        Whether the file is of the part of a format that `FileFormat.experimental` names.
    notes : tuple of str
        What was repaired.
    elsewhere : str
        What else is in the file and was not read, for the message that a column is missing.
    screens : tuple of Series of str
        Where screens write rows of their own: the name of the screen that wrote each, in each way
        in which the program tells them apart; indexed as `cells`.
    """

    cells: pd.DataFrame
    known_columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    left: dict[int, str] = field(default_factory=dict)
    rt_unit: str = ""
    has_keys: bool = True
    delimiter: str = ","
    key_label: Callable[[str], str] = str
    detail: str = ""
    experimental: bool = False
    notes: tuple[str, ...] = ()
    elsewhere: str = ""
    screens: tuple[pd.Series[str], ...] = ()


# names that experiments choose for themselves: those of our conditions files, and the plain ones
STANDARD_COLUMNS: dict[str, Sequence[str]] = {
    "level": ("stimulus_level", "level"),
    "stimulus": ("stimulus_id",),
    "trial": ("trial_number",),
    "session": ("session",),
    "condition": ("condition",),
}
ALL_OF_IT = "all of it"


@dataclass(frozen=True)
class FileFormat:
    """A program's way of writing files; one module each.

    Attributes
    ----------
    name : str
        What the parameter `format` calls it.
    title : str
        What messages call it.
    recognise : callable
        Returns the reason why a file looks like this format, or None.
    read : callable
        Returns the file's rows.
    experimental : str
        Which part was built from descriptions and never met a file of its program; may be empty,
        or `ALL_OF_IT`.
    """

    name: str
    title: str
    recognise: Callable[[ExportFile], str | None]
    read: Callable[[ExportFile], ExportRows]
    experimental: str = ""


class InputNeededError(TableError):
    """Something is needed that only the user can know.

    Attributes
    ----------
    need : str
        What it is: a column of ours, or ``"map"``, ``"sides"``, ``"level_from"``, ``"rt_unit"``,
        ``"task"``.
    choices : tuple of str
        What it may be.
    """

    def __init__(self, need: str, *faults: str, choices: Sequence[str] = ()) -> None:
        super().__init__(*faults)
        self.need = need
        self.choices = tuple(choices)
