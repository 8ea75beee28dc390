"""Solid objects: where they cover the frame, and their surface normals, in the unit frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating[Any]]


class Surface(NamedTuple):
    """What is seen of a solid: cover in [0, 1], unit normals (x right, y down, z to the eye)."""

    cover: Field
    normals: tuple[Field, Field, Field]


Solid = Callable[[Field, Field, np.random.Generator], Surface]
EDGE = 0.02  # half the width of a silhouette's soft edge, in the unit frame


def _cover(inside: Field) -> Field:
    cover: Field = np.clip(0.5 + inside / (2 * EDGE), 0, 1).astype(np.float32)
    return cover


def _normals(nx: Field, ny: Field, nz: Field) -> tuple[Field, Field, Field]:
    length = np.sqrt(nx**2 + ny**2 + nz**2) + 1e-6
    return nx / length, ny / length, nz / length


def sphere(x: Field, y: Field, rng: np.random.Generator) -> Surface:
    """See a ball."""
    r2 = x**2 + y**2
    return Surface(_cover(1 - np.sqrt(r2)), _normals(x, y, np.sqrt(np.clip(1 - r2, 0, 1))))


def egg(x: Field, y: Field, rng: np.random.Generator) -> Surface:
    """See an egg: a long ball, narrower at one end."""
    u = x / (rng.uniform(0.5, 0.65) * (1 + 0.22 * y))
    r2 = u**2 + y**2
    return Surface(
        _cover((1 - np.sqrt(r2)) * 0.6), _normals(u, y * 0.6, np.sqrt(np.clip(1 - r2, 0, 1)))
    )


def cylinder(x: Field, y: Field, rng: np.random.Generator) -> Surface:
    """See a standing cylinder from a little above."""
    half, height, squash = rng.uniform(0.4, 0.65), rng.uniform(0.6, 0.85), rng.uniform(0.15, 0.35)
    u = np.clip(x / half, -1, 1)
    bow = half * squash * np.sqrt(1 - u**2)
    top = (x / half) ** 2 + ((y + height) / (half * squash)) ** 2 < 1
    side = np.minimum(half - np.abs(x), np.minimum(height + bow - y, y + height))
    cover = np.maximum(_cover(side), top.astype(np.float32))
    flat = np.where(top, 0, 1)
    return Surface(
        cover, _normals(u * flat, -0.8 * (1 - flat), np.sqrt(1 - u**2) * flat + 0.6 * (1 - flat))
    )


def cone(x: Field, y: Field, rng: np.random.Generator) -> Surface:
    """See a cone that stands on its base."""
    base, squash = rng.uniform(0.5, 0.8), rng.uniform(0.15, 0.3)
    half = np.clip((y + 1) / 1.7, 1e-3, 1) * base
    u = np.clip(x / half, -1, 1)
    floor = 0.7 + base * squash * np.sqrt(np.clip(1 - (x / base) ** 2, 0, 1)) - y
    return Surface(
        _cover(np.minimum(half - np.abs(x), floor)), _normals(u, -0.4 + 0 * u, np.sqrt(1 - u**2))
    )


def torus(x: Field, y: Field, rng: np.random.Generator) -> Surface:
    """See a doughnut from above or aslant."""
    tube, squash = rng.uniform(0.2, 0.36), rng.uniform(0.5, 1.0)
    v = y / squash
    radius = np.sqrt(x**2 + v**2) + 1e-6
    across = (radius - (1 - tube)) / tube
    slope = np.clip(across, -1, 1)
    cover = _cover((1 - np.abs(across)) * tube * squash)
    return Surface(cover, _normals(slope * x / radius, slope * v / radius, np.sqrt(1 - slope**2)))


def box(x: Field, y: Field, rng: np.random.Generator) -> Surface:
    """See a box edge on: two sides and the top."""
    turn, lift = rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.55)
    a, b = 0.85 * turn + 0.15, 0.85 * (1 - turn) + 0.15
    left = x < 0
    roof = -0.55 + np.where(left, -x / a, x / b) * -lift * 0.5
    wall = np.minimum(np.minimum(x + a, b - x), np.minimum(y - roof, 0.9 + roof + 0.55 - y))
    u, v = (x / a + x / b) / 2, (y + 0.55 + lift * 0.5) / (lift * 0.5)
    top = 1 - np.abs(u) - np.abs(v)
    cover = np.maximum(_cover(wall), _cover(top * lift * 0.5))
    lid = (top > 0) & (y < roof + 0.02)
    nx = np.where(lid, 0, np.where(left, -0.75, 0.75))
    return Surface(cover, _normals(nx, np.where(lid, -0.85, 0.05), np.where(lid, 0.5, 0.6)))


def pyramid(x: Field, y: Field, rng: np.random.Generator) -> Surface:
    """See a pyramid edge on: two faces."""
    edge = rng.uniform(-0.35, 0.35)
    half = np.clip((y + 1) / 1.7, 0, 1) * 0.95
    ridge = edge * np.clip((y + 1) / 1.7, 0, 1)
    floor = 0.9 - 0.25 * np.abs(x - edge) - y
    nx = np.where(x < ridge, -0.7, 0.7).astype(np.float32)
    return Surface(
        _cover(np.minimum(half - np.abs(x), floor)), _normals(nx, -0.35 + 0 * x, 0.6 + 0 * x)
    )


def dimpled(x: Field, y: Field, rng: np.random.Generator) -> Surface:
    """See a ball with a dimple pressed into it."""
    ball = sphere(x, y, rng)
    cx, cy = rng.uniform(-0.35, 0.35, 2)
    dx, dy = (x - cx) / 0.42, (y - cy) / 0.42
    depth = np.exp(-(dx**2 + dy**2)) * 2.4
    nx, ny, nz = ball.normals
    return Surface(ball.cover, _normals(nx - depth * dx, ny - depth * dy, nz + 0.2))


def ridged(x: Field, y: Field, rng: np.random.Generator) -> Surface:
    """See a cushion with parallel ridges across it."""
    pitch = rng.uniform(9, 20)
    body = 1 - np.maximum(np.abs(x), np.abs(y) * 1.3)
    return Surface(_cover(body), _normals(x * 0.4 + 0.7 * np.cos(pitch * x), y * 0.6, 0.8 + 0 * x))


def blob(x: Field, y: Field, rng: np.random.Generator) -> Surface:
    """See a smooth lump."""
    angle = np.arctan2(y, x)
    swing = sum(
        rng.uniform(0.03, 0.13) * np.cos(k * angle + rng.uniform(0, 6.3)) for k in (2, 3, 4)
    )
    u = np.hypot(x, y) / (0.8 + np.asarray(swing))
    return Surface(_cover((1 - u) * 0.8), _normals(x, y, np.sqrt(np.clip(1 - u**2, 0, 1))))


SOLIDS: tuple[Solid, ...] = (
    sphere,
    egg,
    cylinder,
    cone,
    torus,
    box,
    pyramid,
    dimpled,
    ridged,
    blob,
)
