"""Morphed sets: a spec in, the folder of a stimulus set out."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import psychobench
from psychobench.errors import StimulusError
from psychobench.outputs import output_folder
from psychobench.resources import check_writable, sha256
from psychobench.stimuli.encoding import SUFFIXES, encode_images
from psychobench.stimuli.faces import RENDERER_VERSION
from psychobench.stimuli.image_statistics import image_statistics
from psychobench.stimuli.image_threads import map_images
from psychobench.stimuli.landmarks.face_geometry import FaceGeometry
from psychobench.stimuli.landmarks.point_layouts import FEATURES, KNOWN_COUNTS
from psychobench.stimuli.landmarks.set_landmarks import LANDMARKS_FILE, NUMBERED
from psychobench.stimuli.landmarks.template_files import Template, write_template
from psychobench.stimuli.levels import LEVELS_FILE
from psychobench.stimuli.manifest import MANIFEST_FILE, Manifest, hash_files
from psychobench.stimuli.masks import Mask, make_masks, mask_faults, mask_files
from psychobench.stimuli.masks.regions import Region, face_region
from psychobench.stimuli.matching import match_images, matching_effect
from psychobench.stimuli.morphing.continuum import Continuum, plan_continuum
from psychobench.stimuli.morphing.face_loading import load_faces
from psychobench.stimuli.morphing.face_specs import real_path
from psychobench.stimuli.morphing.morph_spec import MorphSpec, read_morph_spec
from psychobench.stimuli.rendering.render_spec import SPEC_FILE
from psychobench.stimuli.set_files import (
    landmark_lines,
    level_lines,
    stimulus_name,
    write_file,
    write_lines,
)
from psychobench.stimuli.sets import StimulusSet, made_set
from psychobench.tables.output import csv_bytes

STATISTICS = "statistics.csv"
MATCHING = "matching.csv"
AVERAGE = "average"  # the name of the one image of an average

_NOTES = logging.getLogger("psychobench")
_PLACES = 3  # decimals of a landmark
_DECIMALS = 6  # of a statistic


def _check_out(spec: MorphSpec, out: Path) -> None:
    """Refuse an output folder in which one of the inputs lies.

    Raises
    ------
    StimulusError
        If the spec, an image or a template could be replaced by what is written.
    """
    target = real_path(out)
    inside = [path for path in _inputs(spec) if real_path(path).is_relative_to(target)]
    if inside:
        raise StimulusError(
            f"output must go elsewhere than the inputs: {inside[0]} lies in {out}; "
            "choose another `out`"
        )


def morph_stimuli(
    spec: MorphSpec | str | Path,
    out: str | Path,
    *,
    overwrite: bool = False,
    progress: bool = False,
) -> StimulusSet:
    """Morph photographs into a continuum, and write it into a folder, all of it or nothing.

    The same spec with the same photographs gives the same images. The folder gets one image per
    level with its template, ``levels.csv``, ``landmarks.csv``, masks, ``statistics.csv`` (and,
    where images were matched, ``matching.csv`` with what that changed), the spec and
    ``manifest.json``. An average is one image with its template and has no levels. What is worth
    knowing about the images is logged, and stands in the manifest.

    Parameters
    ----------
    spec : MorphSpec or path-like
        What to morph: a TOML file that names two or more images with their templates and the level
        of each, or one image and the difference to be applied to it. Its files lie in its folder
        or below.
    out : path-like
        The folder; created if need be. None of the inputs may lie in it.
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
        If the spec is faulty or the faces cannot be morphed as asked: one line per fault.
    ResourceError
        If the folder cannot be written.
    """
    spec = spec if isinstance(spec, MorphSpec) else read_morph_spec(Path(spec))
    out = Path(out)
    check_writable(out)
    _check_out(spec, out)
    faces = load_faces(spec)
    _check_features(spec, len(faces[0].portraits[0].points))
    continuum = plan_continuum(spec, faces)
    painted = continuum.paint_all(progress=progress)
    region = _matched_region(spec, continuum)
    images = match_images(painted, spec.match, region)
    masks = make_masks(spec.masks, list(continuum.shapes), images) if spec.masks else {}
    notes = [
        *(note for face in faces for note in face.notes),
        *continuum.notes,
        *(f"mask {name}: {leak}" for name, mask in masks.items() for leak in mask.leaks),
    ]
    names = level_names(spec.levels) if spec.kind != "average" else [AVERAGE]
    suffix = SUFFIXES[spec.frame.format]
    with output_folder(out, kind="stimulus set", overwrite=overwrite) as folder:
        _write_images(folder, [name + suffix for name in names], images, masks, spec.frame.format)
        if len(names) > 1:
            write_lines(folder / LEVELS_FILE, level_lines(names, spec.levels))
        _write_landmarks(folder, names, continuum, faces[0].portraits[0].lines)
        _write_table(folder / STATISTICS, _measure(names, spec.levels, images))
        if spec.match != "none":
            effect = matching_effect(painted, images, np.array(spec.levels), region)
            effect.insert(0, "region", spec.match_region)
            _write_table(folder / MATCHING, effect)
        write_file(folder / SPEC_FILE, spec.text.encode())
        manifest = _manifest(spec, masks, notes, folder)
        write_file(folder / MANIFEST_FILE, manifest.to_json().encode())
    for note in notes:
        _NOTES.info("Note: %s", note)
    return made_set(out, names, spec.levels, images, masks, manifest, suffix=suffix)


def _write_images(
    folder: Path,
    files: Sequence[str],
    images: NDArray[np.uint8],
    masks: dict[str, Mask],
    kind: str,
) -> None:
    for file, data in zip(files, encode_images(images, kind), strict=True):
        write_file(folder / file, data)
    for path, data in mask_files(masks, files) if masks else ():
        write_file(folder / path, data)


def _check_features(spec: MorphSpec, n_points: int) -> None:
    """Refuse masks and regions that need to know what the points mean, where that is not known."""
    faults = mask_faults(spec.masks, n_points)
    if spec.match != "none" and spec.match_region == "face" and n_points not in FEATURES:
        faults.append(
            f'match_region = "face" needs {KNOWN_COUNTS} landmarks: there are {n_points}, whose '
            'meaning is not known; write match_region = "image"'
        )
    if faults:
        raise StimulusError(*(f"{spec.path}: {fault}" for fault in faults))


def _matched_region(spec: MorphSpec, continuum: Continuum) -> Region | None:
    """Find the pixels within which images are matched; None is all of them."""
    if spec.match == "none" or spec.match_region != "face":
        return None
    width, height = continuum.size
    return face_region(FaceGeometry.of(list(continuum.shapes)), (height, width))


def _measure(
    names: Sequence[str], levels: Sequence[float], images: NDArray[np.uint8]
) -> pd.DataFrame:
    rows = map_images(lambda row: image_statistics([images[row]], [levels[row]]), range(len(names)))
    table = pd.concat(rows, ignore_index=True)
    table.insert(0, "stimulus", list(names))
    return table


def _write_table(path: Path, table: pd.DataFrame) -> None:
    write_file(path, csv_bytes(table.round(_DECIMALS)))


def level_names(levels: Sequence[float]) -> list[str]:
    """Return the names of images at levels; those of rendered sets for hundredths from 0 to 1.

    Examples
    --------
    >>> level_names([0, 0.5, 1]), level_names([-12.5, 40])
    (['face-000', 'face-050', 'face-100'], ['face_-12.5', 'face_40'])
    """
    if all(0 <= level <= 1 and abs(level * 100 - round(level * 100)) < 1e-9 for level in levels):
        return [stimulus_name(level) for level in levels]
    return [f"face_{level:.10g}" for level in levels]


def _write_landmarks(
    folder: Path, names: Sequence[str], continuum: Continuum, lines: tuple[tuple[int, ...], ...]
) -> None:
    """Write all landmarks into one table, and each image's into a template beside it."""
    shapes = dict(zip(names, continuum.shapes, strict=True))
    landmarks = {name: {NUMBERED: shape} for name, shape in shapes.items()}
    write_lines(folder / LANDMARKS_FILE, landmark_lines(landmarks))
    for name, shape in shapes.items():
        template = Template(shape.round(_PLACES), lines)
        write_file(folder / f"{name}.tem", write_template(template).encode())


def _inputs(spec: MorphSpec) -> list[Path]:
    return [spec.path, *(path for face in spec.faces for path in (*face.images, *face.templates))]


def _manifest(
    spec: MorphSpec, masks: dict[str, Mask], notes: Sequence[str], folder: Path
) -> Manifest:
    home = spec.path.parent.resolve()
    sources = {path.resolve().relative_to(home).as_posix(): path for path in _inputs(spec)[1:]}
    drawn = [source.rendered for source in spec.faces]
    kinds = [*(["photographs"] * (not all(drawn))), *(["rendered faces"] * any(drawn))]
    return Manifest(
        name=spec.name,
        title=spec.title,
        source=spec.source,
        target=spec.target,
        rendered=all(drawn),
        spec_sha256=hashlib.sha256(spec.text.encode()).hexdigest(),
        renderer=RENDERER_VERSION if any(drawn) else "",
        files=hash_files(folder),
        made_from=" and ".join(kinds),
        version=psychobench.__version__,
        sources={name: sha256(path) for name, path in sorted(sources.items())},
        masks={name: dict(mask.about) for name, mask in masks.items()},
        matched="" if spec.match == "none" else f"{spec.match} within the {spec.match_region}",
        notes=list(notes),
    )
