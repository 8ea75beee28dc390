"""`psychobench train`: train an observer, or pre-train its network, on images of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psychobench.plugins import JSON, OVERWRITE
from psychobench_torch.cli.options import data_options, recipe_options


@click.command()
@click.argument("observer", metavar="OBSERVER")
@click.option(
    "--phase",
    type=click.Choice(["transfer", "pretraining"]),
    default="transfer",
    show_default=True,
    help="transfer: a head that tells sad from happy, on frozen features. pretraining: the network "
    "that gives the features, from scratch.",
)
@click.option(
    "--pretraining",
    metavar="NAME|FILE",
    help="What the frozen network saw: procedural-objects (the default), rendered-faces, imagenet "
    "(the default for torchvision:NAME), or a file of weights.",
)
@data_options
@recipe_options
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Of initial values, order, and the split where the data have none.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Write weights, model card, log and curves here.",
)
@OVERWRITE
@JSON
def train(observer: str, out: Path, as_json: bool, **options: Any) -> None:
    """Train OBSERVER on labelled photographs, or pre-train its network.

    The weights are used with `psychobench compare --observer OBSERVER --pretraining FILE`. An
    interrupted training goes on when the same command is given again. Without --data, the faces
    are rendered.
    """
    import json
    import shlex

    from psychobench_torch.training.train import train as train_weights

    result = train_weights(observer, out, **options)
    if result is None:
        return
    use = ["psychobench", "compare", "--observer", observer, "--pretraining", str(result.weights)]
    command = shlex.join(use)
    if as_json:
        click.echo(json.dumps({**result.to_dict(), "command": command}, indent=2, allow_nan=False))
    else:
        click.echo(f"{result}\n\nWritten to {result.weights}. To use it:\n{command}")
