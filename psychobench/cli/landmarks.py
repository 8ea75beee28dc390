"""`psychobench stimuli landmarks`: the landmarks of photographs, found offline."""

from __future__ import annotations

from pathlib import Path

import click

from psychobench.cli.options import OVERWRITE


@click.command()
@click.argument(
    "photos", metavar="PHOTO...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the templates and a contact sheet here; beside each photograph by default.",
)
@click.option(
    "--spec",
    type=click.Path(path_type=Path),
    metavar="FILE.toml",
    help="Also write a spec that morphs the first photograph into the last.",
)
@OVERWRITE
def landmarks(
    photos: tuple[Path, ...], out: Path | None, spec: Path | None, overwrite: bool
) -> None:
    """Find the landmarks of the face in each photograph, and write them as NAME.tem.

    A program of its own finds them, offline: psychobench-landmarks, from plugins/landmarks in
    psychobench's source. landmarks.png shows where they are; correct them in any editor of .tem
    files.
    """
    from psychobench import find_landmarks

    found = find_landmarks(photos)
    for note in found.notes:
        click.echo(f"Note: {note}.", err=True)
    for path in found.save(out, spec=spec, overwrite=overwrite):
        click.echo(f"Written to {path}.", err=True)
