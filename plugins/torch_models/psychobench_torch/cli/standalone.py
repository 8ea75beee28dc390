"""Run a command that is started with ``python -m``: notes on stderr, faults as one line."""

from __future__ import annotations

import logging
import sys

import click

from psychobench.plugins import PsychobenchError


def run(command: click.Command, name: str) -> None:
    """Run a command as ``python -m NAME``.

    Parameters
    ----------
    command : click.Command
        The command.
    name : str
        Of its module.
    """
    notes = logging.getLogger("psychobench")
    notes.addHandler(logging.StreamHandler())
    notes.setLevel(logging.INFO)
    try:
        command.main(prog_name=f"python -m {name}")
    except PsychobenchError as error:
        sys.exit(f"Error: {error}")
