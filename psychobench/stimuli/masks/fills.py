"""Fills: what is seen where a mask hides the image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychobench.images import resize_bilinear
from psychobench.stimuli.masks.regions import Region, bounding_box

Pixels = NDArray[np.uint8]
Colours = NDArray[np.float64]
_COARSE = 128  # pixels of the longer side on which local means are taken
_TAPER = 0.2  # share of a patch over which it fades, so that its borders add no energy


def mean_fill(mean: Colours, hidden: Region, skin: Region, reach: float) -> Pixels:
    """Fill with one colour: that of the skin next to what is hidden.

    The mean over a whole face is darker than the skin round a feature, since brows, lips and
    shadows enter into it, and a patch of it would stand out. Medians per channel are taken.

    Parameters
    ----------
    mean : ndarray of float64, shape (height, width, 3)
        The images, averaged over the levels.
    hidden : ndarray of bool, shape (height, width)
        Which pixels the mask hides, even in part.
    skin : ndarray of bool, shape (height, width)
        Which pixels are skin: the face without its features.
    reach : float
        How far from what is hidden to look, in pixels; further where no skin is that near.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    from scipy.ndimage import distance_transform_edt

    seen = skin & ~hidden
    if not seen.any():
        seen = skin if skin.any() else ~hidden if not hidden.all() else hidden
    far = distance_transform_edt(~hidden)
    near = seen & (far <= max(reach, float(far[seen].min()) + reach))
    return np.broadcast_to(_bytes(np.median(mean[near], axis=0)), mean.shape)


def local_fill(mean: Colours, hidden: Region) -> Pixels:
    """Fill each pixel with the mean colour of what is seen around it.

    The means are weighted by Gaussians, each twice as wide as the one before; the wider ones
    count where the narrower ones reach nothing that is seen. Nothing of what is hidden enters.

    Parameters
    ----------
    mean : ndarray of float64, shape (height, width, 3)
        The images, averaged over the levels.
    hidden : ndarray of bool, shape (height, width)
        Which pixels the mask hides, even in part.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    from scipy.ndimage import gaussian_filter

    height, width = hidden.shape
    factor = max(1, -(-max(height, width) // _COARSE))
    weight = _pool((~hidden).astype(float)[..., None], factor)
    colour = _pool(mean * ~hidden[..., None], factor)
    sums, around, spread, trust = np.zeros_like(colour), np.zeros_like(weight), 2.0, 1.0
    while spread < max(weight.shape):
        blur = (spread, spread, 0.0)
        around += trust * gaussian_filter(weight, blur, mode="constant", truncate=3.0)
        sums += trust * gaussian_filter(colour, blur, mode="constant", truncate=3.0)
        spread, trust = 2.0 * spread, 0.02 * trust
    coarse = (sums / around).astype(np.float32).transpose(2, 0, 1)
    planes = resize_bilinear(coarse, coarse.shape[1] * factor, coarse.shape[2] * factor)
    return _bytes(planes.transpose(1, 2, 0)[:height, :width].astype(np.float64))


def noise_fill(pixels: Pixels, hidden: Region, rng: np.random.Generator) -> Pixels:
    """Fill with noise that has the amplitude spectrum of what is hidden.

    The spectrum is the root mean square over the levels of the Fourier amplitudes of the
    rectangle round the hidden pixels, channel by channel. All channels get the same random
    phases, which keeps the colours together.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, height, width, 3)
        The images at all levels.
    hidden : ndarray of bool, shape (height, width)
        Which pixels the mask hides, even in part.
    rng : numpy.random.Generator
        For the phases.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        Mid-grey outside the rectangle.
    """
    box = bounding_box(hidden)
    shape = pixels[0][box].shape
    window = np.outer(_taper(shape[0]), _taper(shape[1]))[..., None]
    power = np.zeros((shape[0], shape[1] // 2 + 1, 3))
    mean = np.zeros(3)
    for image in pixels:
        patch = image[box].astype(np.float64)
        centre = patch.mean(axis=(0, 1))
        mean += centre / len(pixels)
        power += np.abs(np.fft.rfft2((patch - centre) * window, axes=(0, 1))) ** 2 / len(pixels)
    white = np.fft.rfft2(rng.standard_normal(shape[:2]))
    phases = (white / np.maximum(np.abs(white), 1e-300))[..., None]
    noise = np.fft.irfft2(np.sqrt(power) * phases, s=shape[:2], axes=(0, 1))
    noise -= noise.mean(axis=(0, 1))
    fill = np.full(pixels.shape[1:], 128, dtype=np.uint8)
    fill[box] = _bytes(mean + noise / np.sqrt((window**2).mean()))
    return fill


def blur_fill(pixels: Pixels, spread: float) -> Pixels:
    """Fill each image with a blurred copy of itself.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, height, width, 3)
        The images.
    spread : float
        Standard deviation of the blur in pixels.

    Returns
    -------
    ndarray of uint8, shape (n, height, width, 3)
    """
    from PIL import Image, ImageFilter

    blur = ImageFilter.GaussianBlur(spread)
    return np.stack([np.asarray(Image.fromarray(image).filter(blur)) for image in pixels])


def _pool(planes: Colours, factor: int) -> Colours:
    """Average squares of pixels; the last ones may be cut off by the border."""
    height, width = planes.shape[:2]
    down, across = -(-height // factor), -(-width // factor)
    padding = ((0, down * factor - height), (0, across * factor - width), (0, 0))
    squares = np.pad(planes, padding).reshape(down, factor, across, factor, -1)
    return np.asarray(squares.mean(axis=(1, 3)))


def _taper(length: int) -> Colours:
    place = (np.arange(length) + 0.5) / length
    edge = np.minimum(place, 1.0 - place) / _TAPER
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * edge.clip(0.0, 1.0)))


def _bytes(colours: Colours) -> Pixels:
    return np.asarray((colours + 0.5).clip(0, 255).astype(np.uint8))
