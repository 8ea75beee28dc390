"""`psychobench attention draw`: where observers look, as figures, maps and tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psychobench.cli.options import JSON, OVERWRITE, SEED


@click.command()
@click.argument("observer", nargs=-1, required=True)
@click.option(
    "--method",
    default="layercam",
    show_default=True,
    metavar="cam|gradcam|guided-backprop|guided-gradcam|layercam|dense",
    help="How attention is mapped; observers may have other methods.",
)
@click.option(
    "--levels",
    default="0,.25,.5,.75,1",
    show_default=True,
    metavar="all|X,...",
    help="The columns of the figure; shares are measured at all levels of the set.",
)
@click.option(
    "--mask",
    multiple=True,
    metavar="none|eyes|nose|mouth...",
    help="What is hidden; repeat for several.  [default: none]",
)
@click.option(
    "--pretraining",
    multiple=True,
    metavar="NAME|FILE",
    help="What the weights saw before this task; repeat for several.",
)
@click.option("--layer", metavar="NAME", help="Where to read: conv5, conv54, features.11 ...")
@click.option(
    "--score",
    metavar="happy|sad|margin|winning",
    help="Which score is explained: a label's, the difference of the two, or for each image the "
    "higher one.  [default: the observer's target]",
)
@click.option(
    "--reading",
    multiple=True,
    metavar="NAME=VALUE",
    help="A choice that the method leaves open, such as total=sum for dense; repeat for several.",
)
@click.option(
    "--stimuli",
    default="rendered-average",
    show_default=True,
    metavar="NAME|DIR",
    help="What they look at: a bundled set (rendered faces), or a folder with images and "
    "levels.csv.",
)
@click.option(
    "--colour-scale",
    type=click.Choice(["figure", "row", "map"]),
    default="figure",
    show_default=True,
    help="What shares one colour scale.",
)
@click.option(
    "--regions",
    type=click.Choice(["fixed", "own"]),
    default="fixed",
    show_default=True,
    help="Face parts: the same pixels at all levels, or each image's own.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Train N heads of each observer; tests then count heads.",
)
@click.option(
    "--rendered-people",
    type=click.IntRange(min=2),
    metavar="N",
    help="Measure shares on N rendered people at --levels; tests then count people.",
)
@click.option(
    "--faithfulness", is_flag=True, help="Delete and insert pixels in the order of the maps."
)
@SEED
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Write figures, maps (.npz) and tables here.",
)
@OVERWRITE
@JSON
def draw(
    observer: tuple[str, ...],
    mask: tuple[str, ...],
    reading: tuple[str, ...],
    colour_scale: Any,
    out: Path,
    overwrite: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Draw where OBSERVERs look, and measure how much of it lies in each region of the face.

    Rows are observers, pre-trainings and masks; columns are levels. Raw maps are written, too. The
    bundled faces are rendered: what a network does with them demonstrates the method.
    """
    import json

    from psychobench.attention.mapping import map_attention
    from psychobench.attention.study_files import ALWAYS, KIND
    from psychobench.outputs import check_output_folder

    check_output_folder(out, ALWAYS, kind=KIND, overwrite=overwrite)
    study = map_attention(observer, masks=mask, readings=reading, **options)
    study.save(out, colour_scale=colour_scale, overwrite=overwrite)
    if as_json:
        click.echo(json.dumps(study.to_json(), indent=2, allow_nan=False))
    else:
        click.echo(study.summary())
    click.echo(f"Written to {out}: figures, maps/*.npz, tables, attention.json.", err=True)
