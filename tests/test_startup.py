"""Starting is instant: no command's help, nor the package itself, imports anything heavy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from psychobench.cli.main import cli

HEAVY = "numpy pandas scipy statsmodels matplotlib PIL torch torchvision psignifit"
SCRIPT = f"""
import sys
from psychobench.cli.main import main
try:
    main()
except SystemExit as stop:
    status = stop.code
print(status, *sorted(set("{HEAVY}".split()) & set(sys.modules)), file=sys.stderr)
"""


def commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group of commands, as the words that one types."""
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*words, name))


@pytest.mark.slow
@pytest.mark.parametrize("command", list(commands(cli)), ids=" ".join)
def test_help_imports_nothing_heavy(command):
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, *command, "--help"], capture_output=True, text=True
    )
    assert "Usage: psychobench" in ran.stdout
    assert ran.stderr.split() == ["0"]


def test_importing_the_package_imports_nothing_heavy():
    script = f"import psychobench, sys; print(*set('{HEAVY}'.split()) & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
