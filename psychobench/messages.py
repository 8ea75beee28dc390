"""Parts of messages: numbers of things, lists of what was found, the name that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_SHOWN = 20


def nearest(name: str, found: Iterable[str], *, most: int = 1) -> str:
    """Write the question whether one of the most similar names was meant; empty if none is.

    Parameters
    ----------
    name : str
        What was written.
    found : iterable of str
        What could have been meant.
    most : int, optional
        How many names to ask about at most.

    Examples
    --------
    >>> nearest("levle", ["observer", "level"])
    " (did you mean 'level'?)"
    >>> nearest("vgg17", ["alexnet", "vgg16", "vgg19"], most=2)
    " (did you mean 'vgg19' or 'vgg16'?)"
    """
    lowered = {str(each).casefold(): str(each) for each in found}
    close = difflib.get_close_matches(name.casefold(), lowered, n=most, cutoff=0.6)
    names = " or ".join(f"'{lowered[each]}'" for each in close)
    return f" (did you mean {names}?)" if close else ""


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
