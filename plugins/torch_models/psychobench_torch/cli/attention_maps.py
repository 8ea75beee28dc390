"""`psychobench attention maps`: where pre-trained networks look in photographs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psychobench.plugins import JSON, OVERWRITE


@click.command()
@click.argument("network", nargs=-1, required=True)
@click.option(
    "--images",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Photographs; VOC2007's folders are known.",
)
@click.option(
    "--pretraining",
    default="procedural-objects",
    show_default=True,
    metavar="NAME|FILE",
    help="What the networks were pre-trained on, with the classifier of that.",
)
@click.option(
    "--method",
    multiple=True,
    metavar="NAME",
    help="cam, gradcam, guided-backprop, guided-gradcam, layercam or dense; repeat for several.  "
    "[default: all]",
)
@click.option(
    "--size",
    type=click.IntRange(min=64),
    metavar="PX",
    help="Width and height at which networks see the photographs.  [default: as in training]",
)
@click.option(
    "--reading",
    multiple=True,
    metavar="NAME=VALUE",
    help="A choice that a method leaves open, such as total=sum for dense; repeat for several.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Write NETWORK-PRETRAINING/METHOD/IMAGE.npz and maps.json here.",
)
@OVERWRITE
@JSON
def maps(
    network: tuple[str, ...],
    method: tuple[str, ...],
    reading: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Map where NETWORKs (alexnet, vgg11, vgg13, vgg16) look in photographs.

    The map explains the class that wins in the classifier of the pre-training, not happy or sad.
    Without ImageNet weights that class is a drawn object or a rendered person: such maps
    demonstrate the method and are not those of the paper. `psychobench attention compare` compares
    them with people's fixations.
    """
    import json

    from psychobench_torch.attention.photograph_files import write_photograph_maps

    document = write_photograph_maps(
        network, methods=method, readings=reading, progress=True, **options
    )
    if as_json:
        click.echo(json.dumps(document, indent=2, allow_nan=False))
    rows = document["maps"]
    n_empty = sum(row["empty"] for row in rows)
    click.echo(
        f"Written to {options['out']}: {len(rows)} maps ({n_empty} of them empty), maps.json.",
        err=True,
    )
