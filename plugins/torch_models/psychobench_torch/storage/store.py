"""The user's cache folder, and keys made of all that determines what is kept in it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs


def cache_folder() -> Path:
    """Find the folder for trained heads: ``$PSYCHOBENCH_CACHE``, else the user's cache folder."""
    chosen = os.environ.get("PSYCHOBENCH_CACHE")
    root = Path(chosen) if chosen else platformdirs.user_cache_path("psychobench", appauthor=False)
    return root / "heads"


def cache_key(determinants: Mapping[str, Any]) -> str:
    """Hash what determines a head.

    Parameters
    ----------
    determinants : mapping
        Names to values that JSON takes; their order does not matter.

    Examples
    --------
    >>> cache_key({"seed": 0, "epochs": 8}) == cache_key({"epochs": 8, "seed": 0})
    True
    """
    return hashlib.sha256(json.dumps(determinants, sort_keys=True).encode()).hexdigest()


def note(text: str) -> None:
    """Tell the user something that is not an error, on stderr."""
    print(f"Note: {text}", file=sys.stderr)
