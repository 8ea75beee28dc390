"""Errors of plug-ins as one clear line that names the plug-in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from psychobench.errors import ObserverError, PsychobenchError


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


def first_line(error: BaseException) -> str:
    """Return an error's type and the first line of its text."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
