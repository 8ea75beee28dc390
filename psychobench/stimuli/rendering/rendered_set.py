"""Rendered sets: a spec in, the folder of a stimulus set out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychobench.outputs import output_folder
from psychobench.resources import bundled, check_writable
from psychobench.stimuli.encoding import encode_image
from psychobench.stimuli.faces import RENDERER_VERSION, face_landmarks, render_face
from psychobench.stimuli.landmarks.set_landmarks import LANDMARKS_FILE
from psychobench.stimuli.levels import LEVELS_FILE
from psychobench.stimuli.manifest import MANIFEST_FILE, Manifest, hash_files
from psychobench.stimuli.masks import Mask, face_masks
from psychobench.stimuli.rendering.render_spec import SPEC_FILE, RenderSpec, read_render_spec
from psychobench.stimuli.set_files import (
    landmark_lines,
    level_lines,
    stimulus_name,
    write_file,
    write_lines,
)
from psychobench.stimuli.set_folders import list_stimuli
from psychobench.stimuli.sets import StimulusSet, made_set


def render_level(spec: RenderSpec, level: float) -> NDArray[np.uint8]:
    """Render one image of a set.

    Parameters
    ----------
    spec : RenderSpec
        What to render.
    level : float
        From 0 (source) to 1 (target).

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)
    """
    return render_face(
        spec.identity,
        _valence(level),
        view=spec.view,
        size=spec.size,
        supersample=spec.supersample,
    )


def render_stimuli(
    spec: RenderSpec | str | Path,
    out: str | Path,
    *,
    overwrite: bool = False,
    progress: bool = False,
) -> StimulusSet:
    """Render a face continuum into a folder, all of it or nothing.

    The same spec gives the same images. The folder gets one PNG per level, ``levels.csv``,
    ``landmarks.csv`` (pixels, x to the right and y down from the top left corner),
    ``masks/NAME.png`` (white hides; one mask for all levels), the spec and ``manifest.json``.

    Parameters
    ----------
    spec : RenderSpec or path-like
        What to render: a TOML file, or the name of a bundled set, which is rendered anew.
    out : path-like
        The folder; created if need be.
    overwrite : bool, optional
        Whether to replace files that psychobench did not write there, or that were edited.
    progress : bool, optional
        Show a progress bar on stderr.

    Returns
    -------
    StimulusSet
        The set as it was written.

    Raises
    ------
    StimulusError
        If the spec cannot be read or anything in it is wrong: one line per fault.
    ResourceError
        If the folder cannot be written.
    """
    if not isinstance(spec, RenderSpec):
        known = str(spec) in list_stimuli()
        spec = read_render_spec(bundled("stimuli") / spec / SPEC_FILE if known else Path(spec))
    out = Path(out)
    check_writable(out)
    names = [stimulus_name(level) for level in spec.levels]
    landmarks = {
        name: face_landmarks(spec.identity, _valence(level), view=spec.view, size=spec.size)
        for name, level in zip(names, spec.levels, strict=True)
    }
    regions = face_masks(list(landmarks.values()), spec.size)
    masks = {name: Mask(regions[name].astype(np.uint8) * 255, None, {}) for name in spec.masks}
    with output_folder(out, kind="stimulus set", overwrite=overwrite) as folder:
        pixels = _write_images(spec, names, folder, progress=progress)
        write_lines(folder / LEVELS_FILE, level_lines(names, spec.levels))
        write_lines(folder / LANDMARKS_FILE, landmark_lines(landmarks))
        for name, mask in masks.items():
            path = folder / "masks" / f"{name}.png"
            write_file(path, encode_image(mask.opacity, smallest=True))
        write_file(folder / SPEC_FILE, spec.text.encode())
        manifest = _manifest(spec, folder)
        write_file(folder / MANIFEST_FILE, manifest.to_json().encode())
    return made_set(out, names, spec.levels, pixels, masks, manifest)


def _write_images(
    spec: RenderSpec, names: Sequence[str], folder: Path, *, progress: bool
) -> NDArray[np.uint8]:
    """Render and write the images, one at a time; return them all."""
    from tqdm import tqdm

    images = []
    bar = tqdm(
        zip(names, spec.levels, strict=True),
        total=len(names),
        desc=f"rendering {spec.name}",
        disable=None if progress else True,  # None: no bar where stderr is no terminal
    )
    for name, level in bar:
        images.append(render_level(spec, level))
        write_file(folder / f"{name}.png", encode_image(images[-1], smallest=True))
    return np.stack(images)


def _manifest(spec: RenderSpec, folder: Path) -> Manifest:
    return Manifest(
        name=spec.name,
        title=spec.title,
        source=spec.source,
        target=spec.target,
        rendered=True,
        spec_sha256=hashlib.sha256(spec.text.encode()).hexdigest(),
        renderer=RENDERER_VERSION,
        files=hash_files(folder),
    )


def _valence(level: float) -> float:
    return 2.0 * level - 1.0
