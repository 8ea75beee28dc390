"""The formats, and how a file's is found."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from psychobench.errors import OptionError, TableError
from psychobench.imports.file_format import ExportFile, FileFormat
from psychobench.imports.formats import (
    bids,
    eprime,
    gorilla,
    jspsych,
    labjs,
    opensesame,
    presentation,
    psignifit,
    psychds,
    psychopy,
    psychtoolbox,
    qualtrics,
    table,
    workbook,
)
from psychobench.imports.plain_text import header_for, tabs_for_blanks
from psychobench.messages import argument, nearest
from psychobench.tables.decoding import check_kind, decode, read_bytes
from psychobench.tables.headers import find_header
from psychobench.trials.columns import TRIAL_COLUMNS

FORMATS: dict[str, FileFormat] = {
    each.name: each
    for each in (
        psychopy.FORMAT,
        jspsych.FORMAT,
        psychtoolbox.FORMAT,
        opensesame.FORMAT,
        labjs.FORMAT,
        gorilla.FORMAT,
        eprime.FORMAT,
        presentation.FORMAT,
        qualtrics.FORMAT,
        bids.FORMAT,
        psychds.FORMAT,
        psignifit.FORMAT,
        workbook.FORMAT,
        table.FORMAT,
    )
}
_BINARY = (psychtoolbox.FORMAT, workbook.FORMAT)


def load(
    path: Path, named_columns: Collection[str] = (), encoding: str | None = None
) -> ExportFile:
    """Read a file and decode it, if it is text.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    named_columns : collection of str
        The columns that the user named; they help to find the delimiter.
    encoding : str, optional
        How text is written where it is neither UTF-8 nor UTF-16.

    Raises
    ------
    TableError
        If it cannot be read, is empty, or is of a kind that is refused.
    """
    named = frozenset(named_columns)
    bare = ExportFile(path, read_bytes(path), named_columns=named)
    if any(each.recognise(bare) for each in _BINARY):
        return bare
    check_kind(path, bare.data)
    text, notes = decode(path, bare.data, encoding)
    known = {*named, *TRIAL_COLUMNS}
    header = find_header(text, known)
    if len(header.names) == 1 and (tabbed := tabs_for_blanks(text)):
        text, header = tabbed, find_header(tabbed, known)
        notes.append(f"{path}: blanks separate its columns")
    if made_up := header_for(text, header.names, header.delimiter, known):
        text = header.delimiter.join(made_up) + "\n" + text.lstrip("\n")
        header = find_header(text, made_up)
        notes.append(
            f"{path}: it has no header; its columns are called {made_up[0]} to {made_up[-1]}, and "
            "rows are counted from 2"
        )
    return replace(
        bare, text=text, header=header.names, delimiter=header.delimiter, notes=tuple(notes)
    )


def find_format(file: ExportFile, name: str = "auto") -> tuple[FileFormat, str]:
    """Choose the format of a file.

    Parameters
    ----------
    file : ExportFile
        The file.
    name : str, default "auto"
        What the user says that it is.

    Returns
    -------
    format : FileFormat
    reason : str
        Why this one.

    Raises
    ------
    TableError
        If no format fits, or the one that was named cannot be read from such a file.
    """
    if name != "auto":
        return FORMATS[name], _check_named(file, name)
    for each in FORMATS.values():
        if reason := each.recognise(file):
            return each, reason
    if file.text.lstrip().startswith(("[", "{")):
        raise TableError(
            f"JSON must be jsPsych's: {file.path} has no trial_type, trial_index and time_elapsed; "
            "save its trials as CSV"
        )
    raise TableError(
        f"a file must be a known export, or a table with several columns: {file.path} is neither; "
        "commas, tabs or semicolons do not separate its first line; delete lines above its "
        "header, or, if it is a list of conditions, name the file with the answers instead"
    )


def _check_named(file: ExportFile, name: str) -> str:
    """Check that a file may be what the user says; return why it is."""
    if (reason := FORMATS[name].recognise(file)) is not None:
        return reason
    may_be_any_table = name in ("psychtoolbox", "table", "bids", "psych-ds")
    if may_be_any_table and len(file.header) > 1:
        return "you said so"
    actual = find_format(file)[0]
    raise TableError(
        f"`format` must be the file's own: {file.path} is not {FORMATS[name].title} but looks "
        f"like {actual.title}; leave `format` out, or give {argument('format', actual.name)}"
    )


def check_format(name: str) -> None:
    """Check that a format is known, before any file is read.

    Raises
    ------
    OptionError
        If there is none of that name.
    """
    if name != "auto" and name not in FORMATS:
        raise OptionError(
            f"`format` must be one that is known: '{name}' is not{nearest(name, FORMATS)}; "
            f"known are auto, {', '.join(FORMATS)}"
        )
