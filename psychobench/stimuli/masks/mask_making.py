"""Make masks: a spec, landmarks and images in, opacities and fills out."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import StimulusError
from psychobench.stimuli.landmarks.face_geometry import FaceGeometry, Landmarks
from psychobench.stimuli.landmarks.point_layouts import FEATURES
from psychobench.stimuli.masks.control import control_region
from psychobench.stimuli.masks.fills import (
    Pixels,
    blur_fill,
    local_fill,
    mean_fill,
    noise_fill,
)
from psychobench.stimuli.masks.mask_spec import CONTROL, POLYGON, MaskSpec, mask_faults
from psychobench.stimuli.masks.regions import (
    Region,
    bounding_box,
    face_region,
    features_region,
    named_region,
    polygon_region,
    soften,
)

MID_GREY = 128
_NEXT_TO = 0.2  # pupil distances round a mask within which its skin is looked for
OUTLINE_LEAKS = (
    "its outline follows the features and so shows the expression; "
    "leave out follow for one mask that serves all levels"
)
BLUR_LEAKS = "a blurred copy of each image still shows the expression coarsely"


@dataclass(frozen=True, eq=False)
class Mask:
    """How much of each pixel is hidden, and what is seen there instead.

    Attributes
    ----------
    opacity : ndarray of uint8, shape (height, width) or (n, height, width)
        0 shows the image, 255 hides it; one for all images, or one for each.
    fill : ndarray of uint8, shape (height, width, 3) or (n, height, width, 3), or None
        What is seen in place of the image; None is mid-grey.
    about : dict
        What it hides, where and how much; empty where a set does not say.
    """

    opacity: NDArray[np.uint8]
    fill: Pixels | None
    about: Mapping[str, Any]

    @property
    def region(self) -> Region:
        """Return the pixels that are hidden more than half in any image."""
        hidden = self.opacity > MID_GREY
        return np.asarray(hidden if hidden.ndim == 2 else hidden.any(axis=0))

    def apply(self, pixels: Pixels) -> Pixels:
        """Hide a part of images.

        Parameters
        ----------
        pixels : ndarray of uint8, shape (n, height, width, 3)
            The images, all that the mask was made for and in their order.

        Returns
        -------
        ndarray of uint8, shape (n, height, width, 3)
            A copy; rounded in whole numbers, so that it is the same on every machine.
        """
        result = pixels.copy()
        for index, image in enumerate(result):
            opacity = self.opacity if self.opacity.ndim == 2 else self.opacity[index]
            if not opacity.any():
                continue
            box = bounding_box(opacity > 0)
            cover = opacity[box][..., None].astype(np.uint16)
            over: Any = MID_GREY
            if self.fill is not None:
                over = (self.fill if self.fill.ndim == 3 else self.fill[index])[box]
            image[box] = (cover * over + (255 - cover) * image[box] + 127) // 255
        return result

    def select(self, rows: NDArray[np.intp]) -> Mask:
        """Keep what belongs to some of the images."""
        opacity = self.opacity if self.opacity.ndim == 2 else self.opacity[rows]
        fill = self.fill if self.fill is None or self.fill.ndim == 3 else self.fill[rows]
        return Mask(opacity, fill, self.about)

    @property
    def leaks(self) -> tuple[str, ...]:
        """How the mask itself reveals the level, in words; empty where it does not."""
        return tuple(self.about.get("leaks", ()))


def make_masks(
    specs: Sequence[MaskSpec],
    landmarks_per_level: Sequence[Landmarks],
    pixels: Pixels,
) -> dict[str, Mask]:
    """Make the masks of a set.

    Parameters
    ----------
    specs : sequence of MaskSpec
        What to hide.
    landmarks_per_level : sequence of ndarray, shape (n_points, 2), or of dict
        For each image, its landmarks in pixels: by number, or by feature.
    pixels : ndarray of uint8, shape (n, height, width, 3)
        The images, in the same order; all of one identity.

    Returns
    -------
    dict of str to Mask
        In the order of `specs`, each control mask after the one it belongs to.

    Raises
    ------
    StimulusError
        If the landmarks cannot serve a mask, a mask hides nothing or all, or a control mask does
        not fit on the face; one line per fault.

    Examples
    --------
    >>> from psychobench.stimuli.faces import face_landmarks, render_face
    >>> valences = [-1.0, 0.0, 1.0]
    >>> faces = np.stack([render_face(valence=v, size=96) for v in valences])
    >>> marks = [face_landmarks(valence=v, size=96) for v in valences]
    >>> masks = make_masks([MaskSpec("mouth", control=True)], marks, faces)
    >>> [(name, mask.about["area_pixels"]) for name, mask in masks.items()]
    [('mouth', 282.0), ('mouth-control', 282.0)]
    """
    first = landmarks_per_level[0]
    numbered = len(first) if isinstance(first, np.ndarray) else None
    if faults := mask_faults(specs, numbered):
        raise StimulusError(*faults)
    maker = _MaskMaker(landmarks_per_level, pixels)
    masks: dict[str, Mask] = {}
    for spec in specs:
        try:
            masks.update(maker.make(spec))
        except StimulusError as error:
            faults.extend(error.faults)
    if faults:
        raise StimulusError(*faults)
    return masks


class _MaskMaker:
    """Makes the masks of one set, which share its landmarks, pixels and face."""

    def __init__(self, landmarks: Sequence[Landmarks], pixels: Pixels) -> None:
        self.landmarks = landmarks
        self.pixels = pixels
        self.shape = (pixels.shape[1], pixels.shape[2])
        self.mean: NDArray[np.float64] = pixels.mean(axis=0, dtype=np.float64)
        count = len(landmarks[0]) if isinstance(landmarks[0], np.ndarray) else None
        self.face = FaceGeometry.of(landmarks) if count is None or count in FEATURES else None
        self.face_pixels = face_region(self.face, self.shape) if self.face else None

    def make(self, spec: MaskSpec) -> Iterator[tuple[str, Mask]]:
        """Yield a spec's mask and, where it asks for one, its control mask."""
        if spec.follow:
            levels = [[level] for level in self.landmarks]
            regions = np.stack([self.region(spec, level) for level in levels])
        else:
            regions = self.region(spec, self.landmarks)
        self.check(spec.name, regions)
        yield spec.name, self.finish(spec, regions, {})
        if spec.control:
            found = control_region(regions, self.face, spec.feather) if self.face else None
            if found is None:
                raise StimulusError(
                    f"a control mask must fit on the face beside its features: masks.{spec.name} "
                    f"hides {int(regions.sum())} pixels and no such area is free; leave out "
                    "control, or make the region or its feather smaller"
                )
            region, same_shape = found
            about = {"control_of": spec.name, "same_shape": same_shape}
            yield spec.name + CONTROL, self.finish(spec, region, about)

    def region(self, spec: MaskSpec, landmarks: Sequence[Landmarks]) -> Region:
        if spec.region == POLYGON:
            corners = [np.asarray(level)[list(spec.points)] for level in landmarks]
            unit = self.face.pupil_distance if self.face else max(self.shape) / 4
            return polygon_region(corners, self.shape, (spec.reach or 0.0) * unit)
        face = FaceGeometry.of(landmarks)
        return named_region(spec.region, face, self.shape, spec.reach, evened=not spec.follow)

    def check(self, name: str, regions: Region) -> None:
        images = regions.reshape(-1, *self.shape)
        hides = (images.all(axis=(1, 2)).any(), not images.any(axis=(1, 2)).all())
        for wrong, what in zip(hides, ("all", "nothing"), strict=True):
            if wrong:
                raise StimulusError(
                    f"a mask must hide a part of the image: masks.{name} hides {what} of "
                    f"{self.shape[1]} x {self.shape[0]} pixels; check that the landmarks belong "
                    "to these images, and its reach"
                )

    def finish(self, spec: MaskSpec, regions: Region, extra: Mapping[str, Any]) -> Mask:
        """Add a mask's edge, its fill and its description."""
        if regions.ndim == 2:
            opacity = soften(regions, spec.feather)
        else:
            opacity = np.stack([soften(region, spec.feather) for region in regions])
        if spec.inverse:
            opacity = 255 - opacity
        seen = opacity if opacity.ndim == 2 else opacity.max(axis=0)
        fill = self.fill(spec, seen > 0)
        return Mask(opacity, fill, {**self.about(spec, opacity), **extra})

    def fill(self, spec: MaskSpec, hidden: Region) -> Pixels | None:
        if spec.fill == "grey":
            fill = np.full((*self.shape, 3), spec.grey, dtype=np.uint8)
            return None if spec.grey == MID_GREY else _only(fill, hidden)
        if spec.fill == "mean":
            unit = self.face.pupil_distance if self.face else max(self.shape) / 4
            return _only(mean_fill(self.mean, hidden, self.skin(), _NEXT_TO * unit), hidden)
        if spec.fill == "local":
            return _only(local_fill(self.mean, hidden), hidden)
        if spec.fill == "noise":
            rng = np.random.default_rng([spec.seed, zlib.crc32(spec.name.encode())])
            return _only(noise_fill(self.pixels, hidden, rng), hidden)
        return _only(blur_fill(self.pixels, self.spread(spec)), hidden)

    def skin(self) -> Region:
        """Return the pixels of the face without its features; all where they are not known."""
        if self.face is None or self.face_pixels is None:
            return np.ones(self.shape, dtype=bool)
        return self.face_pixels & ~features_region(self.face, self.shape)

    def spread(self, spec: MaskSpec) -> float:
        """Return the standard deviation of a blur in pixels."""
        if spec.blur is not None:
            return spec.blur
        return 0.25 * (self.face.pupil_distance if self.face else max(self.shape) / 4)

    def about(self, spec: MaskSpec, opacity: NDArray[np.uint8]) -> dict[str, Any]:
        layers = opacity.reshape(-1, *self.shape)
        area = float(layers.sum(dtype=np.int64)) / 255 / len(layers)
        box = bounding_box(layers.max(axis=0) > 0)
        weight = layers.mean(axis=0)
        rows, columns = np.arange(self.shape[0]) + 0.5, np.arange(self.shape[1]) + 0.5
        centre = (weight.sum(axis=0) @ columns, weight.sum(axis=1) @ rows) / weight.sum()
        on_face = self.face_pixels
        leaks = [OUTLINE_LEAKS] * spec.follow + [BLUR_LEAKS] * (spec.fill == "blur")
        return {
            "region": list(spec.points) if spec.region == POLYGON else spec.region,
            "inverse": spec.inverse,
            "follow": spec.follow,
            "feather_pixels": spec.feather,
            "fill": spec.fill,
            **({"grey": spec.grey} if spec.fill == "grey" else {}),
            **({"blur_pixels": round(self.spread(spec), 3)} if spec.fill == "blur" else {}),
            **({"seed": spec.seed} if spec.fill == "noise" else {}),
            "area_pixels": round(area, 1),
            "share_of_image": round(area / (self.shape[0] * self.shape[1]), 5),
            "share_of_face": None
            if on_face is None
            else round(float(weight[on_face].sum()) / 255 / float(on_face.sum()), 5),
            "box": [box[1].start, box[0].start, box[1].stop, box[0].stop],
            "centre": [round(float(place), 1) for place in centre],
            "leaks": leaks,
        }


def _only(fill: Pixels, hidden: Region) -> Pixels:
    """Keep the fill where the mask hides something; mid-grey elsewhere, where nobody sees it."""
    return np.where(hidden[..., None], fill, np.uint8(MID_GREY))
