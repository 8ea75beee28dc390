"""Export: a table of trials as a folder in a standard form."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from psychobench.arguments import Pairs
from psychobench.errors import OptionError
from psychobench.exports.files import check_export, export_files
from psychobench.resources import check_writable, staged_folder
from psychobench.tables.notebook import ShownAsTable
from psychobench.trials.table import TableLike, note_reading, read_trials


@dataclass(frozen=True)
class Exported(ShownAsTable):
    """A data set that was written.

    Attributes
    ----------
    folder : pathlib.Path
        Where it lies.
    files : tuple of str
        Its files, relative to `folder`.
    """

    folder: Path
    files: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per file: `file` and its size in `bytes`."""
        sizes = [(self.folder / file).stat().st_size for file in self.files]
        return pd.DataFrame({"file": list(self.files), "bytes": sizes})


def export_trials(
    table: TableLike,
    *,
    to: str,
    out: str | Path,
    name: str = "trials",
    columns: Pairs = None,
    where: Pairs = None,
) -> Exported:
    """Write trials as a data set for archives or other programs.

    Parameters
    ----------
    table : DataFrame, str or path
        Trials, as `psychobench.read_trials` takes them.
    to : {"bids", "psych-ds", "long"}
        BIDS or Psych-DS, for archives; or two plain tables, for R and JASP. See
        `psychobench.exports.export_files`.
    out : str or path
        A folder that is new or empty; it is written whole or not at all.
    name : str
        What the task or study is called.
    columns, where : mapping or str, optional
        What the table calls its columns, and which rows to use; see `psychobench.read_trials`.

    Returns
    -------
    Exported

    Raises
    ------
    OptionError
        If there is no such form, `name` has no letter or digit, or `out` holds files.
    TableError
        If the table breaks the column contract or has counts, or two participants would get one
        label.
    ResourceError
        If the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> trials = pd.DataFrame({"observer": "p1", "level": [0.2, 0.8], "response": [0, 1]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_trials(trials, to="long", out=folder).files
    ('trials.csv', 'counts.csv', 'README.txt')
    """
    check_export(to, name)
    folder = _empty(out)
    checked = read_trials(table, columns=columns, where=where)
    files = export_files(checked, to, name=name)
    with staged_folder(folder) as staged:
        for place, data in files.items():
            (staged / place).parent.mkdir(parents=True, exist_ok=True)
            (staged / place).write_bytes(data)
    if not isinstance(table, pd.DataFrame):
        note_reading(checked)
    return Exported(folder, tuple(files))


def _empty(out: object) -> Path:
    if not isinstance(out, (str, Path)):
        raise OptionError(f"`out` must be the path of a folder: got {out!r}; name a new one")
    folder = Path(out)
    if folder.is_dir() and any(folder.iterdir()):
        raise OptionError(
            f"`out` must be a new or empty folder: {folder} holds files; name another"
        )
    check_writable(folder)
    return folder
