"""One self-contained HTML page: sections of text, tables, figures and passages to copy.

The page loads nothing: it contains its style, script and figures. The template escapes everything,
so that nothing in a user's file can become markup.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import pandas as pd

from psychobench.formatting import p_text
from psychobench.outputs import write_output

if TYPE_CHECKING:
    from jinja2 import Template
    from matplotlib.figure import Figure as Drawn

MOST_ROWS = 2000  # of one table; the CSV files hold all
_PATH = re.compile(r' d="[^"]*"')
_LONG = re.compile(r"(\.\d\d)\d+")


@dataclass(frozen=True)
class Text:
    """Paragraphs; a list where `listed`."""

    lines: Sequence[str]
    listed: bool = False
    kind: ClassVar[str] = "text"


@dataclass(frozen=True)
class Cell:
    """A cell of a table: what is shown, and the number by which it is sorted."""

    text: str
    order: float | None = None


@dataclass(frozen=True)
class Table:
    """A table with its caption; columns of numbers are aligned to the right."""

    caption: str
    columns: Sequence[str]
    numeric: Sequence[bool]
    rows: Sequence[Sequence[Cell]]
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Picture:
    """A figure as a data URI, with its caption and what it shows in words."""

    uri: str
    caption: str
    alternative: str
    width: int  # CSS pixels
    kind: ClassVar[str] = "picture"


@dataclass(frozen=True)
class Passage:
    """Text that is ready to be pasted elsewhere."""

    title: str
    text: str
    code: bool = False
    kind: ClassVar[str] = "passage"


Block = Text | Table | Picture | Passage


@dataclass(frozen=True)
class Section:
    """A heading, its anchor, and the blocks below it."""

    anchor: str
    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """A report page.

    Attributes
    ----------
    title : str
        Title of the page.
    subtitle : str
        The line below the title.
    warning : str
        A warning in a box, such as that people are simulated; empty for none.
    sections : sequence of Section
        The sections in their order.
    """

    title: str
    subtitle: str
    warning: str
    sections: Sequence[Section] = field(default=())

    def html(self) -> str:
        """Return the page as an HTML document."""
        return _template().render(page=self)

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the page into a file, whole or not at all.

        Parameters
        ----------
        path : str or path
            The file; its folder is created if it does not exist. ``FILE.provenance.json`` is
            written beside it.
        overwrite : bool
            Whether to replace a file that psychobench did not write there, or that was edited.

        Raises
        ------
        ResourceError
            If it cannot be written, or must not be replaced.
        """
        data = (self.html() + "\n").encode()
        write_output(Path(path), data, kind="report", overwrite=overwrite)

    def _repr_html_(self) -> str:
        """Return the page in a frame, so that its style stays apart from a notebook's."""
        return (
            f'<iframe srcdoc="{escape(self.html())}" title="{escape(self.title)}" '
            'style="width: 100%; height: 40rem; border: 0"></iframe>'
        )


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("psychobench.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


def picture(figure: Drawn, caption: str, alternative: str) -> Picture:
    """Make a picture of a figure, drawn as lines so that it needs no font."""
    from psychobench.draw.figures import svg_text

    # hundredths of a point are finer than any printer
    svg = _PATH.sub(lambda path: _LONG.sub(r"\1", path[0]), svg_text(figure))
    svg = re.sub(r"\n\s*", " ", svg[svg.index("<svg") :])
    uri = "data:image/svg+xml," + quote(svg, safe=" /:;=,.-+()'@!*$?&_~")
    return Picture(uri, caption, alternative, round(figure.get_figwidth() * 96 * 1.25))


def table_of(
    frame: pd.DataFrame, caption: str, names: dict[str, str] | None = None, digits: int = 3
) -> Table:
    """Make a table of a data frame: numbers rounded, a dash where there is no value.

    Parameters
    ----------
    frame : DataFrame
        The data.
    caption : str
        Shown above the table.
    names : dict of str to str, optional
        Heading of each column that is shown, in their order; by default all columns.
    digits : int
        Number of decimal places.
    """
    names = names or {str(name): str(name) for name in frame}
    numeric = [
        pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name])
        for name in names
    ]
    columns = [
        [_cell(value, name, number, digits) for value in frame[name].head(MOST_ROWS)]
        for name, number in zip(names, numeric, strict=True)
    ]
    more = len(frame) - MOST_ROWS
    shown = f"{caption} The first {MOST_ROWS} of {len(frame)} rows." if more > 0 else caption
    return Table(shown, list(names.values()), numeric, list(zip(*columns, strict=True)))


def _cell(value: Any, name: str, number: bool, digits: int) -> Cell:
    if value is None or pd.isna(value):
        return Cell("–")
    if not number:
        return Cell(str(value))
    if name == "p" or name.startswith("p_"):
        return Cell(p_text(float(value)), float(value))
    whole = float(value).is_integer() and not isinstance(value, float)
    return Cell(f"{value:d}" if whole else f"{value:.{digits}f}", float(value))
