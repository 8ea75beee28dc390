"""Train the weights of a VGG before they are needed, as a command of its own."""

from __future__ import annotations

import click


@click.command()
@click.argument("architecture", type=click.Choice(["vgg11", "vgg13", "vgg16"]))
@click.argument("source", type=click.Choice(["procedural-objects", "rendered-faces"]))
def first_use(architecture: str, source: str) -> None:
    """Train the convolutions of a VGG on rendered images, unless they are in the cache.

    Prints the file of weights.
    """
    from psychobench_torch.stand_in_weights.first_use import first_use_weights

    click.echo(first_use_weights(architecture, source))


if __name__ == "__main__":
    from psychobench_torch.cli.standalone import run

    run(first_use, "psychobench_torch.cli.first_use")
