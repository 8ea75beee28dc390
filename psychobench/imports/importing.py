"""From files to trials and their account: the path that all formats share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from psychobench.arguments import Names, Pairs
from psychobench.errors import TableError
from psychobench.imports.answer_meaning import advise_comparison
from psychobench.imports.assembly import assemble_trials
from psychobench.imports.consistency import (
    check_distinct,
    check_keep,
    check_repeats,
    check_task,
    note_dates,
    note_single_levels,
    note_task,
)
from psychobench.imports.file_format import ExportRows, FileFormat, InputNeededError
from psychobench.imports.formats.detection import check_format, find_format, load
from psychobench.imports.imported import Imported, ImportedFile
from psychobench.imports.options import ImportOptions, parse_options
from psychobench.imports.parsed_file import ParsedFile, no_trial, parse_file
from psychobench.imports.response_keys import check_keys, count_keys
from psychobench.imports.unused_columns import find_unused_columns, keep_columns, note_unused
from psychobench.tables.cells import infer_numbers
from psychobench.tables.reading import TEXTS


def import_trials(
    files: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    format: str = "auto",
    map: Pairs = None,
    columns: Pairs = None,
    level: str | None = None,
    level_from: Pairs = None,
    fields_from: Pairs = None,
    observer_from: str | None = None,
    correct: Pairs = None,
    chose_when: Pairs = None,
    task: str | None = None,
    where: Pairs = None,
    keep: Names = None,
    also: Names = None,
    rt_unit: str | None = None,
    encoding: str | None = None,
) -> Imported:
    r"""Read the exports of experiment programs into one table of trials.

    Parameters
    ----------
    files : path or iterable of paths
        One file or several, of one format or several; ``~`` is the home folder.
    format : str, default "auto"
        The format of the files; recognised from each file by default.
    map : mapping of str to {0, 1}, or str or list of str, optional
        What each key means, 1 for the target category: ``{"j": 1, "f": 0}`` or
        ``["j=1", "f=0"]``. Needed where answers are keys. Beside `correct` or `chose_when`: which
        value of the other column a key stands for, ``{"j": "right", "f": "left"}``, where the two
        are not the same.
    columns : mapping of str to str, or str or list of str, optional
        What the files call our columns, by our name: ``{"level": "contrast"}`` or
        ``"level=contrast,observer=code"``.
    level : str, optional
        The level as an expression of columns, with ``+ - * /``, ``abs``, ``log10`` and ``log2``:
        ``"right - left"``.
    level_from : mapping of str to str, or str or list of str, optional
        A column and the pattern by which the level is read from it:
        ``{"stimulus": "faces/*_{level}.png"}`` or ``"stimulus=faces/*_{level}.png"``. Further
        names in the pattern, such as ``{identity}``, become columns.
    fields_from : mapping of str to str, or str or list of str, optional
        Columns, and the patterns by which others are read from them:
        ``{"stimulus": "{identity}_{condition}_{level}.png"}``.
    observer_from : str, optional
        Pattern of the files' names: ``"{observer}_*.csv"``; ``{session}`` and ``{condition}`` may
        be in it, too.
    correct : str, mapping of str to str or list of str, optional
        The column of answers and the one that says which is right in each trial, ``"key=side"``:
        the response is 1 where both agree. Or the one column that holds right and wrong already,
        ``"key_resp.corr"``; trials without an answer are then unanswered, not wrong.
    chose_when : str, mapping of str to str or list of str, optional
        The same for two intervals or places: the column of answers and the one that says where the
        comparison was, ``"key=position"``. The response is 1 where the comparison was chosen.
    task : str, optional
        ``"2afc"``, ``"nafc:N"`` or ``"yes-no"``. Needed where answers look right or wrong and
        nothing else says so.
    where : mapping of str to str, or str or list of str, optional
        Only rows in which each of these columns has its value: ``{"stage": "test"}`` or
        ``"stage=test"``.
    keep : str or list of str, optional
        Reasons, such as ``"practice"``, for which rows are to be taken all the same.
    also : str or list of str, optional
        Further columns of the files to keep.
    rt_unit : {"s", "ms"}, optional
        Unit of reaction times if the program does not prescribe it.
    encoding : str, optional
        The encoding of text that is neither UTF-8 nor UTF-16.

    Returns
    -------
    Imported
        `trials`, as `psychobench.read_trials` would return them, and `files`, the account of every
        row.

    Raises
    ------
    OptionError
        If a parameter has a value that it cannot have, or contradicts another.
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
    ...         map={"j": 1, "f": 0},
    ...         columns="level=morph,response=key,rt=rt_ms",
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
    options = parse_options(
        columns=columns,
        map=map,
        where=where,
        keep=keep,
        also=also,
        level=level,
        level_from=level_from,
        fields_from=fields_from,
        correct=correct,
        chose_when=chose_when,
        task=task,
        observer_from=observer_from,
        rt_unit=rt_unit,
    )
    check_format(format)
    paths = check_distinct(_paths(files))
    read = [_read(path, format, encoding, options) for path in paths]
    parsed = [parse_file(*each, options) for each in read]
    check_keep(options, parsed)
    answered = _check_answers(parsed, options)
    usable = [each for each in parsed if each.taken.any()]
    unused = find_unused_columns(usable, options)
    parsed = [keep_columns(each, unused) if each.taken.any() else each for each in parsed]
    assembled = [assemble_trials(each, options) for each in parsed]
    tables = [trials for trials, _ in assembled if trials is not None]
    if not tables:
        raise TableError(*[account.notes[-1] for _, account in assembled])  # says that of each
    check_repeats(assembled)
    trials = pd.concat(tables, ignore_index=True)
    source = str(paths[0]) if len(paths) == 1 else f"{len(paths)} imported files"
    unanswered = int(trials["response"].isna().sum())
    trials.attrs = {"source": source, "unanswered": unanswered, "notes": []}
    check_task(trials, usable[0].origin["response"], options)
    accounts = _note_shared_observers([account for _, account in assembled])
    pressed = count_keys(answered, options.map)
    notes = [
        *filter(None, [advise_comparison(usable, options), note_task(options)]),
        *note_single_levels(trials),
        *note_dates(trials),
        *note_unused(unused),
    ]
    return Imported(
        _with_natural_types(trials),
        tuple(accounts),
        dict(options.map),
        pressed,
        tuple(notes),
        unused,
    )


