"""The library's words in those of the command line: the only place that translates them.

The library names parameters as Python does, in backticks: `` `levels` ``, `` `where="a=b"` ``. Here
they become the options of the command that is running: ``--levels``, ``--where a=b``.
"""

from __future__ import annotations

import ast
import contextlib
import re
import shlex
from collections.abc import Mapping, Sequence

import click

from psychobench.errors import PsychobenchError

# Python takes several at once where the command line repeats an option
SINGULAR = {
    "observers": "observer",
    "masks": "mask",
    "readings": "reading",
    "priors": "prior",
    "methods": "method",
}
# calls of the library, and the commands that do the same
COMMANDS = {
    "demo()": "psychobench demo",
    "fit()": "psychobench fit",
    "list_cohorts()": "psychobench humans list",
    "list_observers()": "psychobench observers list",
    "list_stimuli()": "psychobench stimuli list",
    "import_trials()": "psychobench import",
    "study()": "psychobench compare",
    "make_masks()": "psychobench stimuli mask",
    "train()": "psychobench train",
    "first_use_weights()": "python -m psychobench_torch.cli.first_use",
    "morph_stimuli()": "psychobench stimuli morph",
    "render_stimuli()": "psychobench stimuli render",
}
_SPAN = re.compile(r"`(?:psychobench\.|pb\.)?(?P<name>\w+)(?P<rest>\(\)|=[^`]+)?`")


def in_options(text: str, command: click.Command) -> str:
    """Translate a message of the library into the options of a command.

    Parameters
    ----------
    text : str
        What the library said.
    command : click.Command
        The command that was running. What is none of its options stays as it is.

    Examples
    --------
    >>> @click.command()
    ... @click.argument("file")
    ... @click.option("--where", multiple=True)
    ... def fit(): ...
    >>> in_options('`where` must name a column; write `where="condition=whole"`', fit)
    '--where must name a column; write --where condition=whole'
    """
    options = _options(command)

    def translated(span: re.Match[str]) -> str:
        name, rest = span["name"], span["rest"] or ""
        if rest == "()":
            return f"`{COMMANDS[name + rest]}`" if name + rest in COMMANDS else span[0]
        option = options.get(name)
        if option is None:
            return span[0]
        if rest == "=True":
            return option
        return f"{option} {_values(rest[1:], option)}" if rest else option

    return _SPAN.sub(translated, text)


def leaf(command: click.Command, arguments: Sequence[str]) -> click.Command:
    """Find the command that arguments name below a group, as far as it can be loaded."""
    context = click.Context(command)
    for argument in arguments:
        below = None
        if isinstance(command, click.Group):
            with contextlib.suppress(PsychobenchError):
                below = command.get_command(context, argument)
        command = below or command
    return command


def _options(command: click.Command) -> Mapping[str, str]:
    """Map what Python calls the parameters of a command to what a user types."""
    typed: dict[str, str] = {}
    for each in command.params:
        if isinstance(each, click.Option):
            spelled = each.opts[-1].removeprefix("--").replace("-", "_")
            typed |= {str(each.name): each.opts[-1], spelled: each.opts[-1]}
        else:
            typed[str(each.name)] = each.metavar or str(each.name).upper()
    return typed | {many: typed[one] for many, one in SINGULAR.items() if one in typed}


def _values(value: str, option: str) -> str:
    """Write a Python value as one types it; of several values, the option once more for each."""
    try:
        read = ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return value
    if isinstance(read, Mapping):
        read = [f"{key}={each}" for key, each in read.items()]
    several = read if isinstance(read, (list, tuple, set)) else [read]
    return f" {option} ".join(_quoted(str(each)) for each in several)


def _quoted(value: str) -> str:
    """Quote for a shell, in double quotes where they do: Windows knows no others."""
    if shlex.quote(value) == value or re.search(r'["$`\\!%]', value):
        return shlex.quote(value)
    return f'"{value}"'
