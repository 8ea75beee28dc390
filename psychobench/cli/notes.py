"""Notes on stderr: what was read, before anything is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd


def note_input(table: pd.DataFrame, file: Path) -> None:
    """Tell what was read from a file, and what was odd about it."""
    for note in table.attrs.get("notes", ()):
        click.echo(note, err=True)
    n, unanswered = len(table), table.attrs.get("unanswered", 0)
    click.echo(
        f"Read {file}: {count(n, 'row')}, {count(table['observer'].nunique(), 'observer')}, "
        f"{count(table['condition'].nunique(), 'condition')}, {unanswered} without an answer.",
        err=True,
    )


def count(n: int, what: str) -> str:
    """Count things in words: ``1 row``, ``2 rows``."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
