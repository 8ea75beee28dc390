"""The rank of this process among those that ``torchrun`` started; no torch here."""

from __future__ import annotations

import os

VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")  # set by torchrun


def n_processes() -> int:
    """Count the processes that ``torchrun`` started together with this one, or 0 without it.

    Examples
    --------
    >>> n_processes()
    0
    """
    started = all(name in os.environ for name in VARIABLES)
    return int(os.environ["WORLD_SIZE"]) if started else 0


def is_first() -> bool:
    """Return whether this process is the one that reports and writes files.

    Examples
    --------
    >>> is_first()
    True
    """
    return n_processes() == 0 or os.environ["RANK"] == "0"
