"""What a command says about itself: how it was typed, and what it reads."""

from __future__ import annotations

import contextlib
from pathlib import Path

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


def named_inputs() -> list[Path]:
    """Return the files and folders that the running command names, but for where it writes."""
    context = click.get_current_context(silent=True)
    given = {} if context is None else context.params
    values = [value for name, value in given.items() if name != "out"]
    several = [each for value in values for each in (value if _is_many(value) else [value])]
    paths = [Path(each) for each in several if isinstance(each, (str, Path)) and str(each)]
    return [path for path in paths if _exists(path)]


def _is_many(value: object) -> bool:
    return isinstance(value, (tuple, list))


def _exists(path: Path) -> bool:
    with contextlib.suppress(OSError, ValueError):  # too long, or no path at all
        return path.exists()
    return False