def _paths(files: Any) -> list[Path]:
    one = isinstance(files, (str, PathLike)) or not isinstance(files, Iterable)
    several = [files] if one else list(files)
    for each in several:
        if not isinstance(each, (str, PathLike)):
            raise TableError(
                f"files must be paths, one or several in a list: got a {type(each).__name__}; "
                "name files that an experiment program wrote"
            )
    return [Path(each).expanduser() for each in several]


def _read(
    path: Path, format: str, encoding: str | None, options: ImportOptions
) -> tuple[Path, FileFormat, str, ExportRows]:
    file = load(path, options.named_columns, encoding)
    found, reason = find_format(file, format)
    return path, found, reason, found.read(file)


def _check_answers(parsed: Sequence[ParsedFile], options: ImportOptions) -> pd.Series[str]:
    """Check that there are trials and that each key has its meaning; return all answers."""
    usable = [each for each in parsed if each.taken.any()]
    if not usable:
        raise TableError(*map(no_trial, parsed))
    answers = [each.cells.loc[each.taken, "response"] for each in usable]
    levels = [each.cells.loc[each.taken, "level"] for each in usable]
    exports = [each.export for each in usable]
    try:
        check_keys(answers, levels, exports, options, usable[0].origin["response"])
    except InputNeededError as needed:
        if advice := advise_comparison(usable, options):
            raise InputNeededError(
                needed.need, *needed.faults, f"  {advice}", choices=needed.choices
            ) from None
        raise
    together: pd.Series[str] = pd.concat(answers)
    return together


def _with_natural_types(trials: pd.DataFrame) -> pd.DataFrame:
    """Convert the trial numbers and further columns to numbers where all their cells are."""
    for name in trials:
        if name not in TEXTS and not pd.api.types.is_numeric_dtype(trials[name]):
            trials[name] = infer_numbers(trials[name].astype(object))
    return trials


def _note_shared_observers(accounts: Sequence[ImportedFile]) -> list[ImportedFile]:
    """Note in the first of several files where one observer is found in all of them."""
    files: dict[str, list[str]] = {}
    for account in accounts:
        for observer in account.observers:
            files.setdefault(observer, []).append(account.file)
    result = []
    for account in accounts:
        shared = [o for o in account.observers if len(files[o]) > 1 and files[o][0] == account.file]
        notes = [
            f"observer '{o}' is in {len(files[o])} files: {', '.join(files[o])}" for o in shared
        ]
        result.append(replace(account, notes=(*account.notes, *notes)))
    return result
