"""`psychobench compare`: observers answer, curves are fitted, PSEs tested against the cohort."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psychobench.cli import options as shared


@click.command()
@click.option(
    "--observer",
    multiple=True,
    required=True,
    metavar="NAME",
    help="Who answers; repeat for several. `psychobench observers list` names them.",
)
@click.option(
    "--stimuli",
    default="rendered-average",
    show_default=True,
    metavar="NAME|DIR",
    help="What they judge: a bundled set (rendered faces), or a folder with images and levels.csv.",
)
@click.option(
    "--humans",
    default="simulated",
    show_default=True,
    metavar="NAME|FILE",
    help="The cohort: the bundled one, which is SIMULATED, or a CSV or TSV of your own.",
)
@shared.COLUMNS
@shared.WHERE
@click.option(
    "--mask",
    multiple=True,
    metavar="none|eyes|nose|mouth...",
    help="What is hidden from observers; repeat for several.  [default: none and all of the set's]",
)
@click.option(
    "--match",
    metavar="CONDITION=MASK,...",
    help="Which of the cohort's conditions each mask is tested against, e.g. whole=none.",
)
@click.option(
    "--levels",
    type=click.Choice(["all", "human"]),
    default="all",
    show_default=True,
    help="Fit observers on all of the set's levels, or on those that the people judged.",
)
@click.option("--pretraining", metavar="NAME|FILE", help="What the weights saw before this task.")
@click.option(
    "--engine",
    default="ml",
    show_default=True,
    metavar="ml|bayes|psignifit",
    help="What fits the curves.",
)
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    metavar="N",
    help="Draw N yes-no answers per level from each observer instead of using its probabilities.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="Train each observer N times, from --seed on, to see how its PSE scatters; 1: once.",
)
@click.option(
    "--margin",
    type=float,
    metavar="X",
    help="Test for equivalence: the largest difference in level units that counts as none.",
)
@click.option(
    "--family",
    type=click.Choice(["valid", "planned"]),
    default="valid",
    show_default=True,
    help="What the corrections count: fits with a PSE, or all planned.",
)
@shared.STATUSES
@shared.SEED
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the report page, tables and figure here.",
)
@shared.JSON
def compare(out: Path | None, as_json: bool, **options: Any) -> None:
    """Test how human an observer's judgements are.

    Each observer judges every image under every mask; a psychometric function is fitted to its
    answers and to each participant's. PSE and JND are tested against the cohort's: could the
    observer be one of these people, does it differ from the average person, is it as good as equal
    to the average person? Curves and errors are compared as well. Where an observer can be trained
    again, that is done --seeds times, and all its PSEs are tested together.

    The default cohort is simulated and the default faces are rendered: the result demonstrates the
    method and makes no claim about people.
    """
    import json

    from psychobench.cli.study import run_study
    from psychobench.reports.study_files import study_json, write_study
    from psychobench.reports.study_text import study_text
    from psychobench.resources import staged_folder

    study = run_study(out=out, **options)
    if out is not None:
        with staged_folder(out) as folder:
            write_study(study, folder)
        click.echo(
            f"Written to {out}: report.html, tables, figure (curves.png, .svg, .pdf), provenance.",
            err=True,
        )
    if as_json:
        click.echo(json.dumps(study_json(study), indent=2, allow_nan=False))
    else:
        click.echo(study_text(study))
