"""The command line in-process, for the tests of the core and of its plug-ins."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from psychobench.cli.main import main


class Ran(NamedTuple):
    """Exit status, standard output and standard error of a command."""

    code: int
    out: str
    err: str


@pytest.fixture
def run_cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `psychobench ARGUMENTS...` in this process."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        try:
            main([str(argument) for argument in arguments])
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run
