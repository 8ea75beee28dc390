"""`psychobench stimuli morph`: a continuum of photographs from a spec."""

from __future__ import annotations

from pathlib import Path

import click

from psychobench.cli.options import OVERWRITE


@click.command()
@click.argument("spec", metavar="SPEC.toml", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Write the images, levels, landmarks, masks, statistics and hashes here.",
)
@OVERWRITE
def morph(spec: Path, out: Path, overwrite: bool) -> None:
    """Morph photographs into a continuum: the same spec gives the same images.

    The spec names two or more images with their templates and the level of each, or one image and
    the difference to be applied to it. Its files lie in its folder or below.
    """
    from psychobench import morph_stimuli

    made = morph_stimuli(spec, out, overwrite=overwrite, progress=True)
    click.echo(f"Written to {out}: {len(made.table)} images, {made.title}.", err=True)
