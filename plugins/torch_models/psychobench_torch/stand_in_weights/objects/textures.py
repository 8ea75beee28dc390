"""Textures that fill the frame: functions of the place, in [0, 1], varied by a seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating[Any]]
Texture = Callable[[Field, Field, np.random.Generator], Field]


def _wave(x: Field) -> Field:
    return (0.5 + 0.5 * np.sin(x)).astype(np.float32)


def _edge(x: Field, sharpness: float = 6.0) -> Field:
    soft: Field = np.clip(0.5 + sharpness * x, 0, 1).astype(np.float32)
    return soft


def _cells(x: Field, y: Field, rng: np.random.Generator, scale: float) -> tuple[Field, Field]:
    """Distances to the nearest and second nearest of points jittered on a square grid."""
    u, v = x * scale + 64, y * scale + 64
    column, row = np.floor(u).astype(np.intp), np.floor(v).astype(np.intp)
    jitter = rng.random((2, 16, 16), np.float32)
    first = np.full_like(x, 9.0)
    second = first.copy()
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            cx, cy = column + i, row + j
            dx, dy = jitter[:, cy % 16, cx % 16]
            distance = (cx + dx - u) ** 2 + (cy + dy - v) ** 2
            second = np.minimum(second, np.maximum(first, distance))
            first = np.minimum(first, distance)
    return np.sqrt(first).astype(np.float32), np.sqrt(second).astype(np.float32)


def noise(
    x: Field, y: Field, rng: np.random.Generator, octaves: tuple[int, ...] = (4, 8, 16)
) -> Field:
    """Sum smooth noise over octaves, in [0, 1]; the coordinates wrap at the frame's edge."""
    total = np.zeros_like(x)
    for octave in octaves:
        u, v = (x + 1) * octave / 2, (y + 1) * octave / 2
        column, row = np.floor(u).astype(np.intp), np.floor(v).astype(np.intp)
        fu, fv = u - column, v - row
        fu, fv = fu * fu * (3 - 2 * fu), fv * fv * (3 - 2 * fv)
        lattice = rng.random((octave, octave), np.float32)
        left, right = column % octave, (column + 1) % octave
        top, bottom = row % octave, (row + 1) % octave
        above = lattice[top, left] * (1 - fu) + lattice[top, right] * fu
        below = lattice[bottom, left] * (1 - fu) + lattice[bottom, right] * fu
        total += (above * (1 - fv) + below * fv) / octave
    total -= total.min()
    return total / max(float(total.max()), 1e-6)


def stripes(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Hard-edged stripes."""
    return _edge(np.sin(x * rng.uniform(8, 30)) - rng.uniform(-0.5, 0.5), 3)


def grating(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Draw a sine grating."""
    return _wave(x * rng.uniform(8, 40))


def checker(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Draw a checkerboard."""
    pitch = rng.uniform(6, 20)
    return _edge(np.sin(x * pitch) * np.sin(y * pitch), 8)


def plaid(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Two crossed gratings, added."""
    a, b = rng.uniform(8, 26, 2)
    return (0.5 * _wave(x * a) + 0.5 * _wave(y * b)).astype(np.float32)


def dots(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Dots on a lattice."""
    pitch, radius = rng.uniform(3, 8), rng.uniform(0.2, 0.36)
    u, v = (x * pitch) % 1 - 0.5, (y * pitch) % 1 - 0.5
    return _edge(radius - np.hypot(u, v), 10)


def bricks(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Draw a brick wall."""
    rows, mortar = rng.uniform(4, 9), rng.uniform(0.06, 0.14)
    v = y * rows
    u = x * rows / 2 + 0.5 * (np.floor(v) % 2)
    gap = np.minimum(np.minimum(u % 1, 1 - u % 1) * 2, np.minimum(v % 1, 1 - v % 1))
    return _edge(gap - mortar, 12)


def wood(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Wood grain: bent growth rings."""
    bend = noise(x * 0.5, y * 0.12, rng, (4, 8))
    return _wave((x * rng.uniform(1, 3) + bend * 3) * rng.uniform(6, 12))


def marble(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Marble: a grating bent by noise of all scales."""
    return _wave(x * rng.uniform(4, 9) + 9 * noise(x, y, rng, (3, 6, 12, 24))) ** 2


def clouds(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Coarse smooth noise."""
    return noise(x, y, rng, (3, 6))


def grain(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Fine noise."""
    return noise(x, y, rng, (32, 64))


def camouflage(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Flat patches of three tones."""
    tones: Field = np.floor(noise(x, y, rng, (4, 8)) * 2.99) / 2
    return tones


def honeycomb(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Hexagonal cells: three gratings 120 degrees apart."""
    pitch = rng.uniform(10, 24)
    total = sum(
        np.cos(pitch * (x * np.cos(a) + y * np.sin(a))) for a in np.arange(3) * 2 * np.pi / 3
    )
    return _edge(np.asarray(total) + 0.6, 2)


def chevron(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Zigzag stripes."""
    pitch = rng.uniform(3, 7)
    fold = np.abs((x * pitch) % 2 - 1)
    return _edge(np.sin((y * pitch + fold) * 2 * np.pi), 2)


def rings(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Concentric rings around a point in the frame."""
    cx, cy = rng.uniform(-0.6, 0.6, 2)
    return _edge(np.sin(np.hypot(x - cx, y - cy) * rng.uniform(12, 36)), 2)


def rays(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Rays from a point in the frame."""
    cx, cy = rng.uniform(-0.6, 0.6, 2)
    return _edge(np.sin(np.arctan2(y - cy, x - cx) * rng.integers(6, 20)), 2)


def swirl(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Spiral arms around a point in the frame."""
    cx, cy = rng.uniform(-0.5, 0.5, 2)
    angle = np.arctan2(y - cy, x - cx) * rng.integers(1, 5)
    return _wave(angle + np.hypot(x - cx, y - cy) * rng.uniform(10, 24))


def ramp(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Draw a plain gradient."""
    return _edge(x, rng.uniform(0.4, 0.9))


def lattice(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Thin crossed lines."""
    pitch, width = rng.uniform(3, 9), rng.uniform(0.08, 0.2)
    u, v = np.abs((x * pitch) % 1 - 0.5), np.abs((y * pitch) % 1 - 0.5)
    return _edge(width - np.minimum(u, v), 10)


def weave(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Over-and-under weaving."""
    pitch = rng.uniform(4, 9)
    u, v = x * pitch, y * pitch
    over = (np.floor(u) + np.floor(v)) % 2
    threads: Field = np.where(over > 0, np.sin((u % 1) * np.pi), np.sin((v % 1) * np.pi))
    return threads


def pebbles(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Draw rounded stones."""
    near, far = _cells(x, y, rng, rng.uniform(3, 7))
    return np.clip((far - near) * 1.8, 0, 1)


def cracks(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Dark cracks between plates."""
    near, far = _cells(x, y, rng, rng.uniform(2, 5))
    return _edge(far - near - 0.09, 12)


def spots(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """Scattered round spots."""
    near, _ = _cells(x, y, rng, rng.uniform(3, 7))
    return _edge(rng.uniform(0.25, 0.4) - near, 10)


TEXTURES: tuple[Texture, ...] = (
    stripes,
    grating,
    checker,
    plaid,
    dots,
    bricks,
    wood,
    marble,
    clouds,
    grain,
    camouflage,
    honeycomb,
    chevron,
    rings,
    rays,
    swirl,
    ramp,
    lattice,
    weave,
    pebbles,
    cracks,
    spots,
)
