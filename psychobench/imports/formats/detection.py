"""The formats, and how a file's is found."""

from __future__ import annotations

import re
from pathlib import Path

from psychobench.errors import OptionError, TableError
from psychobench.imports.formats import (
    bids,
    eprime,
    generic,
    gorilla,
    jspsych,
    labjs,
    opensesame,
    presentation,
    psychds,
    psychopy,
    psychtoolbox,
)
from psychobench.imports.reader import Format, Head
from psychobench.imports.text import decode, first_line, split_fields
from psychobench.messages import nearest

FORMATS: dict[str, Format] = {
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
        bids.FORMAT,
        psychds.FORMAT,
        generic.WORKBOOK,
        generic.FORMAT,
    )
}
_BINARY = (psychtoolbox.FORMAT, generic.WORKBOOK)
_PICKLE = re.compile(rb"\x80[\x02-\x05]|\(lp|\(dp|ccopy_reg|cpsychopy")
_REFUSED = {
    b"PK\x03\x04": (
        "a zip archive",
        "unpack it and import the files inside; a spreadsheet must be saved as 'CSV UTF-8'",
    ),
    b"\x1f\x8b": ("gzip-compressed", "unpack it first"),
    b"BZh": ("bzip2-compressed", "unpack it first"),
    b"\xfd7zXZ": ("xz-compressed", "unpack it first"),
    b"7z\xbc\xaf": ("a 7z archive", "unpack it and import the files inside"),
    b"\xd0\xcf\x11\xe0": (
        "an old Excel workbook or an E-Prime .edat file",
        "save the sheet as 'CSV UTF-8', or import E-Prime's .txt",
    ),
    b"RDX": ("an R data file", "write it with write.csv in R"),
    b"$FL2": ("an SPSS file", "save it as CSV in SPSS"),
    b"SQLite": ("a database", "export the trials as CSV"),
    b"%PDF": ("a PDF", "import the program's own export"),
    b"\x89PNG": ("an image", "import the program's own export"),
    b"\xff\xd8\xff": ("an image", "import the program's own export"),
}


def load(path: Path, encoding: str | None = None) -> Head:
    """Read a file and decode it, if it is text.

    Raises
    ------
    TableError
        If it cannot be read, is empty, or is of a kind that is refused.
    """
    data = _read(path)
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise TableError(f"a file must hold rows: {path} is empty")
    _refuse_pickle(path, data)
    bare = Head(path, data)
    if any(each.recognise(bare) for each in _BINARY):
        return bare
    for magic, (kind, remedy) in _REFUSED.items():
        if data.startswith(magic):
            raise TableError(f"a file must be a program's export: {path} is {kind}; {remedy}")
    text, notes = decode(path, data, encoding)
    delimiter, line = first_line(text)
    if hint := re.match(r'"?sep=([,;\t])', line, re.IGNORECASE):
        delimiter, line = hint[1], text.lstrip("\n").split("\n", 2)[1]
    return Head(path, data, text, split_fields(line, delimiter), delimiter, tuple(notes))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except IsADirectoryError:
        raise TableError(
            f"a file is imported, not a folder: {path} is a folder; name the files in it"
        ) from None
    except FileNotFoundError:
        names = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        raise TableError(
            f"a file must exist: {path} is missing{nearest(path.name, names)}"
        ) from None
    except OSError as error:
        raise TableError(f"a file must be readable: {path} is not ({error.strerror})") from None


def _refuse_pickle(path: Path, data: bytes) -> None:
    if path.suffix.lower() in (".psydat", ".pkl", ".pickle") or _PICKLE.match(data):
        raise TableError(
            f"a pickle is never opened, because it can run any program: {path} is one; "
            "import the CSV file that PsychoPy wrote beside it"
        )


def find_format(head: Head, name: str = "auto") -> tuple[Format, str]:
    """Choose the format of a file.

    Parameters
    ----------
    head : Head
        The file.
    name : str, default "auto"
        What the user says that it is.

    Returns
    -------
    format : Format
    reason : str
        Why this one.

    Raises
    ------
    OptionError
        If there is no format of that name.
    TableError
        If no format fits, or the one that was named cannot be read from such a file.
    """
    if name != "auto":
        if name not in FORMATS:
            raise OptionError(
                f"--format must be one that is known: '{name}' is none{nearest(name, FORMATS)}; "
                f"known are auto, {', '.join(FORMATS)}"
            )
        if (seen := FORMATS[name].recognise(head)) is None and not _could_be(name, head):
            actual = find_format(head)[0]
            raise TableError(
                f"--format must be the file's own: {head.path} is not {FORMATS[name].title} but "
                f"looks like {actual.title}; leave --format out, or write --format {actual.name}"
            )
        return FORMATS[name], seen or "you said so"
    for each in FORMATS.values():
        if reason := each.recognise(head):
            return each, reason
    if head.text.lstrip().startswith(("[", "{")):
        raise TableError(
            f"JSON must be jsPsych's: {head.path} has no trial_type, trial_index and time_elapsed; "
            "save its trials as CSV"
        )
    raise TableError(
        f"a file must be a known export, or a table with several columns: {head.path} is neither; "
        "commas, tabs or semicolons do not part its first line; delete lines above its header, or, "
        "if it is a list of conditions, name the file with the answers instead"
    )


def _could_be(name: str, head: Head) -> bool:
    """Whether a table may be read as what its user calls it."""
    return name in ("psychtoolbox", "table", "bids", "psych-ds") and len(head.fields) > 1
