"""Sections and sentences that all report pages share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from psychobench.reports.page import Passage, Section, Text, table_of


def sentence(note: str) -> str:
    """Return a note as a sentence."""
    return f"{note[:1].upper()}{note[1:]}."


def moment(made: Mapping[str, Any]) -> str:
    """Return when a result was made, to the minute."""
    return f"{datetime.fromisoformat(made['made_at']):%Y-%m-%d %H:%M} UTC"


def made_section(made: Mapping[str, Any]) -> Section:
    """Make the section on how a result was made, with everything needed to reproduce it."""
    options = made.get("options", {})
    seed = made.get("seed")
    versions = pd.DataFrame(made["versions"].items(), columns=["what", "version"])
    hashes = pd.DataFrame(list(_hashes(made)), columns=["of", "SHA-256"])
    chosen = pd.DataFrame(
        [(name, _shown(value)) for name, value in options.items()], columns=["option", "value"]
    )
    return Section(
        "provenance",
        "How this was made",
        [
            *([Passage("Command", str(made["command"]), code=True)] if "command" in made else []),
            *(
                [Text([f"Seed of the random number generator: {seed}."])]
                if seed is not None
                else []
            ),
            *([table_of(hashes, "Hashes of the input.")] if len(hashes) else []),
            *([table_of(chosen, "Options.")] if options else []),
            table_of(versions, "Versions."),
        ],
    )


def _hashes(made: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
    """Yield every hash of a nested record with its place."""
    for name, value in made.items():
        if isinstance(value, Mapping):
            yield from _hashes(value, f"{place}, {name}" if place else str(name))
        elif "sha256" in str(name) and value:
            yield place or str(name), str(value)


def _shown(value: object) -> str:
    if value is None or value in ((), [], {}):
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
