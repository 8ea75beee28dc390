"""Make the stand-in weights again, as a command of its own, alone or under ``torchrun``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--source",
    type=click.Choice(["procedural-objects", "rendered-faces"]),
    required=True,
    help="What is rendered and learnt.",
)
@click.option(
    "--architecture",
    type=click.Choice(["alexnet", "vgg11", "vgg13", "vgg16"]),
    default="alexnet",
    show_default=True,
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Folder for weights and model card.",
)
def pretrain(source: str, architecture: str, seed: int, out: Path) -> None:
    """Render images, pre-train a network on them, measure what it learnt, write its weights.

    The same command continues a training that was interrupted.
    """
    import json

    from psychobench_torch.stand_in_weights.make import make_stand_in_weights

    card = make_stand_in_weights(source, out, architecture=architecture, seed=seed)
    if card is not None:
        shown = ("held_out_accuracy", "chance_accuracy", "silent_channels", "minutes", "sha256")
        click.echo(json.dumps({key: card[key] for key in shown}))


if __name__ == "__main__":
    from psychobench_torch.cli.standalone import run

    run(pretrain, "psychobench_torch.cli.pretrain")
