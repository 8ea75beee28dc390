"""Bytes to text: the kind of file, its encoding and its line ends."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from pathlib import Path

from psychobench.errors import OptionError, TableError
from psychobench.messages import nearest

_IMPORT = "read it with `psychobench.import_trials()`"
_REFUSED = {
    b"PK\x03\x04": (
        "a zip archive",
        "unpack it and name the files inside; save the sheet of a workbook as 'CSV UTF-8'",
    ),
    b"\x1f\x8b": ("gzip-compressed", "unpack it first"),
    b"BZh": ("bzip2-compressed", "unpack it first"),
    b"\xfd7zXZ": ("xz-compressed", "unpack it first"),
    b"7z\xbc\xaf": ("a 7z archive", "unpack it and name the files inside"),
    b"\xd0\xcf\x11\xe0": (
        "an old Excel workbook or an E-Prime .edat file",
        "save the sheet as 'CSV UTF-8', or use E-Prime's .txt",
    ),
    b"MATLAB 5.0 MAT-file": ("a MAT file", _IMPORT),
    b"MATLAB 7.3": ("a MAT file", _IMPORT),
    b"\x89HDF": ("an HDF5 or MAT file", _IMPORT),
    b"RDX": ("an R data file", "write it with write.csv in R"),
    b"$FL2": ("an SPSS file", "save it as CSV in SPSS"),
    b"SQLite": ("a database", "export the trials as CSV"),
    b"%PDF": ("a PDF", "use the program's own export"),
    b"\x89PNG": ("an image", "use the program's own export"),
    b"\xff\xd8\xff": ("an image", "use the program's own export"),
}
_WESTERN = ("cp1252", "mac-roman", "latin-1")
_EASTERN = ("cp932", "gb18030", "euc-kr", "big5")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x80-\x9f]")
_PICKLE = re.compile(rb"\x80[\x02-\x05]|\(lp|\(dp|ccopy_reg|cpsychopy")
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def read_text(path: Path) -> tuple[str, list[str]]:
    """Read a text file, see `read_bytes`, `check_kind` and `decode`."""
    data = read_bytes(path)
    check_kind(path, data)
    return decode(path, data, remedy=f"{_IMPORT} and its `encoding`")


def read_bytes(path: Path) -> bytes:
    """Read a file that must hold something.

    Raises
    ------
    TableError
        If it is missing, a folder, unreadable, empty, or a pickle, which can run any program.
    """
    try:
        data = path.read_bytes()
    except IsADirectoryError:
        raise TableError(
            f"a file must be named, not a folder: {path} is a folder; name the files in it"
        ) from None
    except FileNotFoundError:
        names = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        raise TableError(
            f"a file must exist: {path} is missing{nearest(path.name, names)}"
        ) from None
    except OSError as error:
        raise TableError(f"a file must be readable: {path} is not ({error.strerror})") from None
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise TableError(f"a file must have a header row and rows: {path} is empty")
    if path.suffix.lower() in (".psydat", ".pkl", ".pickle") or _PICKLE.match(data):
        raise TableError(
            f"a pickle is never opened, because it can run any program: {path} is one; "
            "use the CSV file that PsychoPy wrote beside it"
        )
    return data


def check_kind(path: Path, data: bytes) -> None:
    """Refuse files that are known not to be text, with a remedy.

    Raises
    ------
    TableError
        If the first bytes are those of a workbook, an archive, an image or the like.
    """
    found = next((kind for magic, kind in _REFUSED.items() if data.startswith(magic)), None)
    if is_workbook(data):
        found = ("an Excel workbook", f"{_IMPORT}, or save the sheet as 'CSV UTF-8'")
    if found is not None:
        kind, remedy = found
        raise TableError(f"a file must hold a table as text: {path} is {kind}; {remedy}")


def is_workbook(data: bytes) -> bool:
    """Whether a file has the parts of the archive that an Excel workbook is."""
    if not data.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def decode(
    path: Path,
    data: bytes,
    encoding: str | None = None,
    *,
    remedy: str = "",
) -> tuple[str, list[str]]:
    r"""Decode a text file: UTF-8, UTF-16 with or without its mark, or what `encoding` says.

    Parameters
    ----------
    path : pathlib.Path
        The file, for messages.
    data : bytes
        All of it.
    encoding : str, optional
        A name that Python knows.
    remedy : str
        What else can be done about bytes that are not such text, for messages; if left out, to
        name one of the encodings that may be right.

    Returns
    -------
    text : str
        With line ends as ``\\n`` and without byte-order marks.
    notes : list of str
        What was repaired.

    Raises
    ------
    OptionError
        If `encoding` is none that Python knows.
    TableError
        If the bytes are no such text.
    """
    used = encoding or _encoding(data)
    try:
        text = data.decode(used).lstrip("\ufeff")
    except LookupError:
        raise OptionError(
            f"`encoding` must be one that Python knows: '{encoding}' is none; try utf-8 or cp1252"
        ) from None
    except UnicodeDecodeError as error:
        others = [f'`encoding="{each}"`' for each in likely_encodings(data, used)[:2]]
        remedy = remedy or f"name its encoding, like {' or '.join(others)}"
        row = data.count(b"\n", 0, error.start) + 1
        raise TableError(
            f"a file must be {used.upper()} text: {path} has byte 0x{data[error.start]:02x} in row "
            f"{row}, which is not; save it as UTF-8 in the program that made it, or {remedy}"
        ) from None
    if "\0" in text:
        raise TableError(
            f"a file must hold text: {path} has a NUL character in row "
            f"{text.count(chr(10), 0, text.index(chr(0))) + 1}; it is damaged or a binary file; "
            "save it again in the program that made it"
        )
    notes = [f"{path}: read as UTF-16 text"] if used.startswith("utf-16") else []
    text, mixed = _unix_line_ends(text)
    if mixed:
        notes.append(f"{path}: line ends of several kinds are read as one")
    return text, notes


def likely_encodings(data: bytes, failed: str) -> list[str]:
    """List the encodings that a text may have, the likely first; never the one that `failed`.

    In a text of East Asia most bytes that are not ASCII come in pairs.

    Examples
    --------
    >>> likely_encodings("Jörg, Zoë".encode("cp1252"), "utf-8")[0]
    'cp1252'
    >>> likely_encodings("男, 女, これは".encode("cp932"), "cp1252")[0]
    'cp932'
    """
    high = re.findall(rb"[\x80-\xff]+", data)
    pairs = sum(len(run) > 1 for run in high) > len(high) / 2
    first, *others = _WESTERN
    order = [*_EASTERN, *_WESTERN] if pairs else [first, *_EASTERN, *others]
    fitting = []
    for name in order:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if name != failed.lower().replace("_", "-") and not _CONTROL.search(text):
            fitting.append(name)
    return fitting or [name for name in _WESTERN if name != failed]


def _unix_line_ends(text: str) -> tuple[str, bool]:
    r"""Write all line ends as ``\\n``; also return whether they were of several kinds."""
    if "\r" not in text:
        return text, False
    pairs = text.count("\r\n")
    kinds = (pairs, text.count("\r") - pairs, text.count("\n") - pairs)
    return text.replace("\r\n", "\n").replace("\r", "\n"), sum(map(bool, kinds)) > 1


def _encoding(data: bytes) -> str:
    if mark := next((mark for mark in _UTF16 if data.startswith(mark)), None):
        return _UTF16[mark]
    start = data[:2000]
    if len(start) > 3 and start[1::2].count(0) > 0.9 * len(start[1::2]) and len(data) % 2 == 0:
        return "utf-16-le"
    return "utf-8"
