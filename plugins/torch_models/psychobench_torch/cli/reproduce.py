"""`psychobench reproduce`: a paper's experiments from the networks to its tables and figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psychobench.plugins import JSON, OVERWRITE
from psychobench_torch.reproduction import DEFAULT_OBSERVERS


@click.command()
@click.argument("paper", metavar="ying2023")
@click.option(
    "--observer",
    multiple=True,
    metavar="NAME",
    help="Which of the paper's networks; repeat for several, 'all' for the five. A VGG trains its "
    "convolutions on first use, up to 20 minutes for each pre-training on two cores.  "
    f"[default: {', '.join(DEFAULT_OBSERVERS)}]",
)
@click.option(
    "--controls",
    is_flag=True,
    help="Ask alexnet_linear, alexnet_fresh and alexnet_ungated too: what carries FE's gain.",
)
@click.option(
    "--stimuli",
    default="rendered-average",
    show_default=True,
    metavar="NAME|DIR",
    help="What they judge: a bundled set (rendered faces), or a folder with images, levels.csv "
    "and the masks eyes, nose and mouth.",
)
@click.option(
    "--humans",
    default="simulated",
    show_default=True,
    metavar="NAME|FILE",
    help="The cohort: the bundled one, which is SIMULATED, or a CSV or TSV of your own.",
)
@click.option(
    "--columns", multiple=True, metavar="NAME=YOURS,...", help="Your names for the table's columns."
)
@click.option("--where", multiple=True, metavar="COL=VALUE", help="Use only these rows of FILE.")
@click.option(
    "--affectnet",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Train heads on your copy of AffectNet, by the paper's recipe, not on rendered faces.",
)
@click.option(
    "--vggface2",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Pre-train the face-based convolutions on your copy of VGGFace2, by the paper's recipe.",
)
@click.option(
    "--object-pretraining",
    default="procedural-objects",
    show_default=True,
    metavar="NAME|FILE",
    help="What stands for object-based pre-training; the paper's own is imagenet.",
)
@click.option(
    "--face-pretraining",
    metavar="NAME|FILE",
    help="What stands for face-based pre-training.  [default: rendered-faces]",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    metavar="N",
    help="Trainings of each network; the first is the one in the paper's tables.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the first."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write tables, figures, claims and departures here, and keep answers as they come: the "
    "same command goes on where it was stopped.",
)
@OVERWRITE
@JSON
def reproduce(paper: str, out: Path | None, overwrite: bool, as_json: bool, **options: Any) -> None:
    """Run experiments 1 to 3 of Ying, Li & Chen (2023) and set them beside the paper's numbers.

    Networks with object-based and with face-based pre-training judge 21 faces whole and with eyes,
    nose or mouth hidden; their PSEs are tested against people's. With no option the faces are
    rendered, the people SIMULATED and the weights trained on rendered images: that run shows the
    method, and every departure from the paper's recipe is listed. On two cores it takes up to half
    an hour.
    """
    import json

    from psychobench.plugins import check_output_folder
    from psychobench_torch.reproduction.reproduce import reproduce as run_again

    if out is not None:
        written = ["report.html", "fits.csv", "trials.csv", "reproduction.json"]
        check_output_folder(out, written, kind="reproduction", overwrite=overwrite)
    result = run_again(
        paper, observers=options.pop("observer") or DEFAULT_OBSERVERS, out=out, **options
    )
    if out is not None:
        result.save(out, overwrite=overwrite)
        click.echo(
            f"Written to {out}: report.html, tables, figures, claims.csv, departures.csv.", err=True
        )
    text = json.dumps(result.to_dict(), indent=2, allow_nan=False) if as_json else str(result)
    click.echo(text)
