"""The `psychobench` command: loads subcommands when asked for, ends faults in clear lines."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import ClassVar, NoReturn

import click

from psychobench import __version__
from psychobench.cli.groups import SuggestingGroup
from psychobench.cli.notes import named_inputs, typed
from psychobench.cli.screen import write_nearest_characters
from psychobench.cli.wording import in_options, leaf
from psychobench.errors import PsychobenchError, Terminated
from psychobench.messages import how_to_install
from psychobench.resources import FULL, explain

# name -> (where it lives, one line of help); the modules load only when their command runs
COMMANDS = {
    "analyse": (
        "psychobench.cli.analyse:analyse",
        "Analyse people's trials: checks, curves, tests, figures and a report.",
    ),
    "attention": (
        "psychobench.cli.attention:attention",
        "Map where observers look, and compare it with people.",
    ),
    "compare": (
        "psychobench.cli.compare:compare",
        "Test how human an observer's judgements are.",
    ),
    "demo": ("psychobench.cli.demo:demo", "Write a small data set and its report, to look at."),
    "export": ("psychobench.cli.export:export", "Write trials as BIDS, Psych-DS or for R."),
    "fit": ("psychobench.cli.fit:fit", "Fit psychometric functions to a table of trials."),
    "humans": ("psychobench.cli.humans:humans", "List or simulate human cohorts."),
    "import": (
        "psychobench.cli.imports:import_command",
        "Read what PsychoPy, jsPsych and other programs write.",
    ),
    "models": (
        "psychobench.cli.models:models",
        "Compare models of which parameters differ between conditions.",
    ),
    "observers": ("psychobench.cli.observers:observers", "List observers, or check one."),
    "published": (
        "psychobench.cli.published:published",
        "Recompute a paper's tables from its printed figures.",
    ),
    "stimuli": ("psychobench.cli.stimuli:stimuli_command", "Make, show and check stimulus sets."),
    "trials": ("psychobench.cli.trials:trials", "Make the trial list people and networks share."),
}
PLUGIN_GROUP = "psychobench.commands"
# commands of our own plug-in packages: name -> (package, one line of help)
ELSEWHERE = {
    "attention maps": ("psychobench-torch", "Map where pre-trained networks look in photographs."),
    "cache": ("psychobench-torch", "Show or empty the folder of what is kept for later."),
    "reproduce": ("psychobench-torch", "Run a paper's experiments again, beside its own numbers."),
    "train": ("psychobench-torch", "Train an observer, or pre-train its network, on your images."),
}


class LazyGroup(SuggestingGroup):
    """A group whose commands are imported when one of them is asked for."""

    own: ClassVar = COMMANDS
    prefix = ""  # of the names under which plug-ins add commands: ``attention `` for a subgroup

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of our own and of plug-ins' commands."""
        return sorted({*self.own, *_plugin_commands(self.prefix)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command called `cmd_name`."""
        if cmd_name in self.own:
            module, _, attribute = self.own[cmd_name][0].partition(":")
            command: click.Command = getattr(importlib.import_module(module), attribute)
            return command
        plugin = _plugin_commands(self.prefix).get(cmd_name)
        if plugin is None and self.prefix + cmd_name in ELSEWHERE:
            package = ELSEWHERE[self.prefix + cmd_name][0]
            raise PsychobenchError(
                f"a command must be installed: '{self.prefix}{cmd_name}' comes with the package "
                f"{package}; {how_to_install(package)}"
            )
        return None if plugin is None else _load_plugin(plugin)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        found = _plugin_commands(self.prefix)
        plugins = {name: _plugin_help(entry) for name, entry in found.items()}
        rows = {**plugins, **{name: text for name, (_, text) in self.own.items()}}
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows.items()))


def _plugin_commands(prefix: str = "") -> dict[str, EntryPoint]:
    """Find the commands that plug-ins add to the group with that prefix."""
    found = {entry.name: entry for entry in entry_points(group=PLUGIN_GROUP)}
    within = {name.removeprefix(prefix): entry for name, entry in found.items()
              if name.startswith(prefix)}  # fmt: skip
    return {name: entry for name, entry in within.items() if " " not in name}


def _plugin_help(entry: EntryPoint) -> str:
    package, text = ELSEWHERE.get(entry.name, (None, ""))
    ours = package is not None and entry.dist is not None and entry.dist.name == package
    return text if ours else f"From plug-in {entry.value}."


def _load_plugin(entry: EntryPoint) -> click.Command:
    from psychobench.observers.plugin_faults import import_plugin

    rule = f"a plug-in's command must load: '{entry.name}' from {entry.value}"
    command = import_plugin(entry, rule, "reinstall or remove that plug-in")
    if not isinstance(command, click.Command):
        raise PsychobenchError(
            f"a plug-in's command must be a click command: '{entry.name}' is {entry.value}"
        )
    return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="psychobench")
def cli() -> None:
    """Psychometric functions, PSEs and tests for people and neural networks.

    The bundled human cohort is simulated and the bundled faces are rendered: a comparison against
    them demonstrates the method and says nothing about people. Bring your own with --humans and
    --stimuli.
    """
    from psychobench.outputs import COMMAND

    token = COMMAND.set(typed)
    click.get_current_context().call_on_close(lambda: COMMAND.reset(token))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a fault in the input ends in one line each and exit status 1."""
    write_nearest_characters()
    try:
        with _tidy_when_terminated(), _notes_on_stderr(arguments), _inputs_kept():
            try:
                cli.main(
                    args=None if arguments is None else list(arguments), prog_name="psychobench"
                )
            finally:
                _flush()
    except OSError as error:
        if error.filename is not None or error.errno not in FULL:
            raise
        _end_for_full_output(error)
    except PsychobenchError as error:
        faults = [in_options(fault, _typed(arguments)) for fault in error.faults]
        click.echo("\n".join(["Error: " + faults[0], *faults[1:]]), err=True)
        sys.exit(1)


def _flush() -> None:
    """Find out here, and not when Python ends, whether standard output took everything."""
    with contextlib.suppress(BrokenPipeError, ValueError):
        if sys.stdout is not None:
            sys.stdout.flush()


def _end_for_full_output(error: OSError) -> NoReturn:
    """End because standard output takes no more; what is left of it is dropped."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    click.echo(
        "Error: standard output must take what is printed: it does not "
        f"({explain(error)}); send it to another place",
        err=True,
    )
    sys.exit(1)


@contextlib.contextmanager
def _inputs_kept() -> Iterator[None]:
    """Keep every file and folder that the command names from being replaced by its output."""
    from psychobench.outputs import NAMED_INPUTS

    token = NAMED_INPUTS.set(named_inputs)
    try:
        yield
    finally:
        NAMED_INPUTS.reset(token)


def _typed(arguments: Sequence[str] | None) -> click.Command:
    return leaf(cli, sys.argv[1:] if arguments is None else arguments)


@contextlib.contextmanager
def _notes_on_stderr(arguments: Sequence[str] | None) -> Iterator[None]:
    """Show what the library notes while it works, in the words of the command line."""

    class Stderr(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            click.echo(in_options(record.getMessage(), _typed(arguments)), err=True)

    notes, handler = logging.getLogger("psychobench"), Stderr()
    level = notes.level
    notes.addHandler(handler)
    notes.setLevel(logging.INFO)
    try:
        yield
    finally:
        notes.removeHandler(handler)
        notes.setLevel(level)


@contextlib.contextmanager
def _tidy_when_terminated() -> Iterator[None]:
    """Leave no half-written files behind when the system or a queue ends the program."""

    def stop(number: int, _: object) -> None:
        raise Terminated(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
