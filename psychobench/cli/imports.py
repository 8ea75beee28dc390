"""`psychobench import`: from the files of experiment programs to a table of trials."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from psychobench.cli.options import OVERWRITE
from psychobench.messages import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psychobench.errors import PsychobenchError
    from psychobench.imports import Imported, ImportedFile
    from psychobench.imports.file_format import InputNeededError

_HELP = """\
Read FILEs that an experiment program wrote into one table of trials.

Reports which program it was, what became of every row, and how often each key was pressed. What a
key means is never guessed: give --map for each key, 1 for the target category. Then run psychobench
fit.

Formats: psychopy, jspsych, psychtoolbox (CSV and MAT files), opensesame, labjs, gorilla, eprime
(text logs and merged tables), presentation (logs), qualtrics*, bids* (beh), psych-ds*, psignifit
(triples), excel, and table for any other CSV or TSV with --columns.

* Experimental: built from descriptions of the format, without a real file to try it on. So is the
support of jsPsych 7, of PsychoPy before 2024 or with tabs or semicolons, of Gorilla's second task
builder, of E-Prime's merged tables, and of MATLAB 7.3. Check the counts.
"""


@click.command("import", help=_HELP)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", default="auto", show_default=True, metavar="NAME")
@click.option(
    "--map",
    multiple=True,
    metavar="KEY=0|1",
    help="What a key means, 1 for the target category; once for each key. With --correct or "
    "--chose-when, which value of the other column it stands for.",
)
@click.option(
    "--columns",
    multiple=True,
    metavar="NAME=THEIRS,...",
    help="What the files call our columns, like level=contrast,observer=code.",
)
@click.option(
    "--level",
    metavar="EXPRESSION",
    help='The level as an expression of columns, like "right - left".',
)
@click.option(
    "--level-from",
    metavar="COLUMN=PATTERN",
    help="Read the level out of a text, like 'stimulus=faces/*_{level}.png'.",
)
@click.option(
    "--fields-from",
    multiple=True,
    metavar="COLUMN=PATTERN",
    help="Read several columns out of a text, like 'stimulus={identity}_{condition}_{level}.png'.",
)
@click.option(
    "--observer-from",
    metavar="PATTERN",
    help="Read who answered out of the file's name, like '{observer}_*.csv'.",
)
@click.option(
    "--correct",
    metavar="KEY=SIDE",
    help="Answers are right where the column KEY is as the column SIDE; or the one column that "
    "holds right and wrong.",
)
@click.option(
    "--chose-when",
    metavar="KEY=PLACE",
    help="The comparison was chosen where the column KEY is as the column PLACE.",
)
@click.option(
    "--task", metavar="yes-no|2afc|nafc:N", help="The task, where answers look right or wrong."
)
@click.option("--where", multiple=True, metavar="COL=VALUE", help="Only rows like these.")
@click.option(
    "--keep",
    multiple=True,
    metavar="REASON",
    help="Take rows otherwise left out for this reason: practice.",
)
@click.option(
    "--also", multiple=True, metavar="COL,COL", help="Further columns of the files to keep."
)
@click.option("--rt-unit", metavar="s|ms", help="Unit of reaction times, where it is not known.")
@click.option("--encoding", metavar="NAME", help="How text is written, if not UTF-8 or UTF-16.")
@click.option("--interactive", is_flag=True, help="Ask for what is missing.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The new table."
)
@OVERWRITE
@click.option("--json", "as_json", is_flag=True, help="Print the account of all rows as JSON.")
def import_command(
    files: tuple[Path, ...],
    interactive: bool,
    out: Path,
    overwrite: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Read the options, import, write and report."""
    from psychobench.imports import import_trials
    from psychobench.imports.imported import KIND, check_out
    from psychobench.outputs import check_output_file

    check_out(out, files)
    check_output_file(out, (".csv",), kind=KIND, overwrite=overwrite)
    found = _asking(files, options) if interactive else import_trials(files, **options)
    found.save(out, overwrite=overwrite)
    click.echo(_to_json(found, out) if as_json else _readable(found, out))


