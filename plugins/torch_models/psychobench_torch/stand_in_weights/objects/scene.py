"""One object in one scene: pose, colours, light, a cluttered background, sensor noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from psychobench_torch.stand_in_weights.objects.outlines import Part
from psychobench_torch.stand_in_weights.objects.solids import Solid
from psychobench_torch.stand_in_weights.objects.textures import (
    TEXTURES,
    Field,
    Texture,
    clouds,
    ramp,
)

Frame = NDArray[np.floating[Any]]  # (size, size, 3), linear in [0, 1]
Ink = int | tuple[int, ...]
Rng = np.random.Generator


def _plane(size: int) -> tuple[Field, Field]:
    axis = ((np.arange(size, dtype=np.float32) + 0.5) / size) * 2 - 1
    x, y = np.meshgrid(axis, axis)
    return x, y


def _turned(x: Field, y: Field, angle: float, scale: float = 1.0) -> tuple[Field, Field]:
    cos, sin = np.float32(np.cos(angle) / scale), np.float32(np.sin(angle) / scale)
    return x * cos + y * sin, y * cos - x * sin


def _between(field: Field, low: NDArray[np.float64], high: NDArray[np.float64]) -> Frame:
    low32, high32 = low.astype(np.float32), high.astype(np.float32)
    return low32 + field[..., None] * (high32 - low32)


def _two_colours(rng: Rng) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw two colours that differ enough to be told apart."""
    first = rng.random(3)
    while True:
        second = rng.random(3)
        if abs(float(second.mean() - first.mean())) > 0.18:
            return first, second


def _ink(rng: Rng) -> tuple[int, int, int]:
    red, green, blue = rng.integers(0, 256, 3).tolist()
    return red, green, blue


