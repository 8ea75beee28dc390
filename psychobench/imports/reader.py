"""What every reader of a program's files takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from psychobench.errors import TableError


@dataclass(frozen=True)
class Head:
    r"""A file as a reader first sees it.

    Attributes
    ----------
    path : pathlib.Path
    data : bytes
        All of it.
    text : str
        The same decoded, with line ends as ``\\n``; empty where it is no text.
    fields : tuple of str
        The cells of its first line, split by the delimiter that parts it best.
    delimiter : str
        That delimiter.
    notes : tuple of str
        What was repaired on the way.
    wanted : frozenset of str
        The columns that the user named.
    """

    path: Path
    data: bytes
    text: str = ""
    fields: tuple[str, ...] = ()
    delimiter: str = ","
    notes: tuple[str, ...] = ()
    wanted: frozenset[str] = frozenset()

    def has(self, *names: str) -> bool:
        """Whether the first line names all these columns."""
        return set(names) <= set(self.fields)


@dataclass(frozen=True)
class Source:
    """All rows of one file, as its program wrote them.

    Attributes
    ----------
    rows : DataFrame
        Cells of str; the index numbers the rows as the file does.
    names : mapping of str to sequence of str
        Where this program keeps what we call by the key, the best place first.
    left : dict of int to str
        By row number: why a row is no trial, as far as the program's own marks tell.
    rt_unit : {"s", "ms", ""}
        Unit of all times; empty where the program has no rule.
    has_keys : bool
        Whether `names` leads to a column of keys or buttons, which must be told what they mean.
    delimiter : str
        What parted the cells; where it is no comma, numbers may have decimal commas.
    key_label : callable
        Writes a key for the eye: a key code with its letter.
    detail : str
        What is special about the file, for the sentence that says how it was recognised.
    experimental : bool
        Whether the file is of the part of a format that `Format.experimental` names.
    notes : tuple of str
        What was repaired.
    """

    rows: pd.DataFrame
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    left: dict[int, str] = field(default_factory=dict)
    rt_unit: str = ""
    has_keys: bool = True
    delimiter: str = ","
    key_label: Callable[[str], str] = str
    detail: str = ""
    experimental: bool = False
    notes: tuple[str, ...] = ()


# names that experiments give by themselves: those of our conditions files, and the plain ones
OURS: dict[str, Sequence[str]] = {
    "level": ("stimulus_level", "level"),
    "stimulus": ("stimulus_id",),
    "trial": ("trial_number",),
    "session": ("session",),
    "condition": ("condition",),
}
ALL_OF_IT = "all of it"


@dataclass(frozen=True)
class Format:
    """A program's way of writing files; one module each.

    Attributes
    ----------
    name : str
        What ``--format`` calls it.
    title : str
        What messages call it.
    recognise : callable
        Gives the reason why a file looks like this format, or None.
    read : callable
        Gives the file's rows.
    experimental : str
        Which part was built from descriptions and never met a file of its program; may be empty,
        or `ALL_OF_IT`.
    """

    name: str
    title: str
    recognise: Callable[[Head], str | None]
    read: Callable[[Head], Source]
    experimental: str = ""


class NeededError(TableError):
    """Something that only the user can know; `need` says what, `choices` what it may be."""

    def __init__(self, need: str, *faults: str, choices: Sequence[str] = ()) -> None:
        super().__init__(*faults)
        self.need = need
        self.choices = tuple(choices)
