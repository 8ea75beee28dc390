"""`psychobench attention`: where observers look, and where people look."""

from __future__ import annotations

from typing import ClassVar

import click

from psychobench.cli.main import LazyGroup


class AttentionGroup(LazyGroup):
    """The commands of the core, and those that plug-ins add as ``attention NAME``."""

    prefix = "attention "
    own: ClassVar = {
        "compare": (
            "psychobench.cli.attention_compare:compare",
            "Compare maps of attention with where people looked.",
        ),
        "draw": (
            "psychobench.cli.attention_draw:draw",
            "Draw where observers look, and measure how much goes where.",
        ),
    }


@click.group(cls=AttentionGroup)
def attention() -> None:
    """Map where observers look, and compare maps with where people look.

    The bundled faces are rendered: what a network does with them demonstrates the method.
    """
