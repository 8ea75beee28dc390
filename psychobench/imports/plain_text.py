"""Tables that lack what others have: a delimiter other than blanks, or a header."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Collection, Sequence

from psychobench.tables.cells import is_number

_SAMPLE = 200  # rows by which columns are known


def tabs_for_blanks(text: str) -> str:
    r"""Put a tab in place of the blanks between cells, where all rows have as many cells.

    Returns
    -------
    str
        Empty where blanks do not separate the text into columns.

    Examples
    --------
    >>> tabs_for_blanks("level  n\n0.1   3\n"), tabs_for_blanks("one title\n1 2 3\n")
    ('level\tn\n0.1\t3\n', '')
    """
    rows = [line.split() for line in text.split("\n")]
    lengths = {len(row) for row in rows if row}
    if len(lengths) != 1 or max(lengths) < 2 or '"' in text:
        return ""
    return "\n".join(map("\t".join, rows))


def header_for(
    text: str, names: Sequence[str], delimiter: str, known: Collection[str]
) -> tuple[str, ...]:
    r"""Make up a header for a table whose first row is one of trials already.

    That is so where the first row holds numbers in columns of numbers, and each other cell of it,
    or at least one, comes again below: names of columns do not.

    Parameters
    ----------
    text : str
        All of the table.
    names : sequence of str
        The cells of its first row.
    delimiter : str
        What separates them.
    known : collection of str
        Names that the columns are known to have.

    Returns
    -------
    tuple of str
        ``column_1``, ``column_2`` and so on; empty where there is a header.

    Examples
    --------
    >>> header_for("p1,0.5,1\np1,0.7,0\n", ["p1", "0.5", "1"], ",", ())
    ('column_1', 'column_2', 'column_3')
    >>> header_for("subject,0,25\np1,3,5\n", ["subject", "0", "25"], ",", ())
    ()
    """
    if len(names) < 2 or not all(names) or set(names) & {*known}:
        return ()
    try:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter)
        rows = [row for row in itertools.islice(reader, _SAMPLE) if row][1:]
    except csv.Error:
        return ()
    rows = [[cell.strip() for cell in row] for row in rows if len(row) >= len(names)]
    numbers = [i for i, name in enumerate(names) if _is_number(name, delimiter)]
    others = [i for i in range(len(names)) if i not in numbers]
    numeric = all(_is_number(row[i], delimiter) for row in rows for i in numbers if row[i])
    recurs = not others or any(row[i] == names[i] for row in rows for i in others)
    if not rows or not numbers or not numeric or not recurs:
        return ()
    return tuple(f"column_{i + 1}" for i in range(len(names)))


def _is_number(cell: str, delimiter: str) -> bool:
    return is_number(cell) or (delimiter != "," and is_number(cell.replace(",", ".", 1)))
