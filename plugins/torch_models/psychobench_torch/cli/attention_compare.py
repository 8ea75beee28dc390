"""`psychobench attention compare`: maps of networks beside where people looked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from psychobench.cli.options import JSON, SEED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from psychobench.gaze import BlurRecipe, GazeComparison, Placement


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
    help="A table image, subject, x_px, y_px, duration_ms; EyeLink .asc files; or BIDS gaze.",
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
    "--display",
    metavar="WIDTHxHEIGHT",
    help="The display in pixels, where coordinates are the display's; images in its middle.",
)
@click.option(
    "--scale",
    type=float,
    default=1.0,
    show_default=True,
    metavar="X",
    help="How many pixels of the display a pixel of the image took.",
)
@click.option(
    "--origin",
    type=click.Choice(["0", "1"]),
    default="0",
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
    help="Write tables and figure here.",
)
@JSON
def compare(maps: Path, fixations: Path, out: Path | None, as_json: bool, **options: Any) -> None:
    """Compare maps of attention with where people looked, image by image and pooled.

    Beside the maps stand an all-zero map, a bump in the middle of the image, and other people:
    a map that is not clearly better than the first two says nothing about where people look.
    Intervals are bootstrapped over images.
    """
    import json

    from psychobench.gaze.score_files import gaze_json, gaze_text
    from psychobench.resources import check_writable

    recipe, placement, renamed = _checked(options)
    if out is not None:
        check_writable(out)
    compared, galleries = _compared(
        maps, fixations, options["images"], recipe, placement, renamed, options["seed"]
    )
    if out is not None:
        _write(compared, galleries, out)
        click.echo(
            f"Written to {out}: gaze.csv, images.csv, gaze.json; as .png, .svg and .pdf gaze, "
            "error" + (" and gallery-*." if options["images"] else "; galleries need --images."),
            err=True,
        )
    click.echo(
        json.dumps(gaze_json(compared), indent=2, allow_nan=False)
        if as_json
        else gaze_text(compared)
    )


def _checked(options: dict[str, Any]) -> tuple[BlurRecipe, Placement, dict[str, str]]:
    """Read the options: how people's maps are made, where images stood, names of columns."""
    from psychobench.trials.columns import parse_pairs

    recipe = _recipe(
        options["sigma_px"],
        options["sigma_deg"],
        options["pixels_per_degree"],
        options["normalise"],
    )
    placement = _placement(
        options["display"], options["scale"], int(options["origin"]), options["period"]
    )
    pairs = parse_pairs(options["columns"], "columns", "image=picture", commas=True)
    return recipe, placement, pairs


def _compared(
    maps: Path,
    fixations: Path,
    images: Path | None,
    recipe: BlurRecipe,
    placement: Placement,
    renamed: dict[str, str],
    seed: int,
) -> tuple[GazeComparison, Iterator[tuple[str, Figure]]]:
    """Compare; give the galleries, too, which are drawn as they are taken."""
    from psychobench.gaze import compare_maps, read_fixations
    from psychobench.gaze.gallery import draw_galleries
    from psychobench.gaze.map_files import find_maps, map_sizes, weights_notes
    from psychobench.gaze.photographs import find_images, image_sizes

    found, about = find_maps(maps), weights_notes(maps)
    photographs = find_images(images) if images is not None else []
    sizes = image_sizes(photographs) if photographs else map_sizes(maps, found)
    gaze = read_fixations(fixations, sizes, placement=placement, columns=renamed)
    compared = compare_maps(found, gaze, recipe=recipe, seed=seed, about=about, progress=True)
    by_name = {path.name: path for path in photographs}
    return compared, draw_galleries(found, gaze, by_name, recipe, about)


def _write(compared: GazeComparison, galleries: Iterator[tuple[str, Figure]], out: Path) -> None:
    from psychobench.gaze.score_files import write_gaze
    from psychobench.resources import staged_folder

    with staged_folder(out) as folder:
        write_gaze(compared, folder, galleries)


def _recipe(
    sigma_px: float, sigma_deg: float | None, pixels_per_degree: float | None, normalise: Any
) -> BlurRecipe:
    """Take the published window with the published sigma, else one as wide as is needed."""
    from dataclasses import replace

    from psychobench.errors import OptionError
    from psychobench.gaze import BlurRecipe

    if (sigma_deg is None) != (pixels_per_degree is None):
        raise OptionError(
            "a blur in degrees needs both --sigma-deg and --pixels-per-degree: only one is given"
        )
    if sigma_deg is not None and pixels_per_degree is not None:
        recipe = BlurRecipe.degrees(sigma_deg, pixels_per_degree)
    elif sigma_px == BlurRecipe.sigma_px:
        recipe = BlurRecipe()
    else:
        recipe = BlurRecipe(sigma_px, None)
    return replace(recipe, normalise=normalise)


def _placement(
    display: str | None, scale: float, origin: int, period: tuple[float, float] | None
) -> Placement:
    from psychobench.errors import OptionError
    from psychobench.gaze import Placement

    size = None
    if display is not None:
        parts = display.lower().split("x")
        if len(parts) != 2 or not all(part.isdigit() and int(part) > 0 for part in parts):
            raise OptionError(
                f"--display must be WIDTHxHEIGHT in pixels, such as 1920x1080: it is '{display}'"
            )
        size = int(parts[0]), int(parts[1])
    return Placement(size, scale, origin, period)
