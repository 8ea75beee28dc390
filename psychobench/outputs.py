"""Outputs: results never replace what a user made or edited, nor what is being read.

Beside its results psychobench keeps a record with the hash of each: ``provenance.json`` in a
folder, ``FILE.provenance.json`` beside a single file. A file that is there already is replaced only
if the record lists it with the hash that it still has.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psychobench
from psychobench.errors import ResourceError
from psychobench.messages import shown
from psychobench.resources import (
    check_file_to_write,
    check_writable,
    explain_unwritable,
    sha256,
    staged_folder,
    write_whole,
)

RECORD = "provenance.json"
_SEAL = "record_sha256"

NAMED_INPUTS: ContextVar[Callable[[], Iterable[Path]]] = ContextVar("inputs", default=tuple)
"""Further files and folders that are being read; the command line sets it for its arguments."""
COMMAND: ContextVar[Callable[[], str | None]] = ContextVar("command", default=lambda: None)
"""The running command as one would type it, for provenance; the command line sets it."""


@dataclass(frozen=True)
class Record:
    """What psychobench wrote, as its record says.

    Attributes
    ----------
    kind : str
        What the files are together, such as ``analysis``.
    files : mapping of str to str
        SHA-256 by path, relative to the record.
    """

    kind: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


def read_record(path: Path) -> Record | None:
    """Read a record; None if there is none, it is not psychobench's or somebody edited it."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.pop(_SEAL) != _hash_of(document):
            return None
        return Record(str(document["kind"]), dict(document["files"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


@contextlib.contextmanager
def output_folder(
    out: Path,
    *,
    kind: str,
    overwrite: bool = False,
    inputs: Iterable[Path] = (),
    updates: Collection[str] = (),
) -> Iterator[Path]:
    """Open a scratch folder whose files reach `out` together, unless one would destroy another's.

    A file of the same name is replaced if the record in `out` lists it with the hash that it still
    has, or it holds the same bytes. What the record lists from an earlier result of this kind,
    unchanged, and this run does not write is removed. ``provenance.json`` gets the new record; what
    the block writes under that name is kept in it.

    Parameters
    ----------
    out : pathlib.Path
        Created if it does not exist.
    kind : str
        What is written, such as ``analysis``.
    overwrite : bool
        Whether to replace files that the record does not list, too.
    inputs : iterable of pathlib.Path
        What the result was made from: never replaced, never removed.
    updates : collection of str
        Files that this function reads in order to rewrite them.

    Yields
    ------
    pathlib.Path
        An empty folder on the same disk as `out`.

    Raises
    ------
    ResourceError
        If `out` cannot be written, or a file in it must not be replaced.
    """
    target = _Target(out, out / RECORD, kind, overwrite, _all(inputs), frozenset(updates))
    with staged_folder(out) as staged:
        yield staged
        names = _files_below(staged)
        hashes = {name: sha256(staged / name) for name in names if name != RECORD}
        target.check([*hashes, RECORD], hashes)
        about = json.loads((staged / RECORD).read_text("utf-8")) if RECORD in names else {}
        text = _record_text(about, kind, target.written(hashes))
        (staged / RECORD).write_text(text, encoding="utf-8")
        stale = target.stale(hashes)
    _remove(out, stale)


def write_output(
    path: Path,
    data: bytes,
    *,
    kind: str,
    overwrite: bool = False,
    inputs: Iterable[Path] = (),
    beside: Mapping[str, bytes] | None = None,
) -> Path:
    """Write a file whole or not at all, with ``FILE.provenance.json`` beside it.

    Parameters
    ----------
    path : pathlib.Path
        A link is followed; a device such as ``/dev/stdout`` gets no record.
    data : bytes
        What to write.
    kind, overwrite, inputs
        See `output_folder`.
    beside : mapping of str to bytes, optional
        Further files for the same folder, by name.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ResourceError
        If it cannot be written, or must not be replaced.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        write_whole(path, data)
        return path
    target = _target_of(path, kind, overwrite, inputs)
    files = {path.name: data, **(beside or {})}
    hashes = {name: hashlib.sha256(each).hexdigest() for name, each in files.items()}
    target.check([*files, target.record_path.name], hashes)
    for name, each in files.items():
        write_whole(path.with_name(name), each)
    write_whole(target.record_path, _record_text({}, kind, hashes).encode())
    return path


def check_output_folder(
    out: Path, names: Sequence[str] = (), *, kind: str | None = None, overwrite: bool = False
) -> None:
    """Find out, before any work is done, whether `names` could be written into folder `out`.

    Parameters
    ----------
    out : pathlib.Path
        Need not exist yet.
    names : sequence of str
        Files that will be written.
    kind : str, optional
        See `output_folder`; without it, only whether the folder can be written is found out.
    overwrite : bool
        Whether to replace files that the record does not list, too.

    Raises
    ------
    ResourceError
        If the folder cannot be written, or a file in it must not be replaced.
    """
    check_writable(out)
    if kind is not None:
        _Target(out, out / RECORD, kind, overwrite, _all(())).check([*names, RECORD], {})


def check_output_file(
    out: object, endings: Sequence[str], *, kind: str, overwrite: bool = False
) -> Path:
    """Find out, before any work is done, whether a file could be written.

    Raises
    ------
    OptionError
        If `out` is no path, or has none of the `endings`.
    ResourceError
        If it is a folder, its folder cannot be written to, or it must not be replaced.
    """
    path = check_file_to_write(out, endings)
    target = _target_of(path, kind, overwrite, ())
    target.check([path.name, target.record_path.name], {})
    return path


def same_file(place: Path, other: Path) -> bool:
    """Whether two paths are one file: links and disks that ignore case count."""
    try:
        return place.samefile(other)
    except (OSError, ValueError):
        return False


@dataclass(frozen=True)
class _Target:
    """A place to write to, and what may be replaced in it."""

    folder: Path
    record_path: Path
    kind: str
    overwrite: bool
    inputs: tuple[Path, ...]
    updates: frozenset[str] = frozenset()

    def check(self, names: Iterable[str], hashes: Mapping[str, str]) -> None:
        """Check that each file may be written; `hashes` are those of the new ones, where known."""
        there = [name for name in names if os.path.lexists(self.folder / name)]
        there = [name for name in there if name not in self.updates]
        if read := [
            name for name in there if self._is_input(name) and not self._stays(name, hashes)
        ]:
            raise ResourceError(
                "output must not replace what is read: "
                f"{self.folder / read[0]} is an input; choose another `out`"
            )
        if self.overwrite:
            return
        record = self.record
        if record.kind not in ("", self.kind) and self._unchanged(record.files):
            raise ResourceError(
                f"output must not replace another result: {self._name()} holds psychobench's "
                f"{record.kind}; choose another `out`, or replace it with `overwrite=True`"
            )
        if foreign := [name for name in there if not self._may_replace(name, hashes.get(name))]:
            what = shown((self.folder / name for name in foreign), whole=True)
            raise ResourceError(
                f"output must not replace your files: {what} "
                f"{'is' if len(foreign) == 1 else 'are'} not as psychobench wrote it here; choose "
                "another `out`, or replace with `overwrite=True`"
            )

    def written(self, hashes: Mapping[str, str]) -> dict[str, str]:
        """Return what the new record lists: not a user's file that is there, byte for byte."""
        listed = self.record.files
        return {
            name: new
            for name, new in hashes.items()
            if name in listed or _hash(self.folder / name) != new
        }

    def stale(self, hashes: Mapping[str, str]) -> list[str]:
        """List what an earlier result of this kind wrote and this one does not."""
        record = self.record
        if record.kind != self.kind:
            return []
        left = [name for name in record.files if name not in hashes and not self._is_input(name)]
        return self._unchanged({name: record.files[name] for name in left})

    @cached_property
    def record(self) -> Record:
        """What was written here before."""
        return read_record(self.record_path) or Record()

    def _name(self) -> Path:
        """Name the folder, or the single file, that the record is about."""
        name = self.record_path.name.removesuffix(RECORD).removesuffix(".")
        return self.folder / name

    def _unchanged(self, files: Mapping[str, str]) -> list[str]:
        return [
            name
            for name, old in files.items()
            if _is_inside(name) and _hash(self.folder / name) == old
        ]

    def _may_replace(self, name: str, new: str | None) -> bool:
        place = self.folder / name
        if place == self.record_path:
            return read_record(place) is not None
        now = _hash(place)
        return now is not None and now in (new, self.record.files.get(name))

    def _stays(self, name: str, hashes: Mapping[str, str]) -> bool:
        """Whether a new file has the bytes of the one that is there."""
        return name in hashes and _hash(self.folder / name) == hashes[name]

    def _is_input(self, name: str) -> bool:
        """Whether a file is read, or lies unlisted in a folder that is read."""
        place = self.folder / name
        ours = place == self.record_path and read_record(place) is not None
        ours = ours or bool(self._unchanged({name: self.record.files.get(name, "")}))
        return any(
            same_file(place, source) or (not ours and _lies_in(place, source))
            for source in self.inputs
        )


def _target_of(path: Path, kind: str, overwrite: bool, inputs: Iterable[Path]) -> _Target:
    record = path.with_name(path.name + "." + RECORD)
    return _Target(path.parent, record, kind, overwrite, _all(inputs))


def _all(inputs: Iterable[Path]) -> tuple[Path, ...]:
    return (*inputs, *NAMED_INPUTS.get()())


def _record_text(about: Mapping[str, Any], kind: str, files: Mapping[str, str]) -> str:
    document = {"psychobench": psychobench.__version__, **about, "kind": kind}
    document = json.loads(json.dumps({**document, "files": dict(files)}, allow_nan=False))
    return json.dumps({**document, _SEAL: _hash_of(document)}, indent=2) + "\n"


def _hash_of(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _hash(path: Path) -> str | None:
    """Hash a file; None where there is none that can be read."""
    try:
        return sha256(path)
    except OSError:
        return None


def _files_below(folder: Path) -> list[str]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path.relative_to(folder).as_posix() for path in found]


def _is_inside(name: str) -> bool:
    """Whether a name from a record stays in the record's folder."""
    return not Path(name).is_absolute() and ".." not in Path(name).parts


def _lies_in(place: Path, folder: Path) -> bool:
    return folder.is_dir() and any(
        same_file(above, folder) for above in Path(os.path.realpath(place)).parents
    )


def _remove(folder: Path, names: Iterable[str]) -> None:
    """Remove files, and the folders below `folder` that this leaves empty."""
    for name in names:
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise explain_unwritable(folder / name, error) from None
        for above in Path(name).parents[:-1]:
            with contextlib.suppress(OSError):
                (folder / above).rmdir()
