"""Masking: add masks to a set that was made elsewhere, and write the masked images."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from psychobench.errors import StimulusError
from psychobench.resources import staged_folder
from psychobench.stimuli.faces import frl_points
from psychobench.stimuli.landmarks.face_geometry import Landmarks
from psychobench.stimuli.landmarks.set_landmarks import LANDMARKS_FILE, read_landmarks
from psychobench.stimuli.levels import LEVELS_FILE
from psychobench.stimuli.manifest import MANIFEST_FILE, hash_files, read_manifest
from psychobench.stimuli.masks import Mask, MaskSpec, make_masks, mask_files, masked_files
from psychobench.stimuli.rendering.render_spec import SPEC_FILE, read_spec
from psychobench.stimuli.set_files import write_file
from psychobench.stimuli.sets import StimulusSet

_TEMPLATES = ("*.tem", "*.pts")
_LANDMARKS_WANTED = (
    "put a template beside each image, NAME.tem (WebMorph) or NAME.pts (68 points), or write "
    "landmarks.csv with the columns stimulus,feature,point,x,y"
)


def masks_for(stimuli: StimulusSet, specs: Sequence[MaskSpec]) -> dict[str, Mask]:
    """Make masks for a loaded set.

    Parameters
    ----------
    stimuli : StimulusSet
        The images, with landmarks in their folder.
    specs : sequence of MaskSpec
        What to hide.

    Returns
    -------
    dict of str to Mask

    Raises
    ------
    StimulusError
        If there are no landmarks, a mask of that name is there already, or a mask cannot be made.
    """
    landmarks = set_landmarks(stimuli)
    if landmarks is None:
        raise StimulusError(f"masks need landmarks: {stimuli.folder} has none; {_LANDMARKS_WANTED}")
    masks = make_masks(specs, landmarks, stimuli.pixels)
    taken = [name for name in masks if name in stimuli.covers]
    if taken:
        raise StimulusError(
            *(
                f"no two masks may have one name: {stimuli.name} has a mask {name!r} already; "
                f"choose another with {name}-2=REGION"
                for name in taken
            )
        )
    return masks


def set_landmarks(stimuli: StimulusSet) -> list[Landmarks] | None:
    """Give the landmarks of a set; for a rendered one, the 189 points that have numbers."""
    found = read_landmarks(stimuli.folder, list(stimuli.table["file"]))
    if not stimuli.rendered or not found or isinstance(found[0], np.ndarray):
        return found
    spec = read_spec(stimuli.folder / SPEC_FILE)
    return [
        frl_points(spec.identity, 2.0 * level - 1.0, view=spec.view, size=spec.size)
        for level in stimuli.table["level"]
    ]


def mask_set(
    stimuli: StimulusSet, masks: dict[str, Mask], out: Path, *, progress: bool = False
) -> None:
    """Write a set with further masks into a folder, all of it or nothing.

    Parameters
    ----------
    stimuli : StimulusSet
        The set; its files are copied as they are.
    masks : dict of str to Mask
        The new masks; those that the set has stay.
    out : pathlib.Path
        The folder; may be the set's own. ``masked/NAME/STIMULUS.png`` are the images to show,
        under the new masks and the old.
    progress : bool, optional
        Show a progress bar on stderr.

    Raises
    ------
    ResourceError
        If the folder cannot be written.
    """
    from tqdm import tqdm

    files = list(stimuli.table["file"])
    manifest = read_manifest(stimuli.folder)
    with staged_folder(out) as folder:
        for name in _own_files(stimuli, list(manifest.files) if manifest else []):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(stimuli.folder / name, folder / name)
        known = {name: mask for name, mask in stimuli.covers.items() if mask.about}
        for path, data in mask_files({**known, **masks}, files):
            write_file(folder / path, data)
        shown = {**stimuli.covers, **masks}
        bar = tqdm(
            masked_files(shown, files, stimuli.pixels),
            total=len(shown) * len(files),
            desc="masking images",
            disable=None if progress else True,  # None: no bar where stderr is no terminal
        )
        for path, data in bar:
            write_file(folder / path, data)
        if manifest is not None:
            described = {name: mask.describe() for name, mask in masks.items()}
            manifest = dataclasses.replace(
                manifest, files=hash_files(folder), masks={**manifest.masks, **described}
            )
            write_file(folder / MANIFEST_FILE, manifest.to_json().encode())


def _own_files(stimuli: StimulusSet, listed: Sequence[str]) -> list[str]:
    """Name what belongs to a set: what its manifest lists, or what is usual."""
    if listed:
        return list(listed)
    here = stimuli.folder
    extra = [name for name in (LEVELS_FILE, LANDMARKS_FILE) if (here / name).is_file()]
    extra += sorted(path.name for pattern in _TEMPLATES for path in here.glob(pattern))
    return [*stimuli.hashes, *extra]
