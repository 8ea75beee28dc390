"""`psychobench humans`: list the bundled cohorts, simulate another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psychobench.cli import options as shared
from psychobench.cli.groups import SuggestingGroup


@click.group(cls=SuggestingGroup)
def humans() -> None:
    """List or simulate human cohorts.

    Every bundled cohort is SIMULATED: a comparison against one demonstrates the method and says
    nothing about people. Bring real people's data with `compare --humans FILE`.
    """


@humans.command("list")
@shared.JSON
def list_(as_json: bool) -> None:
    """List the bundled cohorts that --humans takes by name; all are SIMULATED."""
    from psychobench.tables.output import json_rows, json_text
    from psychobench.trials.cohort import list_cohorts

    rows = json_rows(list_cohorts())
    if as_json:
        click.echo(json_text(rows), nl=False)
    for row in () if as_json else rows:
        click.echo(
            f"{row['name']}  {row['title']}, {row['n_levels']} levels, {row['n_trials']} trials"
        )


@humans.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="Write the trials here (.csv), and FILE.json with what they were made from.",
)
@click.option("--people", type=int, default=50, show_default=True, help="How many people.")
@click.option(
    "--mean-pse",
    type=float,
    default=0.532,
    show_default=True,
    help="Mean of the fitted PSEs.",
)
@click.option(
    "--sem-pse",
    type=float,
    default=0.018,
    show_default=True,
    help="Standard error of that mean.",
)
@click.option(
    "--levels",
    default="human",
    show_default=True,
    metavar="human|all|X,X,...",
    help="Levels that are judged: the published cohort's, all of the bundled set's, or these.",
)
@click.option("--repetitions", type=int, default=30, show_default=True, help="Of each level.")
@shared.SEED
@shared.OVERWRITE
def simulate(out: Path, overwrite: bool, **options: Any) -> None:
    """Simulate people whose fitted PSEs have a given mean and standard error.

    Each has a PSE, width, guess and lapse rate of their own and answers every trial by chance. The
    defaults are the published cohort's figures. The table says in a column that it is simulated,
    and so does everything that is made from it.
    """
    from psychobench.fits.cohort_simulation import KIND, simulate_cohort
    from psychobench.outputs import check_output_file

    check_output_file(out, (".csv",), kind=KIND, overwrite=overwrite)
    made = simulate_cohort(**options)
    saved = made.save(out, overwrite=overwrite)
    click.echo(f"Written to {saved}: {made.summary()}")
