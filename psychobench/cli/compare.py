"""`psychobench compare`: observers answer, curves are fitted, PSEs tested against the cohort."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psychobench.cli import options as shared
from psychobench.cli.screen import show, text_width


@click.command()
@click.option(
    "--observer",
    multiple=True,
    required=True,
    metavar="NAME",
    help="Who is compared with people; repeatable. `psychobench observers list` shows the names.",
)
@click.option(
    "--stimuli",
    default="rendered-average",
    show_default=True,
    metavar="NAME|DIR",
    help="What observers judge: a bundled set (rendered faces) or a folder with images and "
    "levels.csv.",
)
@click.option(
    "--humans",
    default="simulated",
    show_default=True,
    metavar="NAME|FILE",
    help="The people: the bundled cohort, which is SIMULATED, or a CSV or TSV file.",
)
@shared.COLUMNS
@shared.WHERE
@click.option(
    "--mask",
    multiple=True,
    metavar="none|eyes|nose|mouth...",
    help="What is hidden from the observers; repeatable.  [default: none and all masks of the set]",
)
@click.option(
    "--match",
    metavar="CONDITION=MASK,...",
    help="The mask that each of the cohort's conditions is compared with, e.g. whole=none.",
)
@click.option(
    "--levels",
    default="all",
    show_default=True,
    metavar="all|human|X,X,...",
    help="Levels that observers judge: all of the set, those that the people judged, or these.",
)
@click.option(
    "--pretraining", metavar="NAME|FILE", help="What the weights were trained on before this task."
)
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    metavar="N",
    help="Draw N yes-no answers per image from each observer instead of using its probabilities.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="Train each observer N times, from --seed on, to measure how its PSE varies; 1: once.",
)
@click.option(
    "--margin",
    type=float,
    metavar="X",
    help="Test for equivalence within this margin, in level units.",
)
@click.option(
    "--family",
    type=click.Choice(["valid", "planned"]),
    default="valid",
    show_default=True,
    help="Tests that the corrections count: those of all fits with a PSE, or all planned.",
)
@click.option(
    "--recovery",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Simulate N times for each observer that people answer as it does: how often is it found "
    "to describe them best?",
)
@shared.STATUSES
@shared.fitting(engine="ml")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the report page, tables and figure here.",
)
@shared.OVERWRITE
@shared.VERBOSE
@shared.JSON
def compare(
    observer: tuple[str, ...],
    mask: tuple[str, ...],
    out: Path | None,
    overwrite: bool,
    verbose: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Compare how observers and people judge the same stimuli.

    Each observer judges every image under every mask; psychometric functions are fitted to its
    answers and to each participant's. PSE and JND are tested against the cohort's: could the
    observer be one of these people, does it differ from the average person, is it equivalent to the
    average person? Curves and errors are compared as well. Observers that can be trained again are
    trained --seeds times, and all their PSEs are tested together.

    The default cohort is simulated and the default faces are rendered: the result demonstrates the
    method and makes no claim about people.
    """
    import json

    from psychobench import study
    from psychobench.outputs import check_output_folder
    from psychobench.studies.files import ALWAYS, KIND

    if out is not None:
        check_output_folder(out, ALWAYS, kind=KIND, overwrite=overwrite)
    found = study(observer, masks=mask or None, **options)
    if out is not None:
        found.save(out, overwrite=overwrite)
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=2, allow_nan=False))
    else:
        show(found.summary(verbose=verbose, width=text_width()))
    if out is not None:
        click.echo(f"Report: {out / 'report.html'} (figure, tables and text beside it)", err=True)
