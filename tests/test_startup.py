"""Starting is instant: no command's help, nor the package itself, imports anything heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from psychobench.cli.main import cli

HEAVY = "numpy pandas scipy statsmodels matplotlib PIL torch torchvision psignifit"
# one process asks for the help of every command, and says after which something heavy is there
SCRIPT = f"""
import json, sys
from psychobench.cli.main import main
for words in json.load(sys.stdin):
    try:
        main([*words, "--help"])
    except SystemExit as stop:
        heavy = sorted(set("{HEAVY}".split()) & set(sys.modules))
        print(*words, "exit", stop.code, *heavy, file=sys.stderr)
"""


def commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group of commands, as the words that one types."""
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*words, name))


@pytest.mark.slow
def test_help_imports_nothing_heavy():
    every = list(commands(cli))
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=json.dumps(every), capture_output=True, text=True
    )
    assert ran.stdout.count("Usage: psychobench") == len(every) > 20
    assert ran.stderr.splitlines() == [" ".join((*words, "exit 0")) for words in every]


@pytest.mark.slow
def test_a_result_loads_what_draws_only_to_draw():
    script = """
import sys, psychobench.analysis, psychobench.comparison, psychobench.studies.run
print(*{"matplotlib", "statsmodels"} & set(sys.modules))"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_importing_the_package_imports_nothing_heavy():
    script = f"import psychobench, sys; print(*set('{HEAVY}'.split()) & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
