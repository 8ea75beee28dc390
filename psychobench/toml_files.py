"""TOML files: read with one clear line for each fault."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from psychobench.errors import PsychobenchError
from psychobench.messages import nearest


def read_toml(path: Path, what: str, error: type[PsychobenchError]) -> tuple[str, dict[str, Any]]:
    """Read a TOML file.

    Parameters
    ----------
    path : pathlib.Path
        In UTF-8, with or without a byte-order mark.
    what : str
        What messages call such a file, such as ``a spec``.
    error : type of PsychobenchError
        What is raised.

    Returns
    -------
    tuple
        Its text and what it says.

    Raises
    ------
    PsychobenchError
        If it is missing or no TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        return text, tomllib.loads(text)
    except FileNotFoundError:
        raise error(f"{what} must exist: {path} is missing; correct the path") from None
    except (OSError, ValueError, RecursionError) as fault:
        raise error(
            f"{what} must be a TOML file: {path} is not ({fault}); correct that place"
        ) from None


def unknown_keys(section: str, found: Mapping[str, Any], known: Sequence[str]) -> list[str]:
    """List the keys that are not known, each with the one that was probably meant.

    Examples
    --------
    >>> unknown_keys("image.", {"widht": 9}, ["width", "height"])
    ["image.widht is not a known key (did you mean 'width'?); the keys are width, height"]
    """
    return [
        f"{section}{key} is not a known key{nearest(key, known)}; the keys are {', '.join(known)}"
        for key in found
        if key not in known
    ]


def is_number(value: object) -> bool:
    """Check whether a value is a finite number, and not a boolean."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