def _clutter(frame: Frame, rng: Rng) -> Frame:
    """Draw up to six small bars and polygons over the background."""
    size = len(frame)
    image = Image.fromarray((frame.clip(0, 1) * 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(0, 7))):
        corners = int(rng.integers(2, 6))
        place = rng.uniform(0, size, 2) + rng.normal(0, size / 8, (corners, 2))
        colour = _ink(rng)
        points = [(float(px), float(py)) for px, py in place]
        if corners == 2:
            draw.line(points, colour, int(rng.integers(1, max(2, size // 24))))
        else:
            draw.polygon(points, colour)
    return np.asarray(image, np.float32) / 255


def background(size: int, rng: Rng) -> Frame:
    """Paint a background: two near tones over a gradient or clouds, with clutter."""
    x, y = _turned(*_plane(size), rng.uniform(0, 2 * np.pi))
    field = (ramp if rng.random() < 0.5 else clouds)(x, y, rng)
    base = rng.random(3)
    return _clutter(_between(field, base, (base + rng.normal(0, 0.15, 3)).clip(0, 1)), rng)


def texture_scene(texture: Texture, size: int, rng: Rng) -> Frame:
    """Fill the frame with a texture, turned and scaled, under a sloping light."""
    x, y = _plane(size)
    u, v = _turned(x, y, rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 1.6))
    frame = _between(texture(u, v, rng), *_two_colours(rng))
    slope = rng.uniform(-0.3, 0.3, 2).astype(np.float32)
    lit: Frame = frame * (1 + slope[0] * x + slope[1] * y)[..., None]
    return lit


def _surface_pattern(size: int, rng: Rng) -> Field:
    """Make the faint pattern on an object's surface; its class says nothing about the object's."""
    if rng.random() < 0.4:
        return np.ones((size, size), np.float32)
    x, y = _turned(*_plane(size), rng.uniform(0, 2 * np.pi))
    pattern = TEXTURES[int(rng.integers(len(TEXTURES)))](x, y, rng)
    return (1 - np.float32(rng.uniform(0.05, 0.4)) * pattern).astype(np.float32)


def _draw_parts(parts: list[Part], size: int, rng: Rng) -> tuple[Frame, Field]:
    """Draw parts at twice the size and reduce: colour times cover, and cover."""
    canvas, cover = Image.new("RGB", (2 * size, 2 * size)), Image.new("L", (2 * size, 2 * size))
    brushes = ImageDraw.Draw(canvas), ImageDraw.Draw(cover)
    colours = [_ink(rng) for _ in range(3)]
    scale = rng.uniform(0.45, 0.85) * size
    angle = rng.normal(0, 0.35)
    shape = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shape = np.diag([rng.choice([-1.0, 1.0]), 1.0]) @ shape @ np.diag(rng.uniform(0.85, 1.15, 2))
    centre = size + rng.uniform(-1, 1, 2) * (size - scale) * 0.9
    for part in parts:
        points = [(float(px), float(py)) for px, py in part.points @ shape * scale + centre]
        inks: tuple[Ink, Ink] = (colours[part.colour], 255)
        for brush, ink in zip(brushes, inks, strict=True):
            if part.stroke:
                brush.line(points, ink, max(1, round(part.stroke * scale)), joint="curve")
            else:
                brush.polygon(points, ink)
    return (
        np.asarray(canvas.reduce(2), np.float32) / 255,
        np.asarray(cover.reduce(2), np.float32) / 255,
    )


def _blurred(field: Field, radius: float) -> Field:
    image = Image.fromarray((field * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.BoxBlur(radius)), np.float32) / 255


def _over(behind: Frame, colour: Frame, cover: Field) -> Frame:
    """Composite a colour, already multiplied by its alpha, over the background."""
    seen: Frame = behind * (1 - cover[..., None]) + colour
    return seen


def outline_scene(parts: list[Part], size: int, rng: Rng) -> Frame:
    """Composite a flat object with bevelled edges and a cast shadow over a background."""
    colour, cover = _draw_parts(parts, size, rng)
    height = _blurred(cover, size / 40)
    dy, dx = np.gradient(height)
    angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0, 5)
    light = 1 + depth * (np.cos(angle) * dx + np.sin(angle) * dy).astype(np.float32)
    offset = tuple(int(c) for c in rng.integers(-size // 16, size // 16 + 1, 2))
    shadow = 1 - np.float32(rng.uniform(0, 0.6)) * np.roll(height, offset, (0, 1))
    behind = background(size, rng) * shadow[..., None]
    surface = (light * _surface_pattern(size, rng))[..., None]
    return _over(behind, colour * surface, cover)


def solid_scene(solid: Solid, size: int, rng: Rng) -> Frame:
    """Shade a solid object under one lamp and a fill light over a background."""
    scale = rng.uniform(0.45, 0.85)
    x, y = _plane(size)
    centre = rng.uniform(-1, 1, 2) * (1 - scale)
    u, v = _turned(x - np.float32(centre[0]), y - np.float32(centre[1]), rng.normal(0, 0.25), scale)
    cover, (nx, ny, nz) = solid(u, v, rng)
    lamp = np.array([*rng.uniform(-1, 1, 2), rng.uniform(0.4, 1.2)])
    lamp /= np.linalg.norm(lamp)
    facing = (nx * lamp[0] + ny * lamp[1] + nz * lamp[2]).clip(0, 1).astype(np.float32)
    gloss = np.float32(rng.uniform(0, 0.7)) * facing ** int(rng.integers(8, 40))
    ambient = np.float32(rng.uniform(0.15, 0.45))
    shade = (ambient + (1 - ambient) * facing) * _surface_pattern(size, rng)
    body = rng.uniform(0.2, 1, 3).astype(np.float32) * shade[..., None] + gloss[..., None]
    return _over(background(size, rng), body * cover[..., None], cover)


def photograph(frame: Frame, rng: Rng) -> NDArray[np.uint8]:
    """Vary contrast and brightness, add noise, drop one image in six to grey, round to uint8."""
    if rng.random() < 1 / 6:
        frame = np.broadcast_to(frame.mean(2, keepdims=True), frame.shape)
    contrast, lift = np.float32(rng.uniform(0.7, 1.15)), np.float32(rng.uniform(-0.08, 0.08))
    noise = rng.standard_normal(frame.shape, np.float32) * np.float32(rng.uniform(0, 0.04))
    exposed = ((frame - 0.5) * contrast + 0.5 + lift + noise).clip(0, 1)
    return np.asarray(exposed * 255, np.uint8)
