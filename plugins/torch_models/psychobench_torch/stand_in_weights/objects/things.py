"""Things with parts: tools, plants, vehicles and buildings as flat drawings, varied by a seed."""

from __future__ import annotations

import numpy as np

from psychobench_torch.stand_in_weights.objects.outlines import (
    Outline,
    Part,
    arc,
    box,
    circle,
    part,
)

Rng = np.random.Generator


def mug(rng: Rng) -> list[Part]:
    """Draw a mug with a handle."""
    half, reach = rng.uniform(0.4, 0.55), rng.uniform(0.3, 0.42)
    handle = arc(-np.pi / 2, np.pi / 2, reach, centre=(half, 0))
    return [
        part(handle, 1, 0.16),
        box(-half, -0.75, half, 0.75),
        part(arc(0, 2 * np.pi) * [half, 0.16] - [0, 0.75], 2),
    ]


def tree(rng: Rng) -> list[Part]:
    """Draw a tree: a trunk under a ragged crown."""
    crown = [
        circle(rng.uniform(-0.4, 0.4), rng.uniform(-0.75, 0), rng.uniform(0.25, 0.42))
        for _ in range(7)
    ]
    return [box(-0.12, 0, 0.12, 1, 1), *crown]


def fir(rng: Rng) -> list[Part]:
    """Draw a fir: stacked triangles."""
    tiers = int(rng.integers(3, 6))
    top = np.linspace(-1, 0.2, tiers)
    width = np.linspace(0.35, 0.8, tiers)
    layers = [part([[0, t], [w, t + 0.6], [-w, t + 0.6]]) for t, w in zip(top, width, strict=True)]
    return [box(-0.1, 0.6, 0.1, 1, 1), *layers]


def house(rng: Rng) -> list[Part]:
    """Draw a house with a roof, a door and windows."""
    roof = rng.uniform(-1, -0.7)
    windows = [box(x, 0.05, x + 0.25, 0.35, 2) for x in (-0.55, 0.3)]
    return [
        box(-0.75, -0.2, 0.75, 0.95),
        part([[-0.95, -0.2], [0, roof], [0.95, -0.2]], 1),
        box(-0.14, 0.4, 0.16, 0.95, 1),
        *windows,
    ]


def tower(rng: Rng) -> list[Part]:
    """Draw a tower block with rows of windows."""
    half = rng.uniform(0.3, 0.5)
    xs = np.linspace(-half + 0.08, half - 0.2, 3)
    windows = [box(x, y, x + 0.13, y + 0.14, 2) for y in np.arange(-0.85, 0.8, 0.3) for x in xs]
    return [box(-half, -1, half, 1), *windows]


def fish(rng: Rng) -> list[Part]:
    """Draw a fish."""
    height = rng.uniform(0.35, 0.5)
    body = arc(0, 2 * np.pi) * [0.7, height] + [0.2, 0]
    return [
        part([[-0.4, 0], [-1, -0.45], [-0.85, 0], [-1, 0.45]], 1),
        part(body),
        part([[0.2, -height], [-0.1, -height - 0.3], [-0.2, -height + 0.1]], 1),
    ]


def bottle(rng: Rng) -> list[Part]:
    """Draw a bottle with a label."""
    neck, half = rng.uniform(0.1, 0.16), rng.uniform(0.3, 0.42)
    outline = [
        [-neck, -0.95],
        [neck, -0.95],
        [neck, -0.45],
        [half, -0.15],
        [half, 1],
        [-half, 1],
        [-half, -0.15],
        [-neck, -0.45],
    ]
    return [
        part(outline),
        box(-neck - 0.03, -1, neck + 0.03, -0.85, 2),
        box(-half, 0.15, half, 0.65, 1),
    ]


def key(rng: Rng) -> list[Part]:
    """Draw a key."""
    teeth = [box(x, 0.05, x + 0.12, rng.uniform(0.2, 0.4)) for x in (0.35, 0.6, 0.85)]
    return [part(arc(0, 2 * np.pi, 0.32) - [0.6, 0], 0, 0.18), box(-0.3, -0.09, 1, 0.09), *teeth]


def hammer(rng: Rng) -> list[Part]:
    """Draw a hammer."""
    return [box(-0.1, -0.6, 0.1, 1, 1), box(-0.6, -0.95, rng.uniform(0.35, 0.6), -0.5)]


def umbrella(rng: Rng) -> list[Part]:
    """Draw an umbrella."""
    hook = arc(0, np.pi, 0.15, centre=(-0.15, 0.8))
    return [part([[0, -0.1], [0, 0.8], *hook], 1, 0.08), part(arc(np.pi, 2 * np.pi) * [1, 0.85])]


