"""`psychobench import`: what experiment programs write in, a table of trials out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from psychobench.cli.notes import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psychobench.imports import FileAccount, Imported
    from psychobench.imports.reader import NeededError

_HELP = """\
Read FILEs that an experiment program wrote into one table of trials.

Says which program it was, what became of every row, and what each key means: that is never
guessed, so give --map for each key, 1 for the target category. Then run psychobench fit.

Formats: psychopy, jspsych, psychtoolbox (CSV and MAT files), opensesame*, labjs*, gorilla*,
eprime* (text), presentation* (logs), bids* (beh), psych-ds*, excel, and table for any other CSV or
TSV with --columns.

* Experimental: built from descriptions of the format. No real file of it was at hand, nor one of
jsPsych 7, of PsychoPy with tabs or semicolons or before 2024, or of MATLAB 7.3. Check the counts.
"""


@click.command("import", help=_HELP)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "format_", default="auto", show_default=True, metavar="NAME")
@click.option(
    "--map",
    "keys",
    multiple=True,
    metavar="KEY=0|1",
    help="What a key means, 1 for the target category; once for each key.",
)
@click.option(
    "--columns",
    multiple=True,
    metavar="NAME=THEIRS,...",
    help="What the files call our columns, like level=contrast,observer=code.",
)
@click.option(
    "--level-from",
    metavar="COLUMN=PATTERN",
    help="Read the level out of a text, like 'stimulus=faces/*_{level}.png'.",
)
@click.option(
    "--observer-from",
    metavar="PATTERN",
    help="Read who answered out of the file's name, like '{observer}_*.csv'.",
)
@click.option("--where", multiple=True, metavar="COL=VALUE", help="Only rows like these.")
@click.option(
    "--keep", multiple=True, metavar="REASON", help="Take rows left for this reason: practice."
)
@click.option("--also", metavar="COL,COL", help="Further columns of the files to keep.")
@click.option("--rt-unit", metavar="s|ms", help="Unit of reaction times, where it is not known.")
@click.option("--encoding", metavar="NAME", help="How text is written, if not UTF-8 or UTF-16.")
@click.option("--interactive", is_flag=True, help="Ask for what is missing.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The new table."
)
@click.option("--json", "as_json", is_flag=True, help="Print the account of all rows as JSON.")
def import_command(
    files: tuple[Path, ...],
    format_: str,
    keys: tuple[str, ...],
    columns: tuple[str, ...],
    level_from: str | None,
    where: tuple[str, ...],
    also: str | None,
    interactive: bool,
    out: Path,
    as_json: bool,
    **options: Any,
) -> None:
    """Read the options, import, write and tell."""
    from psychobench.imports.patterns import parse_keys
    from psychobench.tables.output import csv_bytes
    from psychobench.trials.columns import parse_columns, parse_names, parse_pairs, parse_where

    _check_out(out, files)
    options |= {
        "format": format_,
        "keys": parse_keys(parse_pairs(keys, "map", "a=1")),
        "columns": parse_columns(columns),
        "where": parse_where(where),
        "also": parse_names(also, "also"),
        "level_from": parse_pairs(level_from, "level_from", "stimulus=*_{level}.png"),
    }
    found = _asking(files, options) if interactive else _import(files, options)
    from psychobench.resources import write_whole

    write_whole(out, csv_bytes(_for_csv(found.trials)))
    click.echo(_to_json(found, out) if as_json else _readable(found, out))


def _import(files: tuple[Path, ...], options: dict[str, Any]) -> Imported:
    from psychobench.imports import import_trials

    return import_trials(files, **options)


def _check_out(out: Path, files: tuple[Path, ...]) -> None:
    from psychobench.errors import OptionError, ResourceError
    from psychobench.resources import check_writable

    if out.suffix.lower() != ".csv":
        raise OptionError(f"--out must end in .csv: got {out}")
    if out.is_dir():
        raise ResourceError(f"--out must be a file: {out} is a folder")
    if out.exists() and any(each.exists() and each.samefile(out) for each in files):
        raise OptionError(f"--out must be another file than those imported: {out} is one of them")
    check_writable(out.parent)


def _asking(files: tuple[Path, ...], options: dict[str, Any]) -> Imported:
    """Import; ask for each thing that turns out to be missing."""
    from psychobench.imports.reader import NeededError

    while True:
        try:
            return _import(files, options)
        except NeededError as need:
            click.echo("\n".join(need.faults), err=True)
            _ask(need, options)


def _ask(need: NeededError, options: dict[str, Any]) -> None:
    if need.need == "keys":
        options["keys"] = _ask_keys(need.choices)
    elif need.need == "level_from":
        column, likely = need.choices
        pattern = click.prompt("Pattern of the level", default=likely, err=True)
        options["level_from"] = {column: pattern}
        options["columns"] = {k: v for k, v in options["columns"].items() if k != "level"}
    elif need.need == "rt_unit":
        options["rt_unit"] = click.prompt("Unit", type=click.Choice(need.choices), err=True)
    elif need.need == "observer":
        name = click.prompt("Column, or the file's name like {observer}_*.csv", err=True)
        if "{observer}" in name:
            options["observer_from"] = name
        else:
            options["columns"] = {**options["columns"], "observer": name}
    else:
        choice = click.Choice(need.choices)
        name = click.prompt(f"Column of the {need.need}", type=choice, show_choices=False, err=True)
        options["columns"] = {**options["columns"], need.need: name}


def _ask_keys(keys: Sequence[str]) -> dict[str, int]:
    from psychobench.errors import OptionError
    from psychobench.imports.patterns import parse_keys

    meanings = click.Choice(["0", "1", "other"])
    while True:
        answers = {key: click.prompt(f"Key {key} means", type=meanings, err=True) for key in keys}
        try:
            return parse_keys({key: each for key, each in answers.items() if each != "other"})
        except OptionError as error:
            click.echo("\n".join(error.faults), err=True)


def _for_csv(trials: Any) -> Any:
    """Write answers as 0 and 1, not as 0.0 and 1.0."""
    return trials.assign(response=trials["response"].astype("Int64"))


def _readable(found: Imported, out: Path) -> str:
    lines = [line for account in found.files for line in _about(account)]
    if found.keys:
        parts = [f"{k} = {v} ({count(found.pressed[k], 'trial')})" for k, v in found.keys.items()]
        lines.append(f"Keys: {', '.join(parts)}.")
    lines += ["", found.levels.to_string(index=False, float_format="{:g}".format), ""]
    trials = found.trials
    unanswered = sum(each.unanswered for each in found.files)
    lines.append(
        f"Wrote {out}: {count(len(trials), 'trial')} of "
        f"{count(trials['observer'].nunique(), 'observer')}, {unanswered} without an answer."
    )
    return "\n".join(lines)


def _about(account: FileAccount) -> list[str]:
    left = ", ".join(f"{n} {reason}" for reason, n in account.left.items())
    columns = ", ".join(f"{ours} from {theirs}" for ours, theirs in account.columns.items())
    lines = [
        f"{account.file}: {account.format}, because {account.reason}.",
        f"  {count(account.rows, 'row')}: {account.taken} taken ({account.unanswered} without an "
        f"answer), {account.rows - account.taken} left{': ' + left if left else ''}.",
    ]
    lines += [f"  {columns}."] if columns else []
    return lines + [f"  Note: {note.removeprefix(account.file + ': ')}." for note in account.notes]


def _to_json(found: Imported, out: Path) -> str:
    import json

    summary = found.to_json() | {"out": str(out)}
    return json.dumps(summary, indent=2, allow_nan=False, ensure_ascii=False)
