"""Notes on stderr: what was read, before anything is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    import pandas as pd


def note_input(table: pd.DataFrame, file: Path) -> None:
    """Tell what was read from a file, and what was odd about it."""
    for note in table.attrs.get("notes", ()):
        click.echo(note, err=True)
    n, unanswered = len(table), table.attrs.get("unanswered", 0)
    click.echo(
        f"Read {file}: {count(n, 'row')}, {count(table['observer'].nunique(), 'observer')}, "
        f"{count(table['condition'].nunique(), 'condition')}, {unanswered} without an answer.",
        err=True,
    )


def typed() -> str:
    """Give the command that is running as one would type it again, without what is the default."""
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


def count(n: int, what: str) -> str:
    """Count things in words: ``1 row``, ``2 rows``."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
