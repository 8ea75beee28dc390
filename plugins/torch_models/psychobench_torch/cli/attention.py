"""`psychobench attention`: where networks look, and where people look."""

from __future__ import annotations

import importlib

import click

# name -> (where it lives, one line of help); the modules load only when their command runs
COMMANDS = {
    "draw": (
        "psychobench_torch.cli.attention_draw:draw",
        "Draw where observers look, and measure how much goes where.",
    ),
    "maps": (
        "psychobench_torch.cli.attention_maps:maps",
        "Map where pre-trained networks look in photographs.",
    ),
    "compare": (
        "psychobench_torch.cli.attention_compare:compare",
        "Compare maps of attention with where people looked.",
    ),
}


class LazyCommands(click.Group):
    """A group whose commands are imported when one of them is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command called `cmd_name`."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(COMMANDS.items())])


@click.group(cls=LazyCommands)
def attention() -> None:
    """Map where networks look, and compare maps with where people look.

    The bundled faces are rendered: what a network does with them demonstrates the method.
    """
