"""What a command says about itself: how it was typed, and how many things there are."""

from __future__ import annotations

import click
from click.core import ParameterSource


def typed() -> str:
    """Return the command that is running as one would type it, without options left at defaults."""
    import shlex

    context = click.get_current_context()
    words = ["psychobench", *context.command_path.split()[1:]]
    for parameter in context.command.params:
        value = context.params.get(str(parameter.name))
        if context.get_parameter_source(str(parameter.name)) is not ParameterSource.COMMANDLINE:
            continue
        for one in value if isinstance(value, tuple) else [value]:
            flags = parameter.secondary_opts if one is False else parameter.opts
            flag = [] if isinstance(parameter, click.Argument) else [flags[-1]]
            words += flag if isinstance(one, bool) else [*flag, str(one)]
    return shlex.join(words)
