"""`psychobench stimuli`: make, show and check stimulus sets."""

from __future__ import annotations

from pathlib import Path

import click

from psychobench.cli.checks import check
from psychobench.cli.groups import SuggestingGroup
from psychobench.cli.landmarks import landmarks
from psychobench.cli.masks import mask
from psychobench.cli.morph import morph
from psychobench.cli.options import JSON, OVERWRITE


@click.group("stimuli", cls=SuggestingGroup)
def stimuli_command() -> None:
    """Make, show and check stimulus sets.

    The bundled faces are rendered, not photographed. A set of your own is a folder with images of
    one size, levels.csv (columns stimulus,level) and, if you like, masks/NAME.png (white hides,
    grey hides in part) with what is seen instead in fills/NAME.png (mid-grey without).
    """


stimuli_command.add_command(check)
stimuli_command.add_command(landmarks)
stimuli_command.add_command(mask)
stimuli_command.add_command(morph)


@stimuli_command.command("list")
@JSON
def list_(as_json: bool) -> None:
    """List the bundled sets."""
    from psychobench import list_stimuli, load_stimuli

    rows = [load_stimuli(name).summary() for name in list_stimuli()]
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        masks = ", ".join(row["masks"]) or "none"
        click.echo(f"{row['name']}  {row['title']}; {row['n_levels']} levels; masks: {masks}")


@stimuli_command.command()
@click.argument("stimuli", metavar="NAME|DIR")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE.png",
    help="Draw every image under every mask here.",
)
@OVERWRITE
@JSON
def show(stimuli: str, out: Path | None, overwrite: bool, as_json: bool) -> None:
    """Load a set and describe it; with --out, draw it as a contact sheet."""
    from psychobench import load_stimuli

    loaded = load_stimuli(stimuli)
    if out is not None:
        loaded.save_sheet(out, overwrite=overwrite)
        click.echo(f"Written to {out}.", err=True)
    summary = loaded.summary()
    if as_json:
        _print_json(summary)
        return
    for key, value in summary.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(f"{key:<9} {'none' if text == '' else text}")


@stimuli_command.command()
@click.argument("spec", metavar="SPEC.toml|NAME")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Write the images, levels, landmarks, masks and hashes here.",
)
@OVERWRITE
def render(spec: str, out: Path, overwrite: bool) -> None:
    """Render a face continuum from a spec: the same spec gives the same images.

    The name of a bundled set renders that set anew; its spec.toml is a good start for your own.
    """
    from psychobench import render_stimuli

    made = render_stimuli(spec, out, overwrite=overwrite, progress=True)
    click.echo(f"Written to {out}: {len(made.table)} images of the {made.title}.", err=True)


def _print_json(document: object) -> None:
    import json

    click.echo(json.dumps(document, indent=2, allow_nan=False))
