"""`psychobench analyse`: people's trials in, checked, fitted, described and tested."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from psychobench.cli import options as shared
from psychobench.cli.screen import show, text_width
from psychobench.cli.wording import in_options

if TYPE_CHECKING:
    from psychobench.analysis import Analysis


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--plan",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Make the choices of this plan.toml; options beside it are reported as departures.",
)
@shared.COLUMNS
@shared.WHERE
@click.option(
    "--within",
    multiple=True,
    metavar="COL,...",
    help="Columns of conditions that every participant went through, the one of most interest "
    "first; repeatable.  [default: condition]",
)
@click.option(
    "--between",
    multiple=True,
    metavar="COL,...",
    help="Columns that tell groups of people apart; repeatable.",
)
@click.option(
    "--pairs",
    multiple=True,
    metavar="marginal|simple|cells",
    help="What is compared where there are several factors: means over the other factors, the "
    "first factor at each level of the others, or all cells that differ in one factor; "
    "repeatable.  [default: marginal and simple]",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="RULE",
    help="Exclude whoever a check flags, like ends, or by its value, like missing>0.2; "
    "repeatable. Without it nobody is excluded.",
)
@shared.STATUSES
@click.option(
    "--family",
    type=click.Choice(["planned", "valid"]),
    default="planned",
    show_default=True,
    help="Tests that the corrections count: all pairs of the design, or those that have a test.",
)
@click.option(
    "--gof",
    type=int,
    metavar="N",
    help="Check each fit against N simulated data sets; 0 checks nothing.  "
    "[default: 100; 0 for probabilities and with --share]",
)
@shared.fitting(engine="bayes")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the report page, figures and tables here.",
)
@shared.OVERWRITE
@shared.VERBOSE
@shared.JSON
def analyse(
    file: Path, out: Path | None, overwrite: bool, verbose: bool, as_json: bool, **options: Any
) -> None:
    """Analyse your participants' trials: checks, curves, PSE and JND, tests in words.

    FILE is a CSV or TSV of trials (observer, level, response) or counts. Each participant's trials
    are checked before any fit; flags are reported, and nobody is excluded unless --exclude says so.
    """
    import json

    from psychobench.analysis import analyse as analyse_file
    from psychobench.analysis.files import ALWAYS, KIND
    from psychobench.outputs import check_output_folder

    if out is not None:
        check_output_folder(out, ALWAYS, kind=KIND, overwrite=overwrite)
    if options["plan"] is not None:
        options = shared.given(options)
    found = _as_typed(analyse_file(file, **options), out)
    if out is not None:
        found.save(out, overwrite=overwrite)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        show(found.summary(verbose=verbose, width=text_width()))
    if out is not None:
        click.echo(f"Report: {out / 'report.html'} (figures, tables and text beside it)", err=True)


def _as_typed(found: Analysis, out: Path | None) -> Analysis:
    """Record where the results go; word the notes as one types options."""
    from dataclasses import replace

    options = {**found.provenance["options"], "out": None if out is None else str(out)}
    made = {**found.provenance, "options": options}
    command = click.get_current_context().command

    def worded(notes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(in_options(note, command) for note in notes)

    screening = found.screening
    if screening is not None:
        screening = replace(screening, notes=worded(screening.notes))
    return replace(found, provenance=made, screening=screening, notes=worded(found.notes))
