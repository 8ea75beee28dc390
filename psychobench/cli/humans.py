"""`psychobench humans`: list the bundled cohorts, simulate another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from psychobench.cli.levels import parse_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from psychobench.fits.pse import Fits
    from psychobench.trials.cohort import Cohort


@click.group()
def humans() -> None:
    """List or simulate human cohorts.

    Every bundled cohort is SIMULATED: a comparison against one demonstrates the method and says
    nothing about people. Bring real people's data with `compare --humans FILE`.
    """


@humans.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def list_(as_json: bool) -> None:
    """List the bundled cohorts that --humans takes by name; all are SIMULATED."""
    from psychobench.trials.cohort import list_cohorts, load_cohort

    rows = [_row(load_cohort(name)) for name in list_cohorts()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    for row in () if as_json else rows:
        click.echo(
            f"{row['name']}  {row['title']}, {row['n_levels']} levels, {row['n_trials']} trials"
        )


def _row(cohort: Cohort) -> dict[str, Any]:
    return {
        "name": cohort.name,
        "title": cohort.title,
        "simulated": cohort.simulated,
        "n": cohort.n,
        "n_levels": int(cohort.table["level"].nunique()),
        "n_trials": len(cohort.table),
        "sha256": cohort.sha256,
    }


@humans.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="Write the trials here (CSV), and FILE.json with what they were made from.",
)
@click.option("--observers", "n", type=int, default=50, show_default=True, help="How many people.")
@click.option(
    "--mean-pse",
    type=float,
    default=0.532,
    show_default=True,
    help="Mean that the fitted PSEs are to have.",
)
@click.option(
    "--sem-pse",
    type=float,
    default=0.018,
    show_default=True,
    help="Standard error of that mean.",
)
@click.option(
    "--levels", metavar="X,X,...", help="Levels that are judged.  [default: 0,.2,.3,.5,.7,.8,1]"
)
@click.option("--repetitions", type=int, default=30, show_default=True, help="Of each level.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same table.")
def simulate(out: Path, levels: str | None, **options: Any) -> None:
    """Simulate people whose fitted PSEs have a given mean and standard error.

    Each has a PSE, width, guess and lapse rate of their own and answers every trial by chance. The
    defaults are the published cohort's figures. The table calls itself simulated, in a column, and
    so does everything that is made from it.
    """
    from tqdm import tqdm

    from psychobench.fits.pse import fit
    from psychobench.resources import check_writable, write_whole
    from psychobench.stimuli import HUMAN_LEVELS
    from psychobench.tables.output import csv_bytes
    from psychobench.trials.simulate import simulate_cohort

    tested = HUMAN_LEVELS if levels is None else parse_levels(levels)
    check_writable(out.parent)
    stimuli = _bundled_stimuli(tested)
    with tqdm(desc="Simulating", unit=" fits", leave=False, disable=None) as bar:

        def fit_once_more(people: pd.DataFrame) -> Fits:
            bar.update()
            return fit(people)

        table = simulate_cohort(fit_once_more, levels=tested, stimuli=stimuli, **options)
    reached = table.attrs["reached"]
    data = csv_bytes(table)
    write_whole(out, data)
    record = _record(data, {"levels": list(tested), **options}, reached)
    write_whole(out.with_name(out.name + ".json"), record)
    click.echo(
        f"Written to {out}: {options['n']} SIMULATED people, {len(table)} trials, fitted PSEs "
        f"with mean {reached['mean_pse']:.4f} and SEM {reached['sem_pse']:.4f}."
    )


def _bundled_stimuli(levels: Sequence[float]) -> list[str] | None:
    """Name the bundled stimulus of each level, where every level has one."""
    from psychobench.stimuli import load_stimuli

    table = load_stimuli().table
    ids = dict(zip(table["level"], table["stimulus"], strict=True))
    return [ids[level] for level in levels] if all(level in ids for level in levels) else None


def _record(data: bytes, options: dict[str, Any], reached: dict[str, Any]) -> bytes:
    """Write down, for people and for programs, what a table was made from."""
    import hashlib

    from psychobench.trials.simulate import MODEL

    levels = ",".join(f"{level:g}" for level in options["levels"])
    about = {
        "title": f"{options['n']} SIMULATED people: nobody judged anything",
        "simulated": True,
        "command": "psychobench humans simulate --out FILE "
        f"--observers {options['n']} --mean-pse {options['mean_pse']:g} "
        f"--sem-pse {options['sem_pse']:g} --levels {levels} "
        f"--repetitions {options['repetitions']} --seed {options['seed']}",
        "sha256": hashlib.sha256(data).hexdigest(),
        "target": {"mean_pse": options["mean_pse"], "sem_pse": options["sem_pse"]},
        "reached": {
            "mean_pse": round(reached["mean_pse"], 6),
            "sem_pse": round(reached["sem_pse"], 6),
            "statuses": reached["statuses"],
        },
        "engine": "ml, default options",
        "model": MODEL,
    }
    return (json.dumps(about, indent=1) + "\n").encode()
