"""Text on the terminal: as wide as the window, in colour where there is one, plain elsewhere."""

from __future__ import annotations

import codecs
import io
import re
import shutil
import sys

import click

from psychobench.cli.wording import in_options

NARROWEST, WIDEST = 60, 100
NEAREST = {"\u2212": "-", "…": "~", "–": "-", "×": "x", "²": "2", "η": "eta"}
# what a line begins with, and its colour
STYLES = (
    (re.compile(r"(SIMULATED|DEMONSTRATION|Note:|.* FLIPS? )"), "yellow"),
    (re.compile(r"(The PSE|The mean|The threshold|Of \d+ PSEs)"), "bold green"),
    (re.compile(r"(measure|observer)  "), "bold"),
    (re.compile(r"(Report: )"), "bold cyan"),
)


def text_width() -> int:
    """Return how many characters a line of text has: those of the window, within bounds."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))


def show(text: str) -> None:
    """Print a text of the library, in the words of the command that is running."""
    worded = in_options(text, click.get_current_context().command)
    if sys.stdout.isatty():
        _in_colour(worded)
    else:
        click.echo(worded)


def write_nearest_characters() -> None:
    """Let outputs whose encoding lacks a character take the nearest one on a keyboard."""
    codecs.register_error("nearest", _nearest)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="nearest")


def _nearest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(NEAREST.get(character, "?") for character in lacking), error.end


def _in_colour(text: str) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for paragraph in text.split("\n\n"):
        first = paragraph.split("\n", 1)[0]
        lines = Text(paragraph)
        for pattern, style in STYLES:
            if pattern.match(first):
                lines.stylize(style, 0, len(first) if style == "bold" else len(paragraph))
                break
        console.print(lines, soft_wrap=True)
        console.print()
