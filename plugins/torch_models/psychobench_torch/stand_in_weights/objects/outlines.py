"""Flat objects: each is a list of filled or stroked parts in the unit frame, varied by a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """One piece of a flat object.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Corners in the unit frame: x right, y down, the object within [-1, 1].
    colour : int
        Which of the object's three colours it takes.
    stroke : float
        Width of the line along the points; 0 fills the polygon instead.
    """

    points: Points
    colour: int = 0
    stroke: float = 0.0


Corners = Points | Sequence[Sequence[float]]
Outline = Callable[[np.random.Generator], list[Part]]


def part(points: Corners, colour: int = 0, stroke: float = 0.0) -> Part:
    """Make a part from any sequence of corners."""
    return Part(np.asarray(points, float), colour, stroke)


def arc(
    start: float,
    stop: float,
    radius: ArrayLike = 1.0,
    n: int = 40,
    *,
    centre: tuple[float, float] = (0, 0),
) -> Points:
    """Place `n` points between two angles (radians) at one radius or at `n`."""
    angle = np.linspace(start, stop, n)
    unit: Points = np.stack([np.cos(angle), np.sin(angle)], 1)
    placed: Points = unit * np.broadcast_to(radius, n)[:, None] + np.asarray(centre)
    return placed


def circle(x: float, y: float, radius: float, colour: int = 0) -> Part:
    """Make a filled circle."""
    return part(arc(0, 2 * np.pi, radius, centre=(x, y)), colour)


def box(left: float, top: float, right: float, bottom: float, colour: int = 0) -> Part:
    """Make a filled upright rectangle."""
    return part([[left, top], [right, top], [right, bottom], [left, bottom]], colour)


def polygon(corners: int) -> Outline:
    """Make a regular polygon with slightly uneven sides."""

    def draw(rng: np.random.Generator) -> list[Part]:
        angle = np.arange(corners) * 2 * np.pi / corners
        radius = rng.uniform(0.93, 1.0, corners)
        return [part(np.stack([np.cos(angle), np.sin(angle)], 1) * radius[:, None])]

    return draw


def star(rays: int, low: float, high: float) -> Outline:
    """Make a star whose inner radius lies between `low` and `high`."""

    def draw(rng: np.random.Generator) -> list[Part]:
        radius = np.tile([1.0, rng.uniform(low, high)], rays)
        angle = np.arange(2 * rays) * np.pi / rays
        return [part(np.stack([np.cos(angle), np.sin(angle)], 1) * radius[:, None])]

    return draw


def petals(count: int, hole: bool) -> Outline:
    """Make a flower: a radius that swings `count` times around, with or without a core."""

    def draw(rng: np.random.Generator) -> list[Part]:
        angle = np.linspace(0, 2 * np.pi, 90)
        radius = 0.68 + rng.uniform(0.24, 0.32) * np.cos(count * angle)
        core = [circle(0, 0, rng.uniform(0.18, 0.3), 1)] if hole else []
        return [part(arc(0, 2 * np.pi, radius, 90)), *core]

    return draw


def glyph(*strokes: Sequence[Sequence[float]]) -> Outline:
    """Make a letter-like sign from strokes, each corner jittered."""

    def draw(rng: np.random.Generator) -> list[Part]:
        width = rng.uniform(0.14, 0.34)
        return [
            part(np.asarray(line) + rng.normal(0, 0.035, (len(line), 2)), 0, width)
            for line in strokes
        ]

    return draw


def disc(rng: np.random.Generator) -> list[Part]:
    """Make a disc."""
    return [circle(0, 0, 0.95)]


def ring(rng: np.random.Generator) -> list[Part]:
    """Make a ring."""
    return [part(arc(0, 2 * np.pi, 0.8), 0, rng.uniform(0.12, 0.4))]


def oval(rng: np.random.Generator) -> list[Part]:
    """Make a long ellipse."""
    return [part(arc(0, 2 * np.pi) * [1, rng.uniform(0.35, 0.55)])]


def bar(rng: np.random.Generator) -> list[Part]:
    """Make a long bar."""
    height = rng.uniform(0.12, 0.3)
    return [box(-1, -height, 1, height)]


def gear(rng: np.random.Generator) -> list[Part]:
    """Make a gear with 7 to 12 teeth and a hub."""
    teeth = int(rng.integers(7, 13))
    angle = np.linspace(0, 2 * np.pi, teeth * 8)
    radius = np.where(np.sin(teeth * angle) > 0, 1.0, rng.uniform(0.72, 0.84))
    return [part(arc(0, 2 * np.pi, radius, teeth * 8)), circle(0, 0, rng.uniform(0.2, 0.4), 2)]


def cross(rng: np.random.Generator) -> list[Part]:
    """Make an upright cross of two bars."""
    half = rng.uniform(0.2, 0.38)
    return [box(-1, -half, 1, half), box(-half, -1, half, 1)]


def crescent(rng: np.random.Generator) -> list[Part]:
    """Make a crescent."""
    outer = arc(0.6, 2 * np.pi - 0.6)
    inner = arc(2 * np.pi - 0.9, 0.9, rng.uniform(0.7, 0.8), centre=(0.36, 0))
    return [part(np.vstack([outer, inner]))]


def heart(rng: np.random.Generator) -> list[Part]:
    """Make a heart."""
    t = np.linspace(0, 2 * np.pi, 60)
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 17
    return [part(np.stack([16 * np.sin(t) ** 3 / 17, y], 1))]


def arrow(rng: np.random.Generator) -> list[Part]:
    """Make an arrow."""
    shaft, head = rng.uniform(0.1, 0.25), rng.uniform(0.0, 0.4)
    return [
        box(-1, -shaft, head + 0.05, shaft),
        part([[head, -0.6], [1, 0], [head, 0.6]]),
    ]


def drop(rng: np.random.Generator) -> list[Part]:
    """Make a drop that hangs from a point."""
    t = np.linspace(0, 2 * np.pi, 60)
    width = np.sin(t) * np.sin(t / 2) ** rng.uniform(1.2, 2.2) * 0.75
    return [part(np.stack([width, -np.cos(t)], 1))]


def half_disc(rng: np.random.Generator) -> list[Part]:
    """Make half a disc."""
    return [part(arc(0, np.pi) - [0, 0.45])]


def wedge(rng: np.random.Generator) -> list[Part]:
    """Make a disc with a slice missing."""
    gap = rng.uniform(0.3, 0.8)
    return [part(np.vstack([[0, 0], arc(gap, 2 * np.pi - gap)]))]


def lens(rng: np.random.Generator) -> list[Part]:
    """Make a pointed lens."""
    x = np.linspace(-1, 1, 40)
    y = rng.uniform(0.35, 0.6) * (1 - x**2)
    return [part(np.vstack([np.stack([x, y], 1), np.stack([x, -y], 1)[::-1]]))]


def kite(rng: np.random.Generator) -> list[Part]:
    """Make a kite."""
    return [part([[0, -0.7], [0.6, -0.15], [0, 1], [-0.6, -0.15]])]


def trapezium(rng: np.random.Generator) -> list[Part]:
    """Make a trapezium."""
    top = rng.uniform(0.3, 0.55)
    return [part([[-top, -0.6], [top, -0.6], [1, 0.6], [-1, 0.6]])]


def coil(rng: np.random.Generator) -> list[Part]:
    """Make a spiral line."""
    n = 90
    return [
        part(
            arc(0, rng.uniform(4.5, 7) * np.pi, np.linspace(0.08, 1, n), n),
            0,
            rng.uniform(0.06, 0.13),
        )
    ]


def zigzag(rng: np.random.Generator) -> list[Part]:
    """Make a zigzag line."""
    n = int(rng.integers(6, 10))
    y = np.where(np.arange(n) % 2, 1, -1) * rng.uniform(0.25, 0.5)
    return [part(np.stack([np.linspace(-1, 1, n), y], 1), 0, rng.uniform(0.08, 0.18))]


def wave(rng: np.random.Generator) -> list[Part]:
    """Make a sine line."""
    x = np.linspace(-1, 1, 70)
    y = rng.uniform(0.25, 0.5) * np.sin(rng.uniform(7, 13) * x)
    return [part(np.stack([x, y], 1), 0, rng.uniform(0.08, 0.2))]


def bow(rng: np.random.Generator) -> list[Part]:
    """Make one thick arc."""
    half = rng.uniform(0.7, 1.3)
    return [part(arc(np.pi / 2 - half, np.pi / 2 + half) - [0, 0.7], 0, rng.uniform(0.12, 0.3))]
