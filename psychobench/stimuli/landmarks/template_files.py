"""Templates: the files in which other programs keep the landmarks of a face."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import StimulusError

_MOST_POINTS = 100_000
_HALF = 0.5  # iBUG counts from 1 and means the centre of a pixel
_DISTINCT = 0.9  # closed lips and touching lids share points, an empty template does so throughout
_FLAT = 1e-3  # of a shape's length: thinner is a line
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_PAIR = re.compile(rf"\s*({_NUMBER})[\s,;]+({_NUMBER})[\s,;]*")


@dataclass(frozen=True, eq=False)
class Template:
    """Landmarks of one image.

    Attributes
    ----------
    points : ndarray of float64, shape (n_points, 2)
        In pixels from the top left corner; see `psychobench.stimuli.landmarks.point_layouts`.
    lines : tuple of tuple of int
        Which points are drawn as lines, in order; a line is closed where its first point is also
        its last.
    closed : tuple of int
        The flag that the file has before each line; 0 in most files, whether closed or not.
    """

    points: NDArray[np.float64]
    lines: tuple[tuple[int, ...], ...] = ()
    closed: tuple[int, ...] = ()


def read_template(path: Path) -> Template:
    """Read a file of landmarks.

    Parameters
    ----------
    path : pathlib.Path
        ``.tem`` (WebMorph, Psychomorph; any number of points), ``.pts`` (iBUG; counts from 1,
        which is taken into account), or ``.csv`` and ``.txt`` with one ``x,y`` per line in pixels
        from the top left corner, a heading if you like.

    Returns
    -------
    Template

    Raises
    ------
    StimulusError
        If it is missing or not what it should be.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise StimulusError(
            f"landmarks must be in a file of a known kind: {path} is none of "
            f"{', '.join(_READERS)}; export them as one of these"
        )
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\0", "")
    except FileNotFoundError:
        raise StimulusError(
            f"every template must exist: {path} is missing; add it, or correct its name"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise StimulusError(
            f"a template must be a text file: {path} is not ({error}); export it again"
        ) from None
    rows = [line.strip() for line in text.splitlines()]
    try:
        template = reader([row for row in rows if row and not row.startswith("#")])
    except ValueError as error:
        raise StimulusError(f"a template must be whole: {path}: {error}; export it again") from None
    if not np.isfinite(template.points).all():
        raise StimulusError(
            f"landmarks must be finite numbers: some in {path} are not; export them again"
        )
    return template


def write_template(template: Template) -> str:
    """Write a ``.tem`` file as text; reading it gives the same points and lines.

    Examples
    --------
    >>> write_template(Template(np.array([[1.0, 2.5], [3.0, 4.0]]), lines=((0, 1),))).split()
    ['2', '1.0', '2.5', '3.0', '4.0', '1', '0', '2', '0', '1']
    """
    rows = [str(len(template.points))]
    rows += [f"{float(x)!r}\t{float(y)!r}" for x, y in template.points]
    rows.append(str(len(template.lines)))
    closed = template.closed or (0,) * len(template.lines)
    for flag, line in zip(closed, template.lines, strict=True):
        rows += [str(flag), str(len(line)), " ".join(map(str, line))]
    return "\n".join(rows) + "\n"


def landmark_flaws(points: NDArray[np.float64], size: tuple[int, int] | None = None) -> str | None:
    """Find out why landmarks cannot be morphed, if they cannot.

    Parameters
    ----------
    points : ndarray of float64, shape (n_points, 2)
        In pixels.
    size : tuple of int, optional
        Width and height of the image in which they must lie.

    Returns
    -------
    str or None
        What is wrong, with values, as the second half of a sentence.

    Examples
    --------
    >>> landmark_flaws(np.array([[1.0, 1], [2, 2], [3, 3]]))
    'all 3 points lie on one line'
    """
    distinct = len(np.unique(points, axis=0))
    if distinct < 3:
        return f"its points lie in {distinct} different places, and at least 3 are needed"
    if distinct < _DISTINCT * len(points):
        return f"only {distinct} of {len(points)} points are in different places"
    extent = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    if extent[1] < _FLAT * extent[0]:
        return f"all {len(points)} points lie on one line"
    if size is not None:
        outside = np.flatnonzero(((points < 0) | (points > size)).any(axis=1))
        if outside.size:
            x, y = points[outside[0]]
            return (
                f"{outside.size} of {len(points)} points lie outside the {size[0]} x {size[1]} "
                f"pixels of its image, the first is point {outside[0]} at ({x:g}, {y:g}): it "
                "belongs to another image or another size"
            )
    return None


def _read_tem(rows: Sequence[str]) -> Template:
    """Read a .tem file: points, then lines of a flag, a number of points and their indices."""
    values = iter(rows)
    count = _whole(next(values, ""), "the number of points", _MOST_POINTS)
    points = [_pair(next(values, ""), f"point {number}") for number in range(count)]
    lines, flags = [], []
    n_lines = next(values, None)
    for number in range(0 if n_lines is None else _whole(n_lines, "the number of lines")):
        flags.append(_whole(next(values, ""), f"the flag of line {number}"))
        length = _whole(next(values, ""), f"the length of line {number}")
        line = tuple(
            _whole(word, f"a point of line {number}", count - 1)
            for word in next(values, "").split()
        )
        if len(line) != length:
            raise ValueError(f"line {number} must have {length} points and has {len(line)}")
        lines.append(line)
    return Template(np.array(points).reshape(-1, 2), tuple(lines), tuple(flags))


def _read_pts(rows: Sequence[str]) -> Template:
    """Read an iBUG .pts file: a heading, then points between braces."""
    if "{" not in rows or "}" not in rows:
        raise ValueError("it has no points between { and }")
    start, stop = rows.index("{"), rows.index("}")
    points = [_pair(row, f"point {n}") for n, row in enumerate(rows[start + 1 : stop])]
    said = re.search(r"n_points:\s*(\d+)", " ".join(rows[:start]))
    if said and int(said[1]) != len(points):
        raise ValueError(f"it must have {said[1]} points and has {len(points)}")
    return Template(np.array(points).reshape(-1, 2) - _HALF)


def _read_table(rows: Sequence[str]) -> Template:
    """Read x,y rows, with or without a heading."""
    heading = bool(rows) and re.search("[a-zA-Z]", rows[0]) is not None
    body = rows[1:] if heading else rows
    return Template(np.array([_pair(row, f"row {n}") for n, row in enumerate(body, 1)]))


_READERS: dict[str, Callable[[Sequence[str]], Template]] = {
    ".tem": _read_tem,
    ".pts": _read_pts,
    ".csv": _read_table,
    ".txt": _read_table,
}


def _pair(row: str, what: str) -> tuple[float, float]:
    found = _PAIR.fullmatch(row)
    if found is None:
        raise ValueError(f"{what} must be two numbers and is {row[:40]!r}")
    return float(found[1]), float(found[2])


def _whole(word: str, what: str, most: int = _MOST_POINTS) -> int:
    if not re.fullmatch(r"\d{1,9}", word) or int(word) > most:
        raise ValueError(f"{what} must be a whole number up to {most} and is {word[:40]!r}")
    return int(word)
