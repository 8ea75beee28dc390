"""`psychobench attention compare`: maps compared with where people looked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psychobench.cli.options import JSON, OVERWRITE, SEED


@click.command()
@click.option(
    "--maps",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Maps, one folder per source: SOURCE/IMAGE.npz, .npy or .png.",
)
@click.option(
    "--fixations",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="A table image, subject, x_px, y_px, duration_ms; Tobii or EyeLink exports; or BIDS gaze.",
)
@click.option(
    "--images",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The photographs, for their sizes and the galleries. VOC2007's folders are known.  "
    "[default: sizes from maps.json, or the maps' own]",
)
@click.option(
    "--columns", multiple=True, metavar="NAME=YOURS,...", help="Your names for the columns."
)
@click.option(
    "--image-pattern",
    metavar="REGEX",
    help="Finds the image's name in EyeLink messages, as its one group: 'SHOW (.+)'.",
)
@click.option(
    "--display",
    metavar="WIDTHxHEIGHT",
    help="The display in pixels, where coordinates are the display's; images in its middle.",
)
@click.option(
    "--display-scale",
    type=float,
    default=1.0,
    show_default=True,
    metavar="X",
    help="How many pixels of the display a pixel of the image took.",
)
@click.option(
    "--origin",
    type=click.IntRange(0, 1),
    default=0,
    show_default=True,
    help="The number of the first pixel; 1 for data from MATLAB.",
)
@click.option(
    "--period",
    nargs=2,
    type=float,
    metavar="FROM TO",
    help="Display period in ms on the clock of onset_ms; only fixations wholly in it count.",
)
@click.option(
    "--sigma-px", type=float, default=20.0, show_default=True, help="The blur, in image pixels."
)
@click.option(
    "--sigma-deg",
    type=float,
    help="The blur in degrees of visual angle instead; needs --pixels-per-degree.",
)
@click.option(
    "--pixels-per-degree", type=float, metavar="X", help="Image pixels in a degree, as shown."
)
@click.option(
    "--normalise",
    type=click.Choice(["after", "before"]),
    default="after",
    show_default=True,
    help="Divide people's maps by their maximum after the blur, or before it, as published.",
)
@SEED
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write tables and figures here.",
)
@OVERWRITE
@JSON
def compare(out: Path | None, overwrite: bool, as_json: bool, **options: Any) -> None:
    """Compare maps of attention with where people looked, image by image and pooled.

    Two baselines are scored beside the maps: an all-zero map, and a Gaussian fitted to where people
    looked on the other images. A map that is not clearly better says nothing about where people
    look. A second table compares maps with other people, one viewer at a time. Intervals are
    bootstrapped over images.
    """
    import json

    from psychobench.gaze import compare_maps
    from psychobench.gaze.comparison import ALWAYS, KIND
    from psychobench.outputs import check_output_folder

    if out is not None:
        check_output_folder(out, ALWAYS, kind=KIND, overwrite=overwrite)
    compared = compare_maps(**options, progress=True)
    if out is not None:
        compared.save(out, overwrite=overwrite)
        click.echo(
            f"Written to {out}: gaze.csv, images.csv, ceiling.csv, gaze.json; as .png, .svg and "
            ".pdf gaze, error, ceiling"
            + (" and gallery-*." if options["images"] else "; galleries need --images."),
            err=True,
        )
    click.echo(
        json.dumps(compared.to_json(), indent=2, allow_nan=False) if as_json else compared.summary()
    )
