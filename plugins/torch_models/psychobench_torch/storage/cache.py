"""The user's cache folder: what is in it, how to empty it, and the limit of trained heads."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from psychobench.plugins import OptionError
from psychobench_torch.storage.store import cache_folder

if TYPE_CHECKING:
    import pandas as pd

KINDS = {
    "heads": "trained heads",
    "convolutions": "networks that were trained on first use",
    "pixels": "decoded photographs",
    "features": "features of a training that runs",
    "unfinished": "trainings that were interrupted",
    "cam": "heads of class activation maps",
}
MOST_HEADS = 2 * 10**9  # bytes of trained heads that are kept; the longest unused go first


def list_cache() -> pd.DataFrame:
    """List what the user's cache folder holds.

    Returns
    -------
    pandas.DataFrame
        One row for each kind of kept files: kind, what, files, megabytes, folder.
    """
    import pandas as pd

    rows = []
    for kind, what in KINDS.items():
        files = _files(cache_folder(kind))
        size = round(sum(_size(file) for file in files) / 1e6, 1)
        rows.append((kind, what, len(files), size, str(cache_folder(kind))))
    return pd.DataFrame(rows, columns=["kind", "what", "files", "megabytes", "folder"])


def clear_cache(*kinds: str) -> int:
    """Delete what is kept; it is made again when it is needed.

    Parameters
    ----------
    *kinds : str
        Of `KINDS`; all of them by default.

    Returns
    -------
    int
        Bytes that were freed.

    Raises
    ------
    OptionError
        If there is no such kind.
    """
    if strange := [kind for kind in kinds if kind not in KINDS]:
        raise OptionError(
            f"what is cleared must be one of {', '.join(KINDS)}: there is no '{strange[0]}'"
        )
    freed = 0
    for kind in kinds or KINDS:
        freed += sum(_size(file) for file in _files(cache_folder(kind)))
        shutil.rmtree(cache_folder(kind), ignore_errors=True)
    return freed


def limit_heads(most: int = MOST_HEADS) -> None:
    """Delete the trained heads that were not used for longest, until `most` bytes are kept."""
    heads = sorted(cache_folder("heads").glob("*.safetensors"), key=_used, reverse=True)
    held = 0
    for number, path in enumerate(heads):
        held += _size(path)
        if held > most and number > 0:  # the newest stays however large it is
            with contextlib.suppress(OSError):
                path.with_suffix(".json").unlink(missing_ok=True)
                path.unlink(missing_ok=True)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):  # of another process that deletes it
        return path.stat().st_size
    return 0


def _used(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime
    return 0.0
