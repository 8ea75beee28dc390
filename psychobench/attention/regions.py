"""Where the parts of a face are on the images of a set: every pixel belongs to one region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import StimulusError
from psychobench.stimuli.landmarks.face_geometry import FaceGeometry, Landmarks
from psychobench.stimuli.masked_set import landmarks_of
from psychobench.stimuli.masks.regions import face_region, named_region, polygon_region
from psychobench.stimuli.sets import StimulusSet

REGIONS = ("eyes", "brows", "nose", "mouth", "face", "background")
"""Eyes, brows, nose, mouth, the rest of the face, and all else."""
_BROW_REACH = 0.06  # pupil distances, as wide as the masks reach

Follow = Literal["fixed", "own"]


@dataclass(frozen=True, eq=False)
class FaceRegions:
    """The region that each pixel of each image belongs to.

    Parameters
    ----------
    names : tuple of str
        Of the regions; five landmarks mark no brows, which then belong to the rest of the face.
    labels : ndarray of uint8, shape (n, height, width)
        The number in `names` of each pixel's region.
    """

    names: tuple[str, ...]
    labels: NDArray[np.uint8] = field(repr=False)

    def shares(self, maps: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the share of each map's positive mass in each region.

        Parameters
        ----------
        maps : ndarray of float, shape (n, height, width)
            On the images' pixels; negative values count as 0.

        Returns
        -------
        ndarray of float64, shape (n, regions)
            Adds up to 1 for each map; NaN for a map without anything positive.
        """
        mass = np.maximum(np.asarray(maps, np.float64), 0)
        parts = np.stack(
            [
                (mass * (self.labels == number)).sum(axis=(1, 2))
                for number in range(len(self.names))
            ],
            axis=1,
        )
        total = parts.sum(axis=1, keepdims=True)
        nothing = np.full_like(parts, np.nan)
        shares: NDArray[np.float64] = np.divide(parts, total, out=nothing, where=total > 0)
        return shares

    @property
    def areas(self) -> NDArray[np.float64]:
        """Return the share of each region in the image's area, shape (n, regions)."""
        return self.shares(np.ones(self.labels.shape))


def set_regions(stimuli: StimulusSet, follow: Follow = "fixed") -> FaceRegions:
    """Find the regions on a set's images from its landmarks.

    Parameters
    ----------
    stimuli : StimulusSet
        With landmarks in its folder.
    follow : {"fixed", "own"}
        ``fixed`` has the same pixels at all levels, where a feature is at any of them: a mouth
        that widens in a smile gets no larger share for that reason. ``own`` has each image's.

    Returns
    -------
    FaceRegions
        One row per image, in the set's order.

    Raises
    ------
    StimulusError
        If the set has no landmarks.

    Examples
    --------
    >>> from psychobench.stimuli import load_stimuli
    >>> found = set_regions(load_stimuli())
    >>> found.names
    ('eyes', 'brows', 'nose', 'mouth', 'face', 'background')
    """
    landmarks = landmarks_of(stimuli)
    if landmarks is None:
        raise StimulusError(
            f"regions need landmarks: {stimuli.folder} has none; put a template beside each image, "
            "NAME.tem or NAME.pts, or write landmarks.csv"
        )
    return face_regions(landmarks, stimuli.pixels.shape[1:3], follow)


def face_regions(
    landmarks: Sequence[Landmarks], shape: tuple[int, int], follow: Follow = "fixed"
) -> FaceRegions:
    """Find the regions from landmarks, one item for each image.

    A pixel that two regions claim goes to the mouth before the eyes, the eyes before the nose, and
    these before the brows.

    Parameters
    ----------
    landmarks : sequence of ndarray or dict
        As `psychobench.stimuli.landmarks.face_geometry.name_features` takes them.
    shape : tuple of int
        Height and width of the images.
    follow : {"fixed", "own"}
        As for `set_regions`.
    """
    if follow == "fixed":
        one = _labels(FaceGeometry.of(landmarks), shape)
        labels = np.broadcast_to(one, (len(landmarks), *shape))
    else:
        labels = np.stack([_labels(FaceGeometry.of([each]), shape) for each in landmarks])
    face = FaceGeometry.of(landmarks[:1])
    if not face.only_places:
        return FaceRegions(REGIONS, labels)
    without = tuple(name for name in REGIONS if name != "brows")
    numbers = np.array([without.index(name if name != "brows" else "face") for name in REGIONS])
    return FaceRegions(without, numbers.astype(np.uint8)[labels])


def _labels(face: FaceGeometry, shape: tuple[int, int]) -> NDArray[np.uint8]:
    labels = np.full(shape, REGIONS.index("background"), dtype=np.uint8)
    inside = {"face": face_region(face, shape)}
    if not face.only_places:
        inside["brows"] = _brows(face, shape)
    # the features' own regions leave out what another of them keeps
    inside |= {
        name: named_region(name, face, shape, evened=False) for name in ("nose", "eyes", "mouth")
    }
    for name, region in inside.items():
        labels[region] = REGIONS.index(name)
    return labels


def _brows(face: FaceGeometry, shape: tuple[int, int]) -> NDArray[np.bool_]:
    reach = _BROW_REACH * face.pupil_distance
    left, right = (
        polygon_region([level[f"{side}_brow"] for level in face.levels], shape, reach)
        for side in ("left", "right")
    )
    return left | right
