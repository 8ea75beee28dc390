"""Build: spec in, folder of a stimulus set out."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychobench.resources import staged_folder
from psychobench.stimuli.encoding import encode_image
from psychobench.stimuli.faces import RENDERER_VERSION, face_landmarks, render_face
from psychobench.stimuli.landmarks.set_landmarks import LANDMARKS_FILE
from psychobench.stimuli.levels import LEVELS_FILE
from psychobench.stimuli.manifest import MANIFEST_FILE, Manifest, hash_files
from psychobench.stimuli.masks import face_masks
from psychobench.stimuli.rendering.render_spec import SPEC_FILE, RenderSpec
from psychobench.stimuli.set_files import (
    landmark_lines,
    level_lines,
    stimulus_name,
    write_file,
    write_lines,
)


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


def render_set(spec: RenderSpec, out: Path, *, progress: bool = False) -> None:
    """Render a set into a folder, all of it or nothing.

    The folder gets one PNG per level, ``levels.csv``, ``landmarks.csv`` (pixels, x to the right
    and y down from the top left corner), ``masks/NAME.png`` (white hides; one mask for all
    levels), the spec and ``manifest.json``.

    Parameters
    ----------
    spec : RenderSpec
        What to render.
    out : pathlib.Path
        The folder; created if need be.
    progress : bool, optional
        Show a progress bar on stderr.

    Raises
    ------
    ResourceError
        If the folder cannot be written.
    """
    from tqdm import tqdm

    with staged_folder(out) as folder:
        # None: no bar where stderr is no terminal
        hidden = None if progress else True
        levels = tqdm(spec.levels, desc=f"rendering {spec.name}", disable=hidden)
        for level in levels:
            image = encode_image(render_level(spec, level), smallest=True)
            write_file(folder / f"{stimulus_name(level)}.png", image)
        names = [stimulus_name(level) for level in spec.levels]
        write_lines(folder / LEVELS_FILE, level_lines(names, spec.levels))
        landmarks = {
            stimulus_name(level): face_landmarks(
                spec.identity, _valence(level), view=spec.view, size=spec.size
            )
            for level in spec.levels
        }
        write_lines(folder / LANDMARKS_FILE, landmark_lines(landmarks))
        masks = face_masks(list(landmarks.values()), spec.size)
        for name in spec.masks:
            mask = encode_image(masks[name].astype(np.uint8) * 255, smallest=True)
            write_file(folder / "masks" / f"{name}.png", mask)
        write_file(folder / SPEC_FILE, spec.text.encode())
        write_file(folder / MANIFEST_FILE, _manifest(spec, folder).to_json().encode())


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
