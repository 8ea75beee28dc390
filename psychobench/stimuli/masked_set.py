"""Masked sets: masks are added to a set that was made elsewhere, and the masked images written."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from psychobench.errors import StimulusError
from psychobench.outputs import output_folder, same_file
from psychobench.resources import check_writable
from psychobench.stimuli.faces import frl_points
from psychobench.stimuli.landmarks.face_geometry import Landmarks
from psychobench.stimuli.landmarks.set_landmarks import LANDMARKS_FILE, read_landmarks
from psychobench.stimuli.levels import LEVELS_FILE
from psychobench.stimuli.manifest import MANIFEST_FILE, hash_files, read_manifest
from psychobench.stimuli.masks import Mask, MaskSpec, make_masks, mask_files, masked_files
from psychobench.stimuli.masks.mask_options import Masks, choose_masks
from psychobench.stimuli.rendering.render_spec import SPEC_FILE, read_render_spec
from psychobench.stimuli.set_files import write_file
from psychobench.stimuli.sets import StimulusSet, load_stimuli

_TEMPLATES = ("*.tem", "*.pts")
_LANDMARKS_WANTED = (
    "put a template beside each image, NAME.tem (WebMorph) or NAME.pts (68 points), or write "
    "landmarks.csv with the columns stimulus,feature,point,x,y"
)
_NOTES = logging.getLogger("psychobench")


def mask_stimuli(
    stimuli: StimulusSet | str | Path,
    out: str | Path,
    *,
    masks: Masks = None,
    spec: str | Path | None = None,
    fill: str | None = None,
    grey: int | None = None,
    blur: float | None = None,
    feather: float | None = None,
    reach: float | None = None,
    seed: int | None = None,
    control: bool = False,
    inverse: bool = False,
    follow: bool = False,
    overwrite: bool = False,
    progress: bool = False,
) -> StimulusSet:
    """Add masks to a set, and write the masked images for the program that shows them.

    The images need landmarks: a template beside each, or ``landmarks.csv``. One mask serves all
    levels, so that its outline reveals nothing of the expression, unless it is asked to follow
    the features. All is written or nothing; masks that the set has stay.

    Parameters
    ----------
    stimuli : StimulusSet or path-like
        A loaded set, a bundled set's name or a folder.
    out : path-like
        The folder; may be the set's own. ``masked/NAME/STIMULUS.png`` are the images to show,
        under the new masks and the old.
    masks : str, iterable of str or MaskSpec, or mapping
        What to hide: a region (``eyes``, ``nose``, ``mouth``, ``eyes+brows``, ``upper-half``,
        ``lower-half``, ``inner-face``), ``NAME=REGION``, or ``NAME=I,J,K`` for the polygon of
        these landmarks; ``{"cheek": [164, 165, 166]}`` means the same.
    spec : path-like, optional
        A TOML file whose tables ``[masks.NAME]`` say what to hide, in place of `masks` and of
        what follows.
    fill : {"grey", "mean", "local", "noise", "blur"}, optional
        What is seen instead; see `MaskSpec`.
    grey : int, optional
        0 to 255, for ``fill="grey"``; 128 by default.
    blur : float, optional
        Standard deviation in pixels, for ``fill="blur"``.
    feather : float, optional
        Width of the soft edge in pixels; 0 by default.
    reach : float, optional
        How far the region reaches beyond the landmarks, in pupil distances.
    seed : int, optional
        For ``fill="noise"``; 0 by default.
    control : bool, optional
        Whether to add a mask of equal area off all features.
    inverse : bool, optional
        Whether to hide all but the region.
    follow : bool, optional
        Whether the mask follows the features of each image.
    overwrite : bool, optional
        Whether to replace files that psychobench did not write there, or that were edited.
    progress : bool, optional
        Show a progress bar on stderr.

    Returns
    -------
    StimulusSet
        The set as it was written; ``covers[NAME].about`` holds the area and place of each mask.

    Raises
    ------
    OptionError
        If `masks` and `spec` contradict one another.
    StimulusError
        If there are no landmarks, or a mask cannot be made: one line per fault.
    ResourceError
        If the folder cannot be written.
    """
    shared = {
        "fill": fill, "grey": grey, "blur": blur, "feather": feather, "reach": reach, "seed": seed,
        "control": control, "inverse": inverse, "follow": follow,
    }  # fmt: skip
    # not by equality: 0 equals False, and is a grey and a reach
    settings = {key: each for key, each in shared.items() if each is not None and each is not False}
    specs = choose_masks(masks, spec, settings)
    check_writable(Path(out))
    loaded = stimuli if isinstance(stimuli, StimulusSet) else load_stimuli(stimuli)
    made = masks_for(loaded, specs)
    masked = _write_set(loaded, made, Path(out), overwrite=overwrite, progress=progress)
    for name, mask in made.items():
        for leak in mask.leaks:
            _NOTES.info("Warning: mask %s: %s.", name, leak)
    return masked


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
    landmarks = landmarks_of(stimuli)
    if landmarks is None:
        raise StimulusError(f"masks need landmarks: {stimuli.folder} has none; {_LANDMARKS_WANTED}")
    masks = make_masks(specs, landmarks, stimuli.pixels)
    taken = [name for name in masks if name in stimuli.covers]
    if taken:
        raise StimulusError(
            *(
                f"no two masks may have one name: {stimuli.name} has a mask {name!r} already; "
                f'choose another, for example `masks="{name}-2={masks[name].about["region"]}"`'
                for name in taken
            )
        )
    return masks


def landmarks_of(stimuli: StimulusSet) -> list[Landmarks] | None:
    """Return the landmarks of a set; for a rendered one, the 189 points that have numbers."""
    found = read_landmarks(stimuli.folder, list(stimuli.table["file"]))
    if not stimuli.rendered or not found or isinstance(found[0], np.ndarray):
        return found
    spec = read_render_spec(stimuli.folder / SPEC_FILE)
    return [
        frl_points(spec.identity, 2.0 * level - 1.0, view=spec.view, size=spec.size)
        for level in stimuli.table["level"]
    ]


def _write_set(
    stimuli: StimulusSet, masks: dict[str, Mask], out: Path, *, overwrite: bool, progress: bool
) -> StimulusSet:
    """Write a set with further masks into a folder; return it."""
    from tqdm import tqdm

    files = list(stimuli.table["file"])
    manifest = read_manifest(stimuli.folder)
    shown = {**stimuli.covers, **masks}
    hashes = dict(stimuli.hashes)
    # in its own folder a set's manifest is read to be rewritten
    updates = (MANIFEST_FILE,) if manifest and same_file(out, stimuli.folder) else ()
    with output_folder(
        out,
        kind="stimulus set",
        overwrite=overwrite,
        inputs=[stimuli.folder],
        updates=updates,
    ) as folder:
        for name in _own_files(stimuli, list(manifest.files) if manifest else []):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(stimuli.folder / name, folder / name)
        # of masks whose files do not say what they hide, the files are copied as they are
        described = {name: mask for name, mask in shown.items() if mask.about}
        for path, data in mask_files(described, files):
            write_file(folder / path, data)
            if path.endswith(".png"):
                hashes[path] = hashlib.sha256(data).hexdigest()
        bar = tqdm(
            masked_files(shown, files, stimuli.pixels),
            total=len(shown) * len(files),
            desc="masking images",
            disable=None if progress else True,  # None: no bar where stderr is no terminal
        )
        for path, data in bar:
            write_file(folder / path, data)
        if manifest is not None:
            about = {name: dict(mask.about) for name, mask in masks.items()}
            manifest = dataclasses.replace(
                manifest, files=hash_files(folder), masks={**manifest.masks, **about}
            )
            write_file(folder / MANIFEST_FILE, manifest.to_json().encode())
    name = out.resolve().name
    title = stimuli.title if manifest else f"images in {name}"
    return dataclasses.replace(
        stimuli, name=name, title=title, folder=out, covers=shown, hashes=hashes, bundled=False
    )


def _own_files(stimuli: StimulusSet, listed: Sequence[str]) -> list[str]:
    """List the files of a set: those in its manifest, or else the usual ones."""
    if listed:
        return list(listed)
    here = stimuli.folder
    extra = [name for name in (LEVELS_FILE, LANDMARKS_FILE) if (here / name).is_file()]
    extra += sorted(path.name for pattern in _TEMPLATES for path in here.glob(pattern))
    return [*stimuli.hashes, *extra]
