"""Errors of plug-ins as one clear line that names the plug-in."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any, NoReturn

from psychobench.errors import ObserverError, PsychobenchError, Terminated


@contextlib.contextmanager
def as_observer_error(rule: str, place: str = "") -> Iterator[None]:
    """Turn any error of a plug-in's code into an `ObserverError` that names the plug-in.

    Parameters
    ----------
    rule : str
        What the plug-in must do, and its name: stands before ``raised``.
    place : str, optional
        Where it happened: stands at the end.

    Raises
    ------
    ObserverError
        If the block raises anything but a `PsychobenchError`, which passes as it is.

    Examples
    --------
    >>> with as_observer_error("an observer must answer: 'mine'", " on 2 images"):
    ...     1 / 0
    Traceback (most recent call last):
    psychobench.errors.ObserverError: an observer must answer: 'mine' raised ZeroDivisionError...
    """
    try:
        yield
    except PsychobenchError:
        raise
    except Exception as error:
        raise ObserverError(f"{rule} raised {first_line(error)}{place}") from error


def import_plugin(entry: EntryPoint, rule: str, remedy: str) -> Any:
    """Import what an entry point names; whatever its module does on import is one clear error.

    What it prints goes to stderr, since results go to stdout.

    Parameters
    ----------
    entry : EntryPoint
    rule : str
        What must hold, and for which plug-in: stands before ``raised``.
    remedy : str
        Stands at the end.

    Raises
    ------
    ObserverError
        If the import raises anything, or tries to end the program.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr), _kept_running():
            return entry.load()
    except (KeyboardInterrupt, Terminated):  # the user's or the system's, not the plug-in's
        raise
    except BaseException as error:
        raise ObserverError(f"{rule} raised {first_line(error)}; {remedy}") from error


@contextlib.contextmanager
def _kept_running() -> Iterator[None]:
    """Make an error of `os._exit`, which no handler would see."""

    def refused(status: int) -> NoReturn:
        raise RuntimeError(f"os._exit({status}) would end the program")

    leave = os._exit
    os._exit = refused
    try:
        yield
    finally:
        os._exit = leave


def first_line(error: BaseException) -> str:
    """Return an error's type and the first line of its text."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
