"""Where the face lies in each image and how large it is: from landmarks, and from the images."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.stimuli.landmarks.face_geometry import FaceGeometry, Landmarks
from psychobench.stimuli.landmarks.point_layouts import FEATURES
from psychobench.stimuli.masks.regions import Region

Grey = NDArray[np.float64]
Values = NDArray[np.float64]

_ROUNDS = 8
_SIDE = 160  # pixels of the longer side on which images are registered
_BLUR = 1.5  # pixels there: a step between neighbours is smaller
_KEPT = 0.8  # share of the pixels, the best-fitting ones, that tell whether all moved
_NOISE = 0.3  # grey levels: a byte's rounding


def position_from_landmarks(landmarks: Sequence[Landmarks]) -> pd.DataFrame:
    """Fit each image's landmarks to their mean shape by a similarity.

    Points that an expression moves must not count as a movement of the face: the fit starts with
    the eyes, and points that do not move with them lose their weight (Cauchy's, by iteration).

    Parameters
    ----------
    landmarks : sequence of ndarray, shape (n_points, 2), or of dict
        One item for each image, by number, in a known layout, or by feature.

    Returns
    -------
    pandas.DataFrame
        ``face_x``, ``face_y`` (pixels) and ``face_size`` (percent), each minus its mean.
    """
    points = np.stack([_all_points(level) for level in landmarks])
    eyes = _all_points_of_eyes(landmarks[0], points[0])
    shapes = points[..., 0] + 1j * points[..., 1]
    mean = shapes.mean(axis=0)
    weight = np.where(eyes, 1.0, 1e-3)
    for _ in range(_ROUNDS):
        weight = weight / weight.sum()
        centres = shapes @ weight
        model = mean - mean @ weight
        turns = (shapes - centres[:, None]) @ (weight * model.conj())
        turns /= (weight * abs(model) ** 2).sum()
        misfit = np.sqrt(np.mean(abs(shapes - centres[:, None] - np.outer(turns, model)) ** 2, 0))
        scale = max(1.5 * float(np.median(misfit[eyes])), 0.05)
        weight = 1.0 / (1.0 + (misfit / scale) ** 2)
    sizes = 100.0 * abs(turns)
    found = {"face_x": centres.real, "face_y": centres.imag, "face_size": sizes}
    return pd.DataFrame({name: values - values.mean() for name, values in found.items()})


def position_from_images(grey: Grey, seen: Region) -> tuple[pd.DataFrame, float]:
    """Register each image to the middle one by a shift and a change of size.

    Lucas and Kanade's method [1]_ with a gain and an offset for brightness, from neighbour to
    neighbour first and then to the middle image; pixels that move differently lose their weight.

    Parameters
    ----------
    grey : ndarray of float64, shape (n, height, width)
        Grey levels, in the order of the level.
    seen : ndarray of bool, shape (height, width)
        The pixels that count: those outside the region that is judged.

    Returns
    -------
    table : pandas.DataFrame
        ``shift_x``, ``shift_y`` (pixels) and ``growth`` (percent), each minus its mean.
    explained : float
        The share of the squared differences between the images that these movements explain,
        without the fifth of the pixels that fit worst: an expression moves parts of the face.

    References
    ----------
    .. [1] Lucas, B. D., & Kanade, T. (1981). An iterative image registration technique with an
       application to stereo vision. IJCAI, 674-679.
    """
    from scipy.ndimage import gaussian_filter

    factor = -(-max(grey.shape[1:]) // _SIDE)
    small = np.stack([gaussian_filter(shrink(image, factor), _BLUR) for image in grey])
    chosen = shrink(seen.astype(float), factor) > 0.99
    middle = len(small) // 2
    steps = [_register(here, there, chosen)[0] for here, there in itertools.pairwise(small)]
    chain = np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])
    moves = chain - chain[middle]
    before = after = 0.0
    for number, image in enumerate(small):
        unmoved = image
        for _ in range(2):
            moved = _move(image, moves[number])
            step, left = _register(small[middle], moved, chosen)
            moves[number] += step
        kept = left <= np.quantile(left, _KEPT)
        before += float(_misfit(small[middle], unmoved, chosen)[kept].sum())
        after += float(left[kept].sum())
    table = pd.DataFrame(moves * (factor, factor, 100.0), columns=["shift_x", "shift_y", "growth"])
    return table - table.mean(), 1.0 - after / before if before > 0 else 0.0


def shrink(image: Grey, factor: int) -> Grey:
    """Average squares of pixels; what is left over at the right and below is cut off."""
    if factor == 1:
        return image
    rows, columns = (side // factor for side in image.shape)
    whole = image[: rows * factor, : columns * factor]
    return np.asarray(whole.reshape(rows, factor, columns, factor).mean(axis=(1, 3)))


def _all_points(landmarks: Landmarks) -> Values:
    if isinstance(landmarks, np.ndarray):
        return landmarks
    return np.concatenate(list(landmarks.values()))


def _all_points_of_eyes(landmarks: Landmarks, points: Values) -> NDArray[np.bool_]:
    """Find the points of the eyes; all points where their meaning is not known."""
    if isinstance(landmarks, np.ndarray) and len(landmarks) not in FEATURES:
        return np.ones(len(points), dtype=bool)
    if not isinstance(landmarks, np.ndarray) and "left_eye" not in landmarks:
        return np.ones(len(points), dtype=bool)
    face = FaceGeometry.of([landmarks])
    eyes = face.points("left_pupil", "right_pupil", "left_eye", "right_eye")
    return np.asarray((points[:, None] == eyes[None]).all(axis=2).any(axis=1))


def robust_fit(design: Grey, values: Values, *, rounds: int, noise: float) -> Values:
    """Fit a linear model in which observations that fit badly lose their weight (Cauchy's [1]_).

    Parameters
    ----------
    design : ndarray of float64, shape (n_terms, n)
        One row for each term.
    values : ndarray of float64, shape (n,)
        What is fitted.
    rounds : int
        Of reweighting, at most.
    noise : float
        The smallest error that costs weight, in the unit of the values.

    References
    ----------
    .. [1] Holland, P. W., & Welsch, R. E. (1977). Robust regression using iteratively reweighted
       least-squares. Communications in Statistics, 6(9), 813-827.
    """
    found: Values = np.zeros(len(design))
    weighted = design
    for _ in range(rounds):
        before = found
        found = np.asarray(np.linalg.lstsq(weighted @ design.T, weighted @ values, rcond=None)[0])
        if np.allclose(found, before, rtol=1e-4, atol=1e-9):
            break
        error = abs(values - found @ design)
        weighted = design / (1.0 + (error / (1.4826 * float(np.median(error)) + noise)) ** 2)
    return np.asarray(found)


def _register(here: Grey, there: Grey, chosen: Region) -> tuple[Values, Values]:
    """Return shift and growth from one image to another, and the squared errors that are left."""
    design, change = _design(here, chosen), (there - here)[chosen]
    found = robust_fit(design, change, rounds=_ROUNDS, noise=_NOISE)
    return -found[:3], np.asarray((change - found @ design) ** 2)


def _misfit(here: Grey, there: Grey, chosen: Region) -> Values:
    """Return the squared errors that gain and offset alone leave."""
    design, change = _design(here, chosen)[3:], (there - here)[chosen]
    found = np.linalg.lstsq(design @ design.T, design @ change, rcond=None)[0]
    return np.asarray((change - found @ design) ** 2)


def _design(image: Grey, chosen: Region) -> Grey:
    """Return how an image changes with shift, growth, gain and offset, shape (5, n)."""
    down, across = np.gradient(image)
    y, x = np.ogrid[: image.shape[0], : image.shape[1]]
    radial = across * (x - 0.5 * (image.shape[1] - 1)) + down * (y - 0.5 * (image.shape[0] - 1))
    terms = np.stack([across, down, radial, image, np.ones_like(image)])
    return np.asarray(terms[:, chosen])


def _move(image: Grey, move: Values) -> Grey:
    """Undo a shift and a growth about the middle of the image."""
    from scipy.ndimage import affine_transform

    middle = 0.5 * (np.array(image.shape) - 1.0)
    scale = 1.0 + move[2]
    offset = middle - scale * middle + move[1::-1]
    return np.asarray(
        affine_transform(image, np.array([scale, scale]), offset, order=1, mode="nearest")
    )
