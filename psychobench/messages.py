"""Parts of messages: numbers of things, lists of what was found, the name that was meant."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable

_SHOWN = 20
_LONGEST = 80  # characters of one value
# where packages of ours lie that are on no index, in a copy of the source
_IN_SOURCE = {"psychobench-torch": "plugins/torch_models"}
_TOOLS = {"psychobench-landmarks": "plugins/landmarks"}  # each in an environment of its own


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


def shown(values: Iterable[object], *, whole: bool = False) -> str:
    """List values for a message, the first twenty of them.

    Parameters
    ----------
    values : iterable
        What to list.
    whole : bool, optional
        Whether long values, such as paths, are written in full.

    Examples
    --------
    >>> shown(["a", "b"])
    'a, b'
    """
    texts = [(str(value) if whole else clipped(str(value))) or "(empty)" for value in values]
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


def clipped(text: str) -> str:
    """Cut a text short for a message.

    Examples
    --------
    >>> clipped("abc"), len(clipped("9" * 5000))
    ('abc', 80)
    """
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def argument(name: str, value: object) -> str:
    """Write how a parameter would be given: text, a list or a mapping of texts.

    Examples
    --------
    >>> argument("where", "condition=whole"), argument("map", {"j": 1, "f": 0})
    ('`where="condition=whole"`', '`map={"j": 1, "f": 0}`')
    """
    return f"`{name}={json.dumps(value, ensure_ascii=False)}`"


def how_to_install(package: str) -> str:
    """Return the advice how to install a package, of the index or of our own source.

    Examples
    --------
    >>> how_to_install("h5py")
    'install it with: python -m pip install h5py'
    >>> how_to_install("psychobench-torch")
    "install it from psychobench's source with: python -m pip install -e plugins/torch_models"
    >>> how_to_install("psychobench-landmarks")
    "install it from psychobench's source with: uv tool install ./plugins/landmarks"
    """
    if package in _TOOLS:
        tool = _TOOLS[package]
        return f"install it from psychobench's source with: uv tool install ./{tool}"
    if package in _IN_SOURCE:
        where, what = " from psychobench's source", f"-e {_IN_SOURCE[package]}"
    else:
        where, what = "", package
    return f"install it{where} with: python -m pip install {what}"


def number_of(n: int, noun: str) -> str:
    """Write a number of things.

    Examples
    --------
    >>> number_of(1, "row"), number_of(2, "row")
    ('1 row', '2 rows')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
