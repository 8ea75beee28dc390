"""Provenance: what a result was made from, so that it can be made again."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

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
    """Versions of the installed packages among `packages`, with Python's and the platform's."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def provenance(**parts: object) -> dict[str, object]:
    """Gather the time and the versions beside the given parts (options, hashes, seed, ...)."""
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        **parts,
    }
