"""`psychobench stimuli`: make, show and check stimulus sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from psychobench.cli.checks import check
from psychobench.cli.masks import mask
from psychobench.cli.morph import morph

if TYPE_CHECKING:
    from psychobench.stimuli import StimulusSet

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")


@click.group()
def stimuli() -> None:
    """Make, show and check stimulus sets.

    The bundled faces are rendered, not photographed. A set of your own is a folder with images of
    one size, levels.csv (columns stimulus,level) and, if wanted, masks/NAME.png (white hides, grey
    in part) with what is seen instead in fills/NAME.png (mid-grey without).
    """


stimuli.add_command(check)
stimuli.add_command(mask)
stimuli.add_command(morph)


@stimuli.command("list")
@JSON
def list_(as_json: bool) -> None:
    """List the bundled sets."""
    from psychobench.stimuli import list_stimuli, load_stimuli

    rows = [_summary(load_stimuli(name)) for name in list_stimuli()]
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        masks = ", ".join(row["masks"]) or "none"
        click.echo(f"{row['name']}  {row['title']}; {row['n_levels']} levels; masks: {masks}")


@stimuli.command()
@click.argument("name", metavar="NAME|DIR")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE.png",
    help="Draw every image under every mask here.",
)
@JSON
def show(name: str, out: Path | None, as_json: bool) -> None:
    """Check a set and say what is in it; with --out, draw it as a contact sheet."""
    from psychobench.resources import write_whole
    from psychobench.stimuli import load_stimuli

    loaded = load_stimuli(name)
    if out is not None:
        write_whole(out, _sheet(loaded))
        click.echo(f"Written to {out}.", err=True)
    summary = _summary(loaded)
    if as_json:
        _print_json(summary)
        return
    for key, value in summary.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(f"{key:<9} {'none' if text == '' else text}")


@stimuli.command()
@click.argument("spec", metavar="SPEC.toml|NAME")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Write the images, levels, landmarks, masks and hashes here.",
)
def render(spec: str, out: Path) -> None:
    """Render a face continuum from a spec: the same spec gives the same images.

    A bundled set's name renders that set anew; its spec.toml is a good start for your own.
    """
    from psychobench.resources import bundled, check_writable
    from psychobench.stimuli import list_stimuli
    from psychobench.stimuli.rendering.render_spec import SPEC_FILE, read_spec
    from psychobench.stimuli.rendering.rendered_set import render_set

    known = spec in list_stimuli()
    checked = read_spec(bundled("stimuli") / spec / SPEC_FILE if known else Path(spec))
    check_writable(out)
    render_set(checked, out, progress=True)
    click.echo(f"Written to {out}: {len(checked.levels)} images of the {checked.title}.", err=True)


def _summary(loaded: StimulusSet) -> dict[str, Any]:
    values = sorted(loaded.table["level"].unique().tolist())
    height, width = loaded.pixels.shape[1:3]
    return {
        "name": loaded.name,
        "title": loaded.title,
        "rendered": loaded.rendered,
        "bundled": loaded.bundled,
        "folder": str(loaded.folder),
        "n_images": len(loaded.table),
        "n_levels": len(values),
        "levels": values,
        "width": width,
        "height": height,
        "masks": list(loaded.masks),
        "sha256": loaded.sha256,
    }


def _sheet(loaded: StimulusSet) -> bytes:
    import io

    from psychobench.draw.sheet import draw_sheet

    order = loaded.table["level"].argsort(kind="stable").to_numpy()
    masks = ["none", *loaded.masks]
    figure = draw_sheet(
        {mask: loaded.images(mask)[order] for mask in masks},
        [f"{level:g}" for level in loaded.table["level"].iloc[order]],
        title=f"{loaded.name}: {loaded.title}",
    )
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _print_json(document: object) -> None:
    import json

    click.echo(json.dumps(document, indent=2, allow_nan=False))
