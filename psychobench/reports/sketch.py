"""Text for a terminal: wrapped paragraphs, tables that fit, and a figure of means in characters."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from psychobench.formatting import Scale, number_text

_LONGEST_LABEL = 26
_NARROWEST = 8  # to which a column of words is cut


@dataclass(frozen=True)
class Mean:
    """A line of the figure: what it shows, a value, and the ends of its interval."""

    label: str
    value: float
    low: float
    high: float


def wrapped(text: str, width: int, indent: str = "") -> str:
    """Break a paragraph into lines, but no number from its symbol."""
    kept = re.sub(r" ([=<]) ", "\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", text)
    filled = textwrap.fill(
        kept, width, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )
    return filled.replace("\N{NO-BREAK SPACE}", " ")


def table_text(columns: Mapping[str, Sequence[str]], left: Sequence[str], width: int) -> str:
    """Align columns under their names; the widest column of words is cut where they do not fit.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Cells by the name of their column.
    left : sequence of str
        The columns of words, aligned to the left; the others hold numbers.
    width : int
        Characters of a line.
    """
    widths = {name: max(map(len, (name, *cells))) for name, cells in columns.items()}
    while sum(widths.values()) + 2 * (len(widths) - 1) > width:
        widest = max(left, key=lambda name: widths[name], default=None)
        if widest is None or widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    rows = [list(columns), *map(list, zip(*columns.values(), strict=True))]
    lines = []
    for row in rows:
        cells = [
            _cut(cell, widths[name]).ljust(widths[name])
            if name in left
            else cell.rjust(widths[name])
            for name, cell in zip(columns, row, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def sketch(means: Sequence[Mean], scale: Scale, width: int) -> str:
    """Draw values with their intervals, one line each, over an axis with numbers.

    Examples
    --------
    >>> means = [Mean("upright", 0.449, 0.415, 0.483), Mean("inverted", 0.573, 0.556, 0.590)]
    >>> print(sketch(means, Scale(3, bounded=True), 50))
    upright      |-----o-----|
    inverted                             |--o--|
             .40      .45     .50      .55      .60
    """
    known = [mean for mean in means if np.isfinite(mean.value)]
    ends = np.array([[m.value, m.low, m.high] for m in known], dtype=np.float64)
    if not len(known) or np.nanmin(ends) == np.nanmax(ends):
        return ""
    names = [_cut(mean.label, _LONGEST_LABEL) for mean in means]
    margin = max(map(len, names)) + 2
    ticks = _ticks(float(np.nanmin(ends)), float(np.nanmax(ends)))
    places = _Places(ticks[0], ticks[-1], margin, width - margin - 4)
    lines = [places.line(name, mean) for name, mean in zip(names, means, strict=True)]
    return "\n".join([*lines, places.axis(ticks, scale)])


@dataclass(frozen=True)
class _Places:
    """Where values lie on a line."""

    start: float
    end: float
    margin: int
    width: int

    def of(self, value: float) -> int:
        share = (value - self.start) / (self.end - self.start)
        return self.margin + round(share * (self.width - 1))

    def line(self, name: str, mean: Mean) -> str:
        cells = list(name.ljust(self.margin + self.width))
        if np.isfinite(mean.low) and np.isfinite(mean.high):
            low, high = self.of(mean.low), self.of(mean.high)
            cells[low : high + 1] = "-" * (high + 1 - low)
            cells[low] = cells[high] = "|"
        if np.isfinite(mean.value):
            cells[self.of(mean.value)] = "o"
        return "".join(cells).rstrip()

    def axis(self, ticks: Sequence[float], scale: Scale) -> str:
        step = ticks[1] - ticks[0]
        decimals = max(0, -int(np.floor(np.log10(step) + 1e-9)))
        line = ""
        for tick in ticks:
            text = number_text(tick, decimals, bounded=scale.bounded) if tick else "0"
            at = self.of(tick) - len(text) // 2
            if at > len(line) or not line:
                line = line.ljust(at) + text
        return line


def _ticks(low: float, high: float) -> list[float]:
    """Return three to seven round numbers that enclose both."""
    rough = (high - low) / 4
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough * 0.999)
    first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
    return [float(k * step) for k in np.arange(first, last + 1)]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
