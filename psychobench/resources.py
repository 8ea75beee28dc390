"""Find bundled data, hash files, write files whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from psychobench.errors import OptionError, ResourceError

PACKAGE = Path(__file__).parent
# faults of a disk that come without the name of a file
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_LONGEST_SHOWN = 120
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your disk quota is used up",
    errno.EFBIG: "the file is larger than the disk or your limit allows",
    errno.EIO: "the disk or the network drive reported an input/output error",
    errno.ENAMETOOLONG: "its name is too long for the disk",
    errno.EROFS: "the disk can only be read",
    errno.EACCES: "you have no permission",
    errno.EPERM: "the system does not permit it",
}


def bundled(kind: str) -> Path:
    """Find the folder of one kind of bundled data.

    Looked for in this order: ``$PSYCHOBENCH_DATA``, the installed package, the checkout.

    Parameters
    ----------
    kind : {"stimuli", "human_data"}
        Which data.

    Returns
    -------
    pathlib.Path
        An existing folder.

    Raises
    ------
    ResourceError
        If no place holds it.
    """
    roots = [PACKAGE / "_data", PACKAGE.parent]
    if chosen := os.environ.get("PSYCHOBENCH_DATA"):
        roots.insert(0, Path(chosen))
    for root in roots:
        if (root / kind).is_dir():
            return root / kind
    places = ", ".join(str(root / kind) for root in roots)
    raise ResourceError(
        f"bundled {kind} must be on disk: not found at {places}; "
        "reinstall psychobench or set PSYCHOBENCH_DATA to the folder that holds it"
    )


def sha256(path: Path) -> str:
    """Hash a file's bytes.

    Examples
    --------
    >>> sha256(PACKAGE / "py.typed")[:8]
    'e3b0c442'
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, creating its folder.

    A link is followed; a device such as ``/dev/stdout`` is written to, never replaced.

    Raises
    ------
    ResourceError
        If the place cannot be written.
    """
    temporary = None
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not (target.is_file() or target.is_dir()):
            target.write_bytes(data)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        # not tempfile: its files are private to the user whatever the umask says
        temporary = target.parent / f".partial-{secrets.token_hex(8)}"
        temporary.write_bytes(data)
        temporary.replace(target)
    except OSError as error:
        raise explain_unwritable(path, error) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def staged_folder(out: Path) -> Iterator[Path]:
    """Open a scratch folder whose files reach `out` together, when the block ends without error.

    Files of the same name in `out` are replaced, others stay. If anything goes wrong, in the
    block or while the files are moved, `out` is as it was before.

    Parameters
    ----------
    out : pathlib.Path
        Created if it does not exist.

    Yields
    ------
    pathlib.Path
        An empty folder on the same disk as `out`.

    Raises
    ------
    ResourceError
        If `out` cannot be created or written: raised before the block runs where that can be
        known by then.
    """
    created = [place for place in (out, *out.parents) if not os.path.lexists(place)]
    try:
        out.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=out, prefix=".partial-"))
    except OSError as error:
        _remove_empty(created)
        raise explain_unwritable(out, error) from None
    try:
        staged = scratch / "new"
        staged.mkdir()
        yield staged
        _move_all(staged, out, scratch / "old")
    except OSError as error:
        # a file that the block only reads is no fault of the output folder
        full = error.filename is None and error.errno in FULL
        if full or str(scratch) in str(error.filename):
            raise explain_unwritable(out, error) from None
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        _remove_empty(created)


def check_writable(out: Path) -> None:
    """Find out, before any work is done, whether files can be written into folder `out`.

    Nothing is left behind: where `out` did not exist, it does not afterwards.

    Raises
    ------
    ResourceError
        If they cannot.
    """
    check_name(out)
    try:
        places = (out, *out.parents)
        existing = next((place for place in places if os.path.lexists(place)), places[-1])
        if not existing.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{existing} is not a folder")
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise explain_unwritable(out, error) from None


def check_file_to_write(out: object, endings: Sequence[str]) -> Path:
    """Find out, before any work is done, whether a file can be written.

    Raises
    ------
    OptionError
        If `out` is no path, or has none of the `endings`.
    ResourceError
        If it is a folder, or its folder cannot be written to.
    """
    if not isinstance(out, (str, os.PathLike)) or Path(out).suffix.lower() not in endings:
        raise OptionError(f"`out` must be a file that ends in {' or '.join(endings)}: got {out}")
    path = Path(out)
    check_writable(path.parent)
    check_name(path)
    if path.is_dir():
        raise ResourceError(f"`out` must be a file: {path} is a folder; name a file in it")
    return path


def check_name(path: Path) -> None:
    """Check that the disk can take a name.

    Raises
    ------
    ResourceError
        If it is too long.
    """
    try:
        os.lstat(path)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise explain_unwritable(path, error) from None


def _move_all(source: Path, target: Path, old: Path) -> None:
    """Move every file below `source` into `target`; on an error, undo what was done."""
    names = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
    created: list[Path] = []
    moved: list[Path] = []
    try:
        for name in names:
            place = target / name
            if place.is_dir():
                raise IsADirectoryError(errno.EISDIR, f"{place} is a folder")
            created[:0] = [folder for folder in place.parents if not folder.exists()]
            place.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(place):
                (old / name).parent.mkdir(parents=True, exist_ok=True)
                place.replace(old / name)
            moved.append(name)
            (source / name).replace(place)
    except BaseException as error:
        for name in reversed(moved):
            (target / name).unlink(missing_ok=True)
            if os.path.lexists(old / name):
                (old / name).replace(target / name)
        _remove_empty(created)
        if isinstance(error, OSError):
            raise explain_unwritable(target, error) from None
        raise


def _remove_empty(folders: list[Path]) -> None:
    """Remove those folders, innermost first, that hold nothing."""
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


def explain(error: OSError) -> str:
    """Say in plain words what kept a file from being written, with what the system said."""
    said = error.strerror or str(error)
    plain = _REASONS.get(error.errno or 0)
    return f"{plain}: {said}" if plain else said


def explain_unwritable(path: Path, error: OSError) -> ResourceError:
    """Make the message that says why a path could not be written."""
    remedy = "free some space, or " if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    place = str(path) if len(str(path)) <= _LONGEST_SHOWN else f"{str(path)[:_LONGEST_SHOWN]}..."
    return ResourceError(
        f"output must be writable: {place} is not ({explain(error)}); {remedy}choose another `out`"
    )