def _asking(files: tuple[Path, ...], options: dict[str, Any]) -> Imported:
    """Import; ask for each thing that turns out to be missing."""
    from psychobench.imports import import_trials
    from psychobench.imports.file_format import InputNeededError
    from psychobench.trials.columns import parse_columns

    options["columns"] = parse_columns(options["columns"])
    while True:
        try:
            return import_trials(files, **options)
        except InputNeededError as needed:
            _print_faults(needed)
            options |= _ask(needed, options)


def _ask(needed: InputNeededError, options: dict[str, Any]) -> dict[str, Any]:
    """Ask for one thing; return the options that say it."""
    columns = options["columns"]
    if needed.need == "map":
        return {"map": _ask_keys(needed.choices)}
    if needed.need == "sides":
        return {"map": {key: click.prompt(f"Key {key} is", err=True) for key in needed.choices}}
    if needed.need == "level_from":
        column, likely = needed.choices
        pattern = click.prompt("Pattern of the level", default=likely, err=True)
        others = {ours: name for ours, name in columns.items() if ours != "level"}
        return {"level_from": {column: pattern}, "columns": others}
    if needed.need in ("rt_unit", "task"):
        text = {"rt_unit": "Unit", "task": "Task"}[needed.need]
        choice = click.Choice(needed.choices)
        return {needed.need: click.prompt(text, type=choice, err=True)}
    if needed.need == "observer":
        name = click.prompt("Column, or the file's name like {observer}_*.csv", err=True)
        if "{observer}" in name:
            return {"observer_from": name}
    else:
        choice = click.Choice(needed.choices)
        text = f"Column of the {needed.need}"
        name = click.prompt(text, type=choice, show_choices=False, err=True)
    return {"columns": columns | {needed.need: name}}


def _ask_keys(keys: Sequence[str]) -> dict[str, int]:
    """Ask what each key means until the answers make sense."""
    from psychobench.errors import OptionError
    from psychobench.imports.options import parse_map

    meanings = click.Choice(["0", "1", "other"])
    while True:
        answers = {key: click.prompt(f"Key {key} means", type=meanings, err=True) for key in keys}
        try:
            return parse_map({key: each for key, each in answers.items() if each != "other"})
        except OptionError as error:
            _print_faults(error)


def _print_faults(error: PsychobenchError) -> None:
    """Print what is wrong in the words of the command line."""
    click.echo("\n".join(map(_in_options, error.faults)), err=True)


def _in_options(text: str) -> str:
    from psychobench.cli.wording import in_options

    return in_options(text, click.get_current_context().command)


def _readable(found: Imported, out: Path) -> str:
    lines = [line for account in found.files for line in _about(account)]
    if found.keys:
        parts = [
            f"{k} = {v} ({number_of(found.pressed[k], 'trial')})" for k, v in found.keys.items()
        ]
        lines.append(f"Keys: {', '.join(parts)}.")
    lines += [f"Note: {_in_options(note)}." for note in found.notes]
    lines += ["", found.levels.to_string(index=False, float_format="{:g}".format), ""]
    trials = found.trials
    unanswered = sum(each.unanswered for each in found.files)
    lines.append(
        f"Wrote {out}: {number_of(len(trials), 'trial')} of "
        f"{number_of(trials['observer'].nunique(), 'observer')}, {unanswered} without an answer."
    )
    return "\n".join(lines)


def _about(account: ImportedFile) -> list[str]:
    left = ", ".join(f"{n} {reason}" for reason, n in account.left.items())
    columns = ", ".join(f"{ours} from {theirs}" for ours, theirs in account.columns.items())
    lines = [
        f"{account.file}: {account.format}, because {account.reason}.",
        f"  {number_of(account.rows, 'row')}: {account.taken} taken ({account.unanswered} without "
        f"an answer), {account.rows - account.taken} left out{': ' + left if left else ''}.",
    ]
    lines += [f"  {columns}."] if columns else []
    notes = [_in_options(note.removeprefix(account.file + ": ")) for note in account.notes]
    return lines + [f"  Note: {note}." for note in notes]


def _to_json(found: Imported, out: Path) -> str:
    import json

    summary = found.to_json() | {"out": str(out)}
    return json.dumps(summary, indent=2, allow_nan=False, ensure_ascii=False)
