"""Files in, trials and their account out: the one path that all formats share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

import pandas as pd

from psychobench.errors import TableError
from psychobench.imports.account import FileAccount, Imported
from psychobench.imports.assembly import finish
from psychobench.imports.cell_values import key_of
from psychobench.imports.formats.detection import find_format, load
from psychobench.imports.keys import check_keys
from psychobench.imports.option_rules import (
    check_distinct,
    check_keep,
    check_options,
    check_repeats,
)
from psychobench.imports.options import Options
from psychobench.imports.parsed_file import Opened, no_trial, open_file
from psychobench.imports.patterns import parse_keys
from psychobench.imports.reader import Format, Source
from psychobench.tables.cells import natural
from psychobench.tables.reading import TEXTS


def import_trials(
    files: str | PathLike[str] | Sequence[str | PathLike[str]],
    *,
    format: str = "auto",
    columns: Mapping[str, str] | None = None,
    keys: Mapping[str, int] | None = None,
    where: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
    also: Sequence[str] = (),
    level_from: Mapping[str, str] | None = None,
    observer_from: str | None = None,
    rt_unit: str | None = None,
    encoding: str | None = None,
) -> Imported:
    r"""Read the exports of experiment programs into one table of trials.

    Parameters
    ----------
    files : path or sequence of paths
        One file or several, of one format or several.
    format : str, default "auto"
        What the files are; found from each when left out.
    columns : mapping of str to str, optional
        What the files call our columns, by our name: ``{"level": "contrast"}``.
    keys : mapping of str to {0, 1}, optional
        What each key means, 1 for the target category. Needed where answers are keys.
    where : mapping of str to str, optional
        Only rows in which each of these columns has its value.
    keep : sequence of str, optional
        Reasons, such as ``"practice"``, for which rows are to be taken all the same.
    also : sequence of str, optional
        Further columns of the files that the trials shall have.
    level_from : mapping of str to str, optional
        A column and the pattern by which the level is read from it:
        ``{"stimulus": "faces/*_{level}.png"}``.
    observer_from : str, optional
        Pattern of the files' names: ``"{observer}_*.csv"``; ``{session}`` and ``{condition}`` may
        be in it, too.
    rt_unit : {"s", "ms"}, optional
        Unit of reaction times where the program does not fix it.
    encoding : str, optional
        How the text is written where it is neither UTF-8 nor UTF-16.

    Returns
    -------
    Imported
        `trials`, as `psychobench.read_trials` would give them, and `files`, the account of every
        row.

    Raises
    ------
    OptionError
        If an option cannot be what it is.
    TableError
        If a file cannot be read, or something is needed that only you can know.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "p01.csv")
    ...     _ = file.write_text("morph,key,rt_ms\n0.2,f,512\n0.8,j,430\n0.8,,\n")
    ...     found = import_trials(
    ...         file,
    ...         columns={"level": "morph", "response": "key", "rt": "rt_ms"},
    ...         keys={"j": 1, "f": 0},
    ...         observer_from="{observer}.csv",
    ...     )
    >>> found.trials
      observer condition  level  response  trial     rt
    0      p01       all    0.2       0.0      1  0.512
    1      p01       all    0.8       1.0      2  0.430
    2      p01       all    0.8       NaN      3    NaN
    >>> found.files[0].unanswered
    1
    """
    options = Options(
        dict(columns or {}),
        parse_keys({key: str(value) for key, value in (keys or {}).items()}),
        dict(where or {}),
        tuple(keep),
        tuple(also),
        dict(level_from or {}),
        observer_from,
        rt_unit,
    )
    check_options(options)
    paths = [Path(files)] if isinstance(files, (str, PathLike)) else [Path(each) for each in files]
    read = [_read(path, format, encoding, options) for path in check_distinct(paths)]
    opened = [open_file(*each, options) for each in read]
    check_keep(options, opened)
    usable = [each for each in opened if (each.why_left == "").any()]
    if not usable:
        raise TableError(*[no_trial(each) for each in opened])
    taking = [each.why_left == "" for each in usable]
    check_keys(
        [each.cells.loc[take, "response"] for each, take in zip(usable, taking, strict=True)],
        [each.cells.loc[take, "level"] for each, take in zip(usable, taking, strict=True)],
        [each.source for each in usable],
        options,
        usable[0].origin["response"],
    )
    finished = [finish(each, options) for each in opened]
    tables = [trials for trials, _ in finished if trials is not None]
    if not tables:
        raise TableError(*[no_trial(each) for each in opened])
    check_repeats(finished)
    trials = pd.concat(tables, ignore_index=True)
    trials.attrs = {"unanswered": int(trials["response"].isna().sum()), "notes": []}
    return Imported(
        _natural(trials),
        tuple(_noted(finished)),
        dict(options.keys),
        _pressed(usable, taking, options),
    )


def _read(
    path: Path, format: str, encoding: str | None, options: Options
) -> tuple[Path, Format, str, Source]:
    head = replace(load(path, encoding), wanted=options.wanted)
    found, reason = find_format(head, format)
    return path, found, reason, found.read(head)


def _natural(trials: pd.DataFrame) -> pd.DataFrame:
    """Give the trial numbers and the further columns the types that their cells have."""
    for name in trials:
        if name not in TEXTS and not pd.api.types.is_numeric_dtype(trials[name]):
            trials[name] = natural(trials[name].astype(object))
    return trials


def _noted(finished: Sequence[tuple[pd.DataFrame | None, FileAccount]]) -> list[FileAccount]:
    """Say where one observer is found in several files."""
    files: dict[str, list[str]] = {}
    for _, account in finished:
        for observer in account.observers:
            files.setdefault(observer, []).append(account.file)
    result = []
    for _, account in finished:
        shared = [o for o in account.observers if len(files[o]) > 1 and files[o][0] == account.file]
        notes = [
            f"observer '{o}' is in {len(files[o])} files: {', '.join(files[o])}" for o in shared
        ]
        result.append(replace(account, notes=(*account.notes, *notes)))
    return result


def _pressed(
    usable: list[Opened], taking: list[pd.Series[bool]], options: Options
) -> dict[str, int]:
    if not options.keys:
        return {}
    cells = [each.cells.loc[take, "response"] for each, take in zip(usable, taking, strict=True)]
    pressed = pd.concat(cells).map(key_of)
    return {key: int((pressed == key_of(key)).sum()) for key in options.keys}
