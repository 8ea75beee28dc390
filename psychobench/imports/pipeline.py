"""Files in, trials and their account out: the one path that all formats share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import pandas as pd

from psychobench.errors import OptionError, TableError
from psychobench.imports.account import FileAccount, Imported
from psychobench.imports.columns import Options, cells_of, check_level, key_of, seconds_of
from psychobench.imports.formats import find_format, load
from psychobench.imports.keys import check_keys, meanings
from psychobench.imports.patterns import parse_keys
from psychobench.imports.rows import kept, other_keys, reasons
from psychobench.imports.source import ALL_OF_IT, Format, Source
from psychobench.responses.cells import is_blank, natural
from psychobench.responses.columns import TRIAL_COLUMNS, check_mapping, shown
from psychobench.responses.reading import TEXTS
from psychobench.responses.table import validate_trials

_REPEATED = 3  # equal reaction times that cannot be chance


@dataclass(frozen=True)
class _File:
    """A file on its way."""

    path: Path
    format: Format
    reason: str
    source: Source
    cells: pd.DataFrame
    origin: dict[str, str]
    why_left: pd.Series[str]
    reasons: frozenset[str]
    notes: tuple[str, ...]


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
    _check_options(options)
    paths = [Path(files)] if isinstance(files, (str, PathLike)) else [Path(each) for each in files]
    read = [_read(path, format, encoding) for path in _distinct(paths)]
    opened = [_open(each, options) for each in read]
    _check_keep(options, opened)
    usable = [each for each in opened if (each.why_left == "").any()]
    if not usable:
        raise TableError(*[_no_trial(each) for each in opened])
    taking = [each.why_left == "" for each in usable]
    check_keys(
        [each.cells.loc[take, "response"] for each, take in zip(usable, taking, strict=True)],
        [each.cells.loc[take, "level"] for each, take in zip(usable, taking, strict=True)],
        [each.source for each in usable],
        options,
        usable[0].origin["response"],
    )
    finished = [_finish(each, options) for each in opened]
    tables = [trials for trials, _ in finished if trials is not None]
    if not tables:
        raise TableError(*[_no_trial(each) for each in opened])
    _check_repeats(finished)
    trials = pd.concat(tables, ignore_index=True)
    trials.attrs = {"unanswered": int(trials["response"].isna().sum()), "notes": []}
    return Imported(
        _natural(trials),
        tuple(_noted(finished)),
        dict(options.keys),
        _pressed(usable, taking, options),
    )


def _check_options(options: Options) -> None:
    check_mapping(options.columns)
    wrong = [n for n in ("p_target", "n_trials", "n_target") if n in options.columns]
    if wrong:
        raise OptionError(
            f"people's exports have keys, not {wrong[0]}: psychobench fit reads such tables as "
            "they are, with the same --columns"
        )
    if options.rt_unit not in (None, "s", "ms"):
        raise OptionError(f"--rt-unit must be s or ms: got '{options.rt_unit}'")
    if len(options.level_from) > 1 or (options.level_from and "level" in options.columns):
        raise OptionError(
            "the level must come from one place: give --level-from once, or --columns"
        )
    if options.observer_from and "observer" in options.columns:
        raise OptionError(
            "the observer must come from one place: leave out --observer-from, or observer= "
            "in --columns"
        )


def _check_repeats(finished: Sequence[tuple[pd.DataFrame | None, FileAccount]]) -> None:
    """Check that no run comes in twice, such as once as CSV and once as JSON."""
    seen: list[tuple[pd.DataFrame, str]] = []
    for trials, account in finished:
        if trials is None or "rt" not in trials or trials["rt"].notna().sum() < _REPEATED:
            continue
        for other, file in seen:
            if other.equals(trials):
                raise TableError(
                    f"a run must be given once: {account.file} and {file} hold the same "
                    f"{len(trials)} trials; leave one out"
                )
        seen.append((trials, account.file))


def _check_keep(options: Options, opened: Sequence[_File]) -> None:
    """Check that each reason to keep rows is one for which rows would be left."""
    found = {reason for each in opened for reason in each.reasons}
    for word in options.keep:
        if not any(reason.startswith(word) for reason in found):
            raise OptionError(
                f"--keep must be a reason for which rows are left: none is left for '{word}'; "
                f"reasons found: {shown(sorted(found)) if found else 'none'}"
            )


def _distinct(paths: Sequence[Path]) -> list[Path]:
    """Check that no file is given twice, under whatever name."""
    if not paths:
        raise OptionError("a file must be named: none was")
    seen: dict[str, Path] = {}
    for path in paths:
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest in seen:
                raise TableError(
                    f"a file must be given once: {path} and {seen[digest]} have the same "
                    "content; leave one out"
                )
            seen[digest] = path
    return list(paths)


def _read(path: Path, format: str, encoding: str | None) -> tuple[Path, Format, str, Source]:
    head = load(path, encoding)
    found, reason = find_format(head, format)
    return path, found, reason, found.read(head)


def _open(read: tuple[Path, Format, str, Source], options: Options) -> _File:
    """Find our columns, and the rows that may be trials."""
    path, form, reason, source = read
    if source.rows.index.isin(list(source.left)).all():  # nothing to look for columns in
        cells = pd.DataFrame({"level": "", "response": ""}, index=source.rows.index)
        why = pd.Series(source.left, dtype=object).reindex(cells.index)
        return _File(path, form, reason, source, cells, {}, why, frozenset(why), source.notes)
    cells, origin, notes = cells_of(source, options, path)
    given = reasons(source, cells, options)
    check_level(cells.loc[given == "", "level"], origin["level"], path)
    why = kept(given, cells, options)
    said = frozenset(given) - {""}
    return _File(path, form, reason, source, cells, origin, why, said, (*source.notes, *notes))


def _no_trial(file: _File) -> str:
    left = ", ".join(f"{n} {reason}" for reason, n in file.why_left.value_counts().items())
    remedy = "leave the file out, or look at --columns level=NAME, --where and --keep"
    return f"a file must have a trial: {file.path} has none (rows: {left}); {remedy}"


def _finish(file: _File, options: Options) -> tuple[pd.DataFrame | None, FileAccount]:
    """Give answers their meaning, times their unit, and each row its place in the account."""
    why, origin = file.why_left.copy(), dict(file.origin)
    take = why == ""
    if options.keys:
        strange = take & other_keys(file.cells["response"], options.keys)
        why = why.mask(strange, "other key (" + file.cells["response"].map(key_of) + ")")
    presented = file.cells[take].copy()
    if "trial" not in presented:
        presented["trial"] = range(1, len(presented) + 1)
        origin["trial"] = "the order of rows"
    cells = presented[why[take] == ""]
    trials, notes = None, list(file.notes)
    if file.source.experimental or file.format.experimental == ALL_OF_IT:
        notes.append(
            f"reading such files of {file.format.title} is experimental, because none was at hand; "
            "compare the counts with what you know"
        )
    if len(cells):
        built = cells.assign(response=meanings(cells["response"], options))
        if "rt" in built:
            built["rt"], origin["rt"] = seconds_of(
                cells["rt"], origin["rt"], file.source, options, file.path
            )
        trials = validate_trials(built, source=str(file.path))
        notes += [f"{file.path}: {note}" for note in _uneven_levels(built)]
    else:
        notes.append(_no_trial(replace(file, why_left=why)))
    counts = why[why != ""].value_counts().to_dict()
    source, form = file.source, file.format
    account = FileAccount(
        str(file.path),
        form.name,
        ", ".join(filter(None, (file.reason, source.detail))),
        len(why),
        len(cells),
        sum(map(is_blank, cells["response"])),
        {str(reason): int(n) for reason, n in counts.items()},
        {ours: origin[ours] for ours in TRIAL_COLUMNS if ours in origin and ours in cells},
        tuple(trials["observer"].unique()) if trials is not None else (),
        tuple(notes),
    )
    return trials, account


def _uneven_levels(built: pd.DataFrame) -> list[str]:
    """Point at the levels that occur more or less often than most do: a cell may be wrong."""
    levels = built["level"].astype(float)
    counts = levels.value_counts().sort_index()
    usual = counts.mode().iloc[-1]
    odd = counts[counts != usual]
    if len(counts) < 3 or usual < 2 or odd.empty or len(odd) > len(counts) / 2:
        return []
    parts = [
        f"{level:g} has {n}{f' (row {levels.index[levels == level][0]})' if n == 1 else ''}"
        for level, n in odd.items()
    ]
    return [f"most levels have {usual} trials, but {', '.join(parts)}"]


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
    usable: list[_File], taking: list[pd.Series[bool]], options: Options
) -> dict[str, int]:
    if not options.keys:
        return {}
    cells = [each.cells.loc[take, "response"] for each, take in zip(usable, taking, strict=True)]
    pressed = pd.concat(cells).map(key_of)
    return {key: int((pressed == key_of(key)).sum()) for key in options.keys}
