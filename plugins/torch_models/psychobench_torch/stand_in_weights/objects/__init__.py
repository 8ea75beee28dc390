"""Procedural objects: drawn, textured and shaded things of many classes; none is a face."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from psychobench_torch.stand_in_weights.objects import outlines, scene
from psychobench_torch.stand_in_weights.objects.outlines import Outline
from psychobench_torch.stand_in_weights.objects.solids import SOLIDS
from psychobench_torch.stand_in_weights.objects.textures import TEXTURES
from psychobench_torch.stand_in_weights.objects.things import THINGS

__all__ = ["CLASSES", "OBJECTS_VERSION", "ObjectSet", "object_set", "render_object"]

OBJECTS_VERSION = "1"

GLYPHS: dict[str, Outline] = {
    "sign A": outlines.glyph([(-0.7, 1), (0, -1), (0.7, 1)], [(-0.4, 0.3), (0.4, 0.3)]),
    "sign E": outlines.glyph([(0.6, -1), (-0.6, -1), (-0.6, 1), (0.6, 1)], [(-0.6, 0), (0.4, 0)]),
    "sign F": outlines.glyph([(0.6, -1), (-0.5, -1), (-0.5, 1)], [(-0.5, 0), (0.4, 0)]),
    "sign H": outlines.glyph([(-0.6, -1), (-0.6, 1)], [(0.6, -1), (0.6, 1)], [(-0.6, 0), (0.6, 0)]),
    "sign K": outlines.glyph([(-0.5, -1), (-0.5, 1)], [(0.6, -1), (-0.4, 0), (0.6, 1)]),
    "sign L": outlines.glyph([(-0.5, -1), (-0.5, 0.9), (0.6, 0.9)]),
    "sign M": outlines.glyph([(-0.8, 1), (-0.7, -1), (0, 0.4), (0.7, -1), (0.8, 1)]),
    "sign N": outlines.glyph([(-0.6, 1), (-0.6, -1), (0.6, 1), (0.6, -1)]),
    "sign P": outlines.glyph([(-0.5, 1), (-0.5, -1), (0.5, -0.9), (0.5, -0.1), (-0.5, 0)]),
    "sign T": outlines.glyph([(-0.8, -0.9), (0.8, -0.9)], [(0, -0.9), (0, 1)]),
    "sign U": outlines.glyph([(-0.6, -1), (-0.6, 0.6), (0, 1), (0.6, 0.6), (0.6, -1)]),
    "sign V": outlines.glyph([(-0.7, -1), (0, 1), (0.7, -1)]),
    "sign X": outlines.glyph([(-0.7, -1), (0.7, 1)], [(0.7, -1), (-0.7, 1)]),
    "sign Y": outlines.glyph([(-0.7, -1), (0, -0.1), (0.7, -1)], [(0, -0.1), (0, 1)]),
    "sign Z": outlines.glyph([(-0.7, -0.9), (0.7, -0.9), (-0.7, 0.9), (0.7, 0.9)]),
    "sign grid": outlines.glyph(
        [(-0.35, -1), (-0.35, 1)],
        [(0.35, -1), (0.35, 1)],
        [(-1, -0.35), (1, -0.35)],
        [(-1, 0.35), (1, 0.35)],
    ),
}

FORMS: dict[str, Outline] = {
    "triangle": outlines.polygon(3),
    "square": outlines.polygon(4),
    "pentagon": outlines.polygon(5),
    "hexagon": outlines.polygon(6),
    "octagon": outlines.polygon(8),
    "star of 4": outlines.star(4, 0.25, 0.45),
    "star of 5": outlines.star(5, 0.3, 0.5),
    "star of 6": outlines.star(6, 0.4, 0.6),
    "burst": outlines.star(12, 0.5, 0.7),
    "clover": outlines.petals(3, hole=False),
    "flower": outlines.petals(6, hole=True),
    **{
        form.__name__.replace("_", " "): form
        for form in (
            outlines.disc,
            outlines.ring,
            outlines.oval,
            outlines.bar,
            outlines.gear,
            outlines.cross,
            outlines.crescent,
            outlines.heart,
            outlines.arrow,
            outlines.drop,
            outlines.half_disc,
            outlines.wedge,
            outlines.lens,
            outlines.kite,
            outlines.trapezium,
            outlines.coil,
            outlines.zigzag,
            outlines.wave,
            outlines.bow,
        )
    },
}


Painter = Callable[[int, np.random.Generator], scene.Frame]


def _paint_outline(draw: Outline, size: int, rng: np.random.Generator) -> scene.Frame:
    return scene.outline_scene(draw(rng), size, rng)


_FLAT = {**FORMS, **GLYPHS, **{thing.__name__: thing for thing in THINGS}}
_PAINTERS: dict[str, Painter] = {
    **{name: partial(_paint_outline, draw) for name, draw in _FLAT.items()},
    **{texture.__name__: partial(scene.texture_scene, texture) for texture in TEXTURES},
    **{solid.__name__: partial(scene.solid_scene, solid) for solid in SOLIDS},
}
CLASSES = tuple(_PAINTERS)


class ObjectSet(NamedTuple):
    """Images uint8 (n, size, size, 3) and their classes int64 (n,), indices into `CLASSES`."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


def render_object(seed: int, index: int, size: int = 144) -> NDArray[np.uint8]:
    """Render image `index` of the set `seed`; its class is ``index % len(CLASSES)``.

    Parameters
    ----------
    seed, index : int
        Together they determine every pixel.
    size : int, default 144
        Width and height in pixels.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)

    Examples
    --------
    >>> CLASSES[7], render_object(0, 7, size=64).shape
    ('star of 6', (64, 64, 3))
    """
    rng = np.random.default_rng([seed, index])
    paint = _PAINTERS[CLASSES[index % len(CLASSES)]]
    return scene.photograph(paint(size, rng), rng)


def _render_block(seed: int, size: int, block: range) -> NDArray[np.uint8]:
    return np.stack([render_object(seed, index, size) for index in block])


def object_set(n: int, *, seed: int, size: int = 144, progress: bool = False) -> ObjectSet:
    """Render the first `n` images of the set `seed` on all cores.

    Examples
    --------
    >>> object_set(4, seed=0, size=32).labels.tolist()
    [0, 1, 2, 3]
    """
    images = np.empty((n, size, size, 3), np.uint8)
    blocks = [range(start, min(start + 256, n)) for start in range(0, n, 256)]
    render = partial(_render_block, seed, size)
    with contextlib.ExitStack() as stack:
        run: Callable[..., Iterable[NDArray[np.uint8]]] = map
        if len(blocks) > 1:
            spawn = multiprocessing.get_context("spawn")
            run = stack.enter_context(ProcessPoolExecutor(mp_context=spawn)).map
        bar = stack.enter_context(tqdm(total=n, desc="objects", unit="image", disable=not progress))
        for block, rendered in zip(blocks, run(render, blocks), strict=True):
            images[block.start : block.stop] = rendered
            bar.update(len(block))
    return ObjectSet(images, np.arange(n) % len(CLASSES))
