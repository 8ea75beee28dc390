"""`psychobench stimuli mask`: add masks to a set of images with landmarks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from psychobench.stimuli.masks import MaskSpec


@click.command()
@click.argument("name", metavar="NAME|DIR")
@click.option(
    "--mask",
    "wanted",
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
@click.option("--reach", type=float, help="Reach beyond the landmarks, in pupil distances.")
@click.option("--seed", type=int, metavar="N", help="Of --fill noise.  [default: 0]")
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
def mask(name: str, wanted: tuple[str, ...], spec: Path | None, out: Path, **options: Any) -> None:
    """Add masks to a set, and write the masked images for the program that shows them.

    The images need landmarks: a template beside each, or landmarks.csv. One mask serves all
    levels, so that its outline says nothing of the expression, unless you ask for --follow.
    """
    from psychobench.resources import check_writable
    from psychobench.stimuli import load_stimuli
    from psychobench.stimuli.masked_set import mask_set, masks_for

    specs = _read_specs(wanted, spec, {k: v for k, v in options.items() if v not in (None, False)})
    check_writable(out)
    loaded = load_stimuli(name)
    masks = masks_for(loaded, specs)
    mask_set(loaded, masks, out, progress=True)
    for mask_name, made in masks.items():
        about = made.describe()
        share = about["share_of_face"]
        of_face = "" if share is None else f", {100 * share:.1f} % of the face"
        click.echo(f"{mask_name}  {about['area_pixels']:.0f} pixels{of_face}")
        for leak in made.leaks:
            click.echo(f"Warning: mask {mask_name}: {leak}.", err=True)
    click.echo(f"Written to {out}: {len(loaded.table)} images, {len(masks)} new masks.", err=True)


def _read_specs(
    wanted: tuple[str, ...], spec: Path | None, options: dict[str, Any]
) -> tuple[MaskSpec, ...]:
    from psychobench.errors import OptionError, StimulusError
    from psychobench.stimuli.masks import read_mask_specs
    from psychobench.stimuli.toml_specs import read_toml

    if bool(wanted) == (spec is not None):
        raise OptionError(
            "masks must come from --mask or from --spec: "
            f"{'both are' if wanted else 'neither is'} given; write for example --mask eyes"
        )
    faults: list[str] = []
    if spec is not None:
        if options:
            raise OptionError(
                f"--{next(iter(options))} belongs to --mask: with --spec, write it into {spec}"
            )
        _, found = read_toml(spec)
        specs = read_mask_specs(found.get("masks", {}), faults)
        if not specs and not faults:
            faults.append(f"a spec must have masks: {spec} has none; write [masks.NAME]")
    else:
        specs = read_mask_specs(_tables(wanted, options), faults)
    if faults:
        raise StimulusError(*faults)
    return specs


def _tables(wanted: tuple[str, ...], options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Turn REGION, NAME=REGION and NAME=I,J,K into the tables that a spec has."""
    from psychobench.errors import OptionError
    from psychobench.stimuli.masks import as_region

    tables: dict[str, dict[str, Any]] = {}
    for text in wanted:
        name, separator, what = text.partition("=")
        if not separator:
            name, what = as_region(text).replace("+", "-"), text
        numbers = [word.strip() for word in what.split(",")]
        where: dict[str, Any] = {"region": what}
        if numbers[0].lstrip("-").isdigit():
            where = {"points": [int(w) if w.lstrip("-").isdigit() else w for w in numbers]}
        if name in tables:
            raise OptionError(f"each mask must be given once: --mask {name} is there twice")
        tables[name] = {**where, **options}
    return tables
