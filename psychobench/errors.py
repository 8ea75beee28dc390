"""The exception tree: every fault that a user can mend has one of these types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class PsychobenchError(Exception):
    """A fault in what the user handed in.

    Parameters
    ----------
    *faults : str
        One line per fault, each naming the rule, the value, the place and the remedy.

    Attributes
    ----------
    faults : tuple of str
        The lines, in the order in which they are to be mended.

    Examples
    --------
    >>> error = PsychobenchError("level must be a number: row 3 has 'high'", "no row is left")
    >>> len(error.faults)
    2
    """

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Terminated(SystemExit):
    """The system or a queue ends the program; never to be taken for a plug-in's own exit."""


class OptionError(PsychobenchError):
    """An option has a value that it cannot take, or contradicts another."""


class TableError(PsychobenchError):
    """A table of trials or counts breaks the column contract."""


class StimulusError(PsychobenchError):
    """A stimulus set, an image or a mask cannot be used."""


class ObserverError(PsychobenchError):
    """An observer is unknown, fails to load or breaks the observer protocol."""


class FitError(PsychobenchError):
    """A psychometric function cannot be fitted as asked."""


class ComparisonError(PsychobenchError):
    """A comparison cannot be made as asked."""


class ResourceError(PsychobenchError):
    """A file or folder is missing, damaged or cannot be written."""


def all_of(*checks: Callable[[], Any]) -> list[Any]:
    """Run every check and raise all their faults together.

    Parameters
    ----------
    *checks : callable
        Each returns what it checked, or raises a `PsychobenchError`.

    Returns
    -------
    list
        What they returned, in their order.

    Raises
    ------
    PsychobenchError
        With the faults of all of them; of their type where they have one type.

    Examples
    --------
    >>> all_of(lambda: 1, lambda: "two")
    [1, 'two']
    """
    results: list[Any] = []
    errors: list[PsychobenchError] = []
    for check in checks:
        try:
            results.append(check())
        except PsychobenchError as error:
            errors.append(error)
    if errors:
        kinds = {type(error) for error in errors}
        kind = kinds.pop() if len(kinds) == 1 else PsychobenchError
        raise kind(*(fault for error in errors for fault in error.faults))
    return results
