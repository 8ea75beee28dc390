"""Landmarks of photographs: found offline, kept as templates, shown on a contact sheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import OptionError, StimulusError
from psychobench.images import read_image
from psychobench.outputs import check_output_file, write_output
from psychobench.stimuli.landmarks.point_layouts import lines_of
from psychobench.stimuli.landmarks.starting_spec import starting_spec
from psychobench.stimuli.landmarks.template_files import Template, landmark_flaws, write_template
from psychobench.stimuli.landmarks.tool import find_tool, run_tool
from psychobench.tables.notebook import ShownAsTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHEET = "landmarks.png"
_KIND = "landmarks"
_DPI = 200  # of the sheet: points are small


@dataclass(frozen=True, eq=False)
class FoundLandmarks(ShownAsTable):
    """Landmarks of the face in each photograph.

    Attributes
    ----------
    images : mapping of pathlib.Path to ndarray of uint8, shape (height, width, 3)
        The photographs, upright, in sRGB.
    templates : mapping of pathlib.Path to Template
        The landmarks of each.
    notes : tuple of str
        What was changed, one line each.
    """

    images: Mapping[Path, NDArray[np.uint8]]
    templates: Mapping[Path, Template]
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per landmark: ``photo``, ``point`` (from 0), ``x``, ``y`` in pixels."""
        tables = [
            pd.DataFrame(
                {
                    "photo": path.name,
                    "point": np.arange(len(template.points)),
                    "x": template.points[:, 0],
                    "y": template.points[:, 1],
                }
            )
            for path, template in self.templates.items()
        ]
        return pd.concat(tables, ignore_index=True)

    def plot(self, ax: Axes | None = None) -> Figure:
        """Draw each face with its landmarks, so that misplaced ones are seen.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from psychobench.draw.landmarks import draw_landmarks

        faces = {
            path.stem: (self.images[path], template.points, template.lines)
            for path, template in self.templates.items()
        }
        return draw_landmarks(faces, ax=ax)

    def save(
        self,
        out: str | Path | None = None,
        *,
        spec: str | Path | None = None,
        overwrite: bool = False,
    ) -> list[Path]:
        """Write a template ``NAME.tem`` for each photograph, and the contact sheet.

        Parameters
        ----------
        out : path-like, optional
            The folder; that of each photograph by default. The sheet, ``landmarks.png``, is written
            where all photographs have one folder.
        spec : path-like, optional
            Also write a spec (``.toml``) that morphs the first photograph into the last; the
            photographs and templates must lie in its folder or below.
        overwrite : bool, optional
            Whether to replace files that psychobench did not write there, or that were edited.

        Returns
        -------
        list of pathlib.Path
            What was written.

        Raises
        ------
        OptionError
            If there is nothing to morph, or the spec lies elsewhere.
        ResourceError
            If a file cannot be written, or must not be replaced: nothing is written then.
        """
        import io

        paths = _paths(self.templates, out)
        folders = {path.parent for path in paths.values()}
        sheets = [folder / SHEET for folder in folders if len(folders) == 1]
        texts = {path: write_template(self.templates[photo]) for photo, path in paths.items()}
        if spec is not None:
            texts[Path(spec)] = starting_spec(Path(spec), paths)
        _check(texts, sheets, overwrite)
        for path, text in texts.items():
            write_output(path, text.encode(), kind=_KIND, overwrite=overwrite)
        for sheet in sheets:
            drawn = io.BytesIO()
            self.plot().savefig(drawn, format="png", dpi=_DPI, metadata={"Software": None})
            write_output(sheet, drawn.getvalue(), kind=_KIND, overwrite=overwrite)
        return [*texts, *sheets]


def find_landmarks(
    photos: str | Path | Iterable[str | Path],
    out: str | Path | None = None,
    *,
    spec: str | Path | None = None,
    overwrite: bool = False,
) -> FoundLandmarks:
    """Find the landmarks of the face in each photograph, offline.

    A program of its own does it, ``psychobench-landmarks`` from ``plugins/landmarks``, found on
    ``$PATH`` or by ``$PSYCHOBENCH_LANDMARKS``; nothing is installed or fetched. It gives the 478
    points of MediaPipe's face mesh. Landmarks outside the photograph are moved to its border. What
    a program finds is a proposal: look at the contact sheet, and correct templates in any editor
    of ``.tem`` files.

    Parameters
    ----------
    photos : path-like or iterable of path-like
        Photographs with one face each.
    out : path-like, optional
        Write a template for each and the contact sheet into this folder; nothing is written
        without. `FoundLandmarks.save` writes them later, also beside the photographs.
    spec : path-like, optional
        With `out`: also write a spec there that morphs the first photograph into the last.
    overwrite : bool, optional
        Whether to replace files that psychobench did not write there, or that were edited.

    Returns
    -------
    FoundLandmarks

    Raises
    ------
    ResourceError
        If the program is missing or fails, or a file must not be replaced.
    StimulusError
        If a photograph cannot be read, or has no face or several: one line per fault.
    """
    paths = [Path(photos)] if isinstance(photos, str | Path) else [Path(each) for each in photos]
    _check_photos(paths)
    find_tool()
    if out is not None:
        templates = _paths(paths, out)
        specs = [] if spec is None else [Path(spec)]
        for each in specs:
            starting_spec(each, templates)
        _check([*templates.values(), *specs], [Path(out) / SHEET], overwrite)
    images: dict[Path, NDArray[np.uint8]] = {}
    faults: list[str] = []
    for path in paths:
        try:
            images[path] = read_image(path, transparent=False)
        except StimulusError as error:
            faults += error.faults
    if faults:
        raise StimulusError(*faults)
    found = _locate(images)
    if out is not None:
        found.save(out, spec=spec, overwrite=overwrite)
    return found


def _locate(images: Mapping[Path, NDArray[np.uint8]]) -> FoundLandmarks:
    """Find one face in each image."""
    templates: dict[Path, Template] = {}
    notes: list[str] = []
    faults: list[str] = []
    for path, (count, points) in zip(images, run_tool(list(images.values())), strict=True):
        height, width = images[path].shape[:2]
        if points is None or count != 1:
            how = "crop it to the face" if count else "use another, or set its landmarks by hand"
            what = "no face was found" if count == 0 else f"{count} faces were found"
            faults.append(f"a photograph must show one face: in {path} {what}; {how}")
            continue
        inside = points.clip(0.0, (float(width), float(height)))
        moved = int((inside != points).any(axis=1).sum())
        if moved:
            notes.append(
                f"{path.name}: {moved} of {len(points)} landmarks lie outside the "
                f"{width} x {height} pixels of the photograph and were moved to its border"
            )
        flaw = landmark_flaws(inside)
        if flaw:
            faults.append(f"landmarks must be places on the face: {path}: {flaw}; set them by hand")
        templates[path] = Template(inside.round(3), lines_of(len(inside)))
    if faults:
        raise StimulusError(*faults)
    return FoundLandmarks(images, templates, tuple(notes))


def _check_photos(paths: Sequence[Path]) -> None:
    if not paths:
        raise OptionError("`photos` must name at least one photograph: none is given; name one")
    stems = [path.stem for path in paths]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice is not None:
        raise OptionError(
            f"photographs must differ in their names, as their templates do: {twice} comes "
            f"{stems.count(twice)} times; name each once"
        )


def _paths(photos: Iterable[Path], out: str | Path | None) -> dict[Path, Path]:
    home = None if out is None else Path(out)
    return {photo: (home or photo.parent) / f"{photo.stem}.tem" for photo in photos}


def _check(paths: Iterable[Path], sheets: Iterable[Path], overwrite: bool) -> None:
    """Refuse before anything is written."""
    for path in (*paths, *sheets):
        check_output_file(path, [path.suffix], kind=_KIND, overwrite=overwrite)
