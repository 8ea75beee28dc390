"""Options of `psychobench train`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

LAYOUTS = ("auto", "affectnet", "affectnet-npy", "vggface2", "imagefolder", "csv")
OPTIMIZERS = ("adam", "adamw", "sgd", "rmsprop")


def data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which images are trained on."""
    for option in reversed(_DATA):
        command = option(command)
    return command


def recipe_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how it is trained."""
    for option in reversed(_RECIPE):
        command = option(command)
    return command


_DATA = [
    click.option(
        "--data",
        metavar="NAME|DIR|FILE",
        help="What to train on: rendered-faces (the default for transfer), procedural-objects "
        "(pre-training only), a folder of images, or a CSV file of path,label or path,valence.",
    ),
    click.option(
        "--layout",
        type=click.Choice(LAYOUTS),
        default="auto",
        show_default=True,
        help="How that folder is laid out.",
    ),
    click.option(
        "--validation",
        type=click.Path(path_type=Path),
        metavar="DIR|FILE",
        help="Other images to validate with, laid out alike.  [default: a part of --data]",
    ),
    click.option(
        "--happy-class",
        metavar="CLASS",
        help="The class that counts as happy, where its name does not tell.",
    ),
    click.option(
        "--people",
        type=click.IntRange(min=2),
        metavar="N",
        help="How many people are drawn from VGGFace2.  [default: 1000]",
    ),
    click.option(
        "--limit",
        type=click.IntRange(min=1),
        metavar="N",
        help="Draw so many images in all.  [default: all; of AffectNet 28,765 and 2,999]",
    ),
    click.option(
        "--data-seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        metavar="N",
        help="Of what is drawn from the data; trainings that share it share their images.",
    ),
    click.option(
        "--skip-broken",
        is_flag=True,
        help="Leave out images that are missing or broken, and say how many.",
    ),
]
_RECIPE = [
    click.option(
        "--recipe",
        type=click.Choice(["quick", "paper"]),
        default="quick",
        show_default=True,
        help="paper: batch 32, learning rate 5e-5, 20 epochs (60 in pre-training); quick: less.",
    ),
    click.option("--epochs", type=click.IntRange(min=1), metavar="N", help="Passes."),
    click.option("--batch", type=click.IntRange(min=1), metavar="N", help="Images in a step."),
    click.option("--learning-rate", type=float, metavar="X", help="Of the optimiser."),
    click.option(
        "--optimizer",
        type=click.Choice(OPTIMIZERS),
        help="The paper names none.  [default: adam; adamw in quick pre-training]",
    ),
    click.option(
        "--views",
        type=click.IntRange(min=0),
        metavar="V",
        help="Crop each image V times and reuse those; 0 crops anew in every epoch.  "
        "[default: 0; 2 in the quick recipe of VGGs and torchvision:NAME]",
    ),
    click.option(
        "--size",
        type=click.IntRange(min=64),
        metavar="PX",
        help="Pre-train on views of this size.  [default: 224 at the end]",
    ),
]
