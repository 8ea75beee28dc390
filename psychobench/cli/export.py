"""`psychobench export`: trials in the forms that archives and other programs take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psychobench.cli import options as shared


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--to",
    required=True,
    metavar="bids|psych-ds|long",
    help="BIDS and Psych-DS for archives, long for R (lme4, quickpsy) and JASP.",
)
@shared.COLUMNS
@shared.WHERE
@click.option("--name", default="trials", show_default=True, help="Name of the task or study.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="The data set."
)
def export(file: Path, **options: Any) -> None:
    """Write the trials of FILE as a data set into DIR.

    FILE is a table of trials, as psychobench import writes it. DIR must be new or empty.
    """
    from psychobench.exports import export_trials
    from psychobench.messages import number_of

    made = export_trials(file, **options)
    click.echo(f"Wrote {made.folder}: {number_of(len(made.files), 'file')}.")
