"""Provenance: what a result was made from, so that it can be reproduced."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from psychobench.outputs import COMMAND

PACKAGES = (
    "psychobench",
    "psychobench-torch",
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "pillow",
    "matplotlib",
    "jinja2",
    "psignifit",
    "torch",
    "torchvision",
)


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Return versions of Python, the platform and the installed packages among `packages`."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def provenance(**parts: Any) -> dict[str, Any]:
    """Return the time, the versions and the command, if one is running, and the given parts."""
    command = COMMAND.get()()
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        **({"command": command} if command else {}),
        **parts,
    }
