"""`psychobench stimuli mask`: add masks to a set of images with landmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psychobench.cli.options import OVERWRITE


@click.command()
@click.argument("stimuli", metavar="NAME|DIR")
@click.option(
    "--mask",
    "masks",
    multiple=True,
    metavar="REGION|NAME=REGION|NAME=I,J,K",
    help="Hide eyes, nose, mouth, eyes+brows, upper-half, lower-half or inner-face, or the polygon "
    "of landmarks I, J, K ...; may be repeated.",
)
@click.option(
    "--spec",
    type=click.Path(path_type=Path),
    metavar="FILE.toml",
    help="Take the masks from the tables [masks.NAME] of this file.",
)
@click.option("--fill", metavar="grey|mean|local|noise|blur", help="What is seen instead.")
@click.option("--grey", type=int, metavar="0..255", help="The grey of --fill grey.  [default: 128]")
@click.option("--blur", type=float, metavar="PIXELS", help="The spread of --fill blur.")
@click.option("--feather", type=float, metavar="PIXELS", help="Width of the soft edge.")
@click.option(
    "--reach",
    type=float,
    metavar="DISTANCES",
    help="How far the mask reaches beyond the landmarks, in pupil distances.",
)
@click.option("--seed", type=int, metavar="N", help="For --fill noise.  [default: 0]")
@click.option("--control", is_flag=True, help="Add a mask of equal area off all features.")
@click.option("--inverse", is_flag=True, help="Hide all but the region.")
@click.option("--follow", is_flag=True, help="Let the mask follow the features of each image.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Write the set with its masks, fills and masked images here.",
)
@OVERWRITE
def mask(stimuli: str, out: Path, **options: Any) -> None:
    """Add masks to a set, and write the masked images for the program that shows them.

    The images need landmarks: a template beside each, or landmarks.csv. One mask serves all
    levels, so that its outline reveals nothing of the expression, unless you ask for --follow.
    """
    from psychobench import load_stimuli, mask_stimuli

    loaded = load_stimuli(stimuli)
    masked = mask_stimuli(loaded, out, **options, progress=True)
    new = [name for name in masked.covers if name not in loaded.covers]
    for name in new:
        about = masked.covers[name].about
        share = about["share_of_face"]
        of_face = "" if share is None else f", {100 * share:.1f} % of the face"
        click.echo(f"{name}  {about['area_pixels']:.0f} pixels{of_face}")
    click.echo(f"Written to {out}: {len(masked.table)} images, {len(new)} new masks.", err=True)
