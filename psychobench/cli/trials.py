"""`psychobench trials`: the list of trials that people and networks both answer."""

from __future__ import annotations

from pathlib import Path

import click

from psychobench.cli.groups import SuggestingGroup
from psychobench.cli.options import OVERWRITE


@click.group(cls=SuggestingGroup)
def trials() -> None:
    """Make the trial list that people and networks share."""


@trials.command()
@click.option(
    "--stimuli",
    default="rendered-average",
    show_default=True,
    metavar="NAME|DIR",
    help="What is shown: a bundled set (rendered faces), or a folder with images and levels.csv.",
)
@click.option(
    "--levels",
    metavar="human|all|X,X,...",
    help="Which levels: the seven that people judged, all, or these.  "
    "[default: human of a bundled set, all of a folder's]",
)
@click.option(
    "--repetitions",
    type=int,
    default=30,
    show_default=True,
    metavar="N",
    help="How often each image is shown.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, metavar="N", help="Same seed, same order."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Write the list, its images and the conditions files here.",
)
@OVERWRITE
def make(
    stimuli: str,
    levels: str | None,
    repetitions: int,
    seed: int,
    out: Path,
    overwrite: bool,
) -> None:
    """Write a seeded trial list with its images, ready for PsychoPy and jsPsych.

    By default seven levels are shown 30 times each.
    """
    from psychobench import make_trials

    trials = make_trials(stimuli, levels=levels, repetitions=repetitions, seed=seed)
    trials.save(out, overwrite=overwrite)
    n_levels = trials.table["level"].nunique()
    click.echo(
        f"Written to {out}: {len(trials.table)} trials at {n_levels} levels, "
        f"{trials.stimuli.title}."
    )
