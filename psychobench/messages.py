"""Parts of messages: lists of what was found, and the name that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_SHOWN = 20


def nearest(name: str, found: Iterable[str]) -> str:
    """Ask whether the name most like `name` was meant; empty where none is like it.

    Examples
    --------
    >>> nearest("levle", ["observer", "level"])
    " (did you mean 'level'?)"
    """
    lowered = {str(each).casefold(): str(each) for each in found}
    close = difflib.get_close_matches(name.casefold(), lowered, n=1, cutoff=0.6)
    return f" (did you mean '{lowered[close[0]]}'?)" if close else ""


def shown(values: Iterable[object]) -> str:
    """List values for a message, the first twenty of them.

    Examples
    --------
    >>> shown(["a", "b"])
    'a, b'
    """
    texts = [str(value) or "(empty)" for value in values]
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


def number_of(n: int, noun: str) -> str:
    """Write a number of things.

    Examples
    --------
    >>> number_of(1, "row"), number_of(2, "row")
    ('1 row', '2 rows')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
