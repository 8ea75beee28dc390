"""Parts of messages: lists of what was found, and the name that was probably meant."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable

_SHOWN = 20
# where packages of ours lie that are on no index, in a copy of the source
_IN_SOURCE = {"psychobench-torch": "plugins/torch_models"}


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
    """
    if package in _IN_SOURCE:
        where, what = " from psychobench's source", f"-e {_IN_SOURCE[package]}"
    else:
        where, what = "", package
    return f"install it{where} with: python -m pip install {what}"