def mushroom(rng: Rng) -> list[Part]:
    """Draw a spotted mushroom."""
    spots = [circle(rng.uniform(-0.6, 0.6), rng.uniform(-0.6, -0.15), 0.11, 2) for _ in range(5)]
    return [
        box(-0.22, 0, 0.22, 0.95, 1),
        part(arc(np.pi, 2 * np.pi) * [0.95, 0.9] + [0, 0.1]),
        *spots,
    ]


def leaf(rng: Rng) -> list[Part]:
    """Draw a leaf with its veins."""
    x = np.linspace(-1, 0.75, 40)
    y = rng.uniform(0.4, 0.6) * np.sin((x + 1) / 1.75 * np.pi) ** 0.8
    veins = [
        part([[p, 0], [p + 0.25, s * 0.28]], 1, 0.04) for p in (-0.6, -0.2, 0.2) for s in (-1, 1)
    ]
    blade = np.vstack([np.stack([x, y], 1), np.stack([x, -y], 1)[::-1]])
    return [part(blade), part([[-0.9, 0], [1, 0]], 1, 0.06), *veins]


def car(rng: Rng) -> list[Part]:
    """Draw a car."""
    cabin = rng.uniform(0.3, 0.5)
    return [
        box(-1, -0.1, 1, 0.4),
        part([[-cabin - 0.2, -0.1], [-cabin, -0.55], [cabin, -0.55], [cabin + 0.25, -0.1]]),
        box(-cabin + 0.05, -0.45, -0.04, -0.12, 1),
        box(0.06, -0.45, cabin - 0.05, -0.12, 1),
        circle(-0.55, 0.4, 0.24, 2),
        circle(0.55, 0.4, 0.24, 2),
    ]


def boat(rng: Rng) -> list[Part]:
    """Draw a sailing boat."""
    return [
        part([[-0.95, 0.4], [0.95, 0.4], [0.6, 0.85], [-0.6, 0.85]]),
        box(-0.04, -1, 0.04, 0.4, 2),
        part([[0.1, -0.95], [rng.uniform(0.6, 0.9), 0.3], [0.1, 0.3]], 1),
        part([[-0.1, -0.8], [-0.6, 0.3], [-0.1, 0.3]], 1),
    ]


def chair(rng: Rng) -> list[Part]:
    """Draw a chair from the side."""
    return [box(-0.6, -1, -0.42, 1), box(-0.6, 0, 0.6, 0.2, 1), box(0.42, 0.2, 0.6, 1)]


def table(rng: Rng) -> list[Part]:
    """Draw a table."""
    legs = [box(x, -0.3, x + 0.14, 0.8, 1) for x in (-0.85, 0.7)]
    return [*legs, box(-1, -0.5, 1, rng.uniform(-0.35, -0.2))]


def ladder(rng: Rng) -> list[Part]:
    """Draw a ladder."""
    rungs = [
        box(-0.35, y, 0.35, y + 0.08, 1) for y in np.linspace(-0.85, 0.75, int(rng.integers(4, 8)))
    ]
    return [box(-0.45, -1, -0.33, 1), box(0.33, -1, 0.45, 1), *rungs]


def lamp(rng: Rng) -> list[Part]:
    """Draw a standing lamp."""
    top = rng.uniform(0.2, 0.4)
    return [
        box(-0.05, -0.3, 0.05, 0.9, 1),
        box(-0.4, 0.85, 0.4, 1, 1),
        part([[-top, -1], [top, -1], [0.65, -0.2], [-0.65, -0.2]]),
    ]


def cactus(rng: Rng) -> list[Part]:
    """Draw a cactus with two arms."""
    low, high = rng.uniform(0.0, 0.3), rng.uniform(-0.4, -0.1)
    return [
        part([[0, 1], [0, -0.85]], 0, 0.34),
        part([[0, low], [0.55, low], [0.55, -0.5]], 0, 0.2),
        part([[0, high + 0.3], [-0.55, high + 0.3], [-0.55, -0.6]], 0, 0.2),
    ]


def wheel(rng: Rng) -> list[Part]:
    """Draw a spoked wheel."""
    count = int(rng.integers(5, 10))
    spokes = [
        part([[0, 0], [0.85 * np.cos(a), 0.85 * np.sin(a)]], 1, 0.08)
        for a in np.arange(count) * 2 * np.pi / count
    ]
    return [*spokes, part(arc(0, 2 * np.pi, 0.85), 0, 0.16), circle(0, 0, 0.18)]


THINGS: tuple[Outline, ...] = (
    mug,
    tree,
    fir,
    house,
    tower,
    fish,
    bottle,
    key,
    hammer,
    umbrella,
    mushroom,
    leaf,
    car,
    boat,
    chair,
    table,
    ladder,
    lamp,
    cactus,
    wheel,
)
