"""Build: spec in, folder of a stimulus set out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from psychobench.resources import staged_folder
from psychobench.stimuli.encoding import encode_image
from psychobench.stimuli.faces import RENDERER_VERSION, face_landmarks, render_face
from psychobench.stimuli.levels import FILE as LEVELS
from psychobench.stimuli.manifest import FILE as MANIFEST
from psychobench.stimuli.manifest import Manifest, hash_files
from psychobench.stimuli.masks import face_masks
from psychobench.stimuli.render_spec import FILE as SPEC
from psychobench.stimuli.render_spec import RenderSpec

LANDMARKS = "landmarks.csv"


def stimulus_name(level: float) -> str:
    """Name the image at a level, in hundredths.

    Examples
    --------
    >>> stimulus_name(0.05)
    'face-005'
    """
    return f"face-{round(level * 100):03d}"


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
        write_lines(folder / LEVELS, level_lines(names, spec.levels))
        landmarks = {
            stimulus_name(level): face_landmarks(
                spec.identity, _valence(level), view=spec.view, size=spec.size
            )
            for level in spec.levels
        }
        write_lines(folder / LANDMARKS, landmark_lines(landmarks))
        masks = face_masks(list(landmarks.values()), spec.size)
        for name in spec.masks:
            mask = encode_image(masks[name].astype(np.uint8) * 255, smallest=True)
            write_file(folder / "masks" / f"{name}.png", mask)
        write_file(folder / SPEC, spec.text.encode())
        write_file(folder / MANIFEST, _manifest(spec, folder).to_json().encode())


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


def level_lines(names: Sequence[str], levels: Sequence[float]) -> Iterable[str]:
    """Give the lines of ``levels.csv``: hundredths with two decimals, other levels in full."""
    yield "stimulus,level"
    for name, level in zip(names, levels, strict=True):
        yield f"{name},{level:.2f}" if round(level, 2) == level else f"{name},{level!r}"


def landmark_lines(landmarks: Mapping[str, Mapping[str, NDArray[np.float64]]]) -> Iterable[str]:
    """Give the lines of ``landmarks.csv``, by stimulus and feature."""
    yield "stimulus,feature,point,x,y"
    for stimulus, features in landmarks.items():
        for feature, points in features.items():
            for number, (x, y) in enumerate(points):
                yield f"{stimulus},{feature},{number},{x:.3f},{y:.3f}"


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a text file into a staged folder."""
    write_file(path, ("\n".join(lines) + "\n").encode())


def write_file(path: Path, data: bytes) -> None:
    """Write a file into a staged folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
