"""`psychobench export`: trials in the forms that archives and other programs take."""

from __future__ import annotations

from pathlib import Path

import click

from psychobench.cli.notes import count, note_input


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "form",
    required=True,
    metavar="bids|psych-ds|long",
    help="BIDS and Psych-DS for archives, long for R (lme4, quickpsy) and JASP.",
)
@click.option(
    "--columns", multiple=True, metavar="NAME=THEIRS,...", help="What FILE calls our columns."
)
@click.option("--where", multiple=True, metavar="COL=VALUE", help="Only rows like these.")
@click.option("--name", default="trials", show_default=True, help="Of the task or study.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="The data set."
)
def export(
    file: Path,
    form: str,
    columns: tuple[str, ...],
    where: tuple[str, ...],
    name: str,
    out: Path,
) -> None:
    """Write the trials of FILE as a data set into DIR.

    FILE is a table of trials, as psychobench import writes it. DIR must be new or empty.
    """
    from psychobench.errors import OptionError
    from psychobench.exports import export_files
    from psychobench.resources import check_writable, staged_folder
    from psychobench.trials.table import parse_columns, parse_where, read_trials

    if out.is_dir() and any(out.iterdir()):
        raise OptionError(f"--out must be a new or empty folder: {out} holds files; name another")
    check_writable(out)
    table = read_trials(file, columns=parse_columns(columns), where=parse_where(where))
    files = export_files(table, form, name=name)
    note_input(table, file)
    with staged_folder(out) as staged:
        for place, data in files.items():
            (staged / place).parent.mkdir(parents=True, exist_ok=True)
            (staged / place).write_bytes(data)
    click.echo(f"Wrote {out}: {count(len(files), 'file')}.")
