"""The result of comparing maps with where people looked: tables, text, figures, files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from psychobench.errors import OptionError
from psychobench.gaze.fixation_maps import BlurRecipe
from psychobench.gaze.fixations import Fixations
from psychobench.gaze.gallery import draw_galleries
from psychobench.gaze.map_files import ImageMap
from psychobench.gaze.metrics import METRICS
from psychobench.outputs import output_folder
from psychobench.tables.notebook import ShownAsTable
from psychobench.tables.output import csv_bytes, json_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KIND = "comparison with gaze"
ALWAYS = ("gaze.csv", "images.csv", "summary.txt", "gaze.json")
CAUTION = (
    "MAE alone rewards emptiness: compare every map with the all-zero map before reading it. KL "
    "punishes a map for zeros where people looked, so the rough maps of half the people score "
    "badly."
)


@dataclass(frozen=True)
class GazeComparison(ShownAsTable):
    """How near maps come to where people looked.

    Attributes
    ----------
    images : pandas.DataFrame
        One row per source and image: ``source, kind, image, n_subjects, n_fixations``, ``empty``
        (whether the map is the same everywhere) and the measures of `psychobench.gaze.METRICS`.
    pooled : pandas.DataFrame
        One row per source: ``source, kind, n_images``, and for each measure its mean over images
        with ``_low`` and ``_high``, a 95% percentile bootstrap over images.
    normalisation : str
        How the maps were normalised.
    recipe : BlurRecipe
        How people's fixations became maps.
    notes : tuple of str
        What was left out, and what else a reader has to know.
    about : tuple of str
        What the maps are.
    maps : sequence of ImageMap
        The maps that were compared.
    fixations : Fixations
        Where people looked.
    photographs : mapping of str to pathlib.Path
        The photographs' files by name, where they were given.
    """

    images: pd.DataFrame
    pooled: pd.DataFrame
    normalisation: str
    recipe: BlurRecipe
    notes: tuple[str, ...]
    about: tuple[str, ...]
    maps: Sequence[ImageMap] = field(repr=False)
    fixations: Fixations = field(repr=False)
    photographs: Mapping[str, Path] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the pooled table."""
        return self.pooled.copy()

    def summary(self) -> str:
        """Return means over images with 95% intervals as text, then notes."""
        shown = pd.DataFrame({"source": self.pooled["source"], "images": self.pooled["n_images"]})
        for name, (_, more) in METRICS.items():
            columns = self.pooled[list(_columns(name))].to_numpy(dtype=float)
            shown[f"{name.upper()} {'+' if more else '-'}"] = [_number(*each) for each in columns]
        legend = [f"{name.upper()}: {meaning}." for name, (meaning, _) in METRICS.items()]
        return "\n".join(
            [
                f"Maps compared with where people looked; {self.normalisation}.",
                "+: more is nearer to people; -: less is. In brackets: 95% interval over images.",
                "",
                shown.to_string(index=False),
                "",
                *legend,
                CAUTION,
                *self.notes,
            ]
        )

    def to_json(self) -> dict[str, Any]:
        """Return all results as plain types, with None where there is no number."""
        return {
            "normalisation": self.normalisation,
            "metrics": {
                name: {"meaning": meaning, "more_is_nearer": more}
                for name, (meaning, more) in METRICS.items()
            },
            "rows": json_rows(self.pooled),
            "images": json_rows(self.images),
            "notes": [CAUTION, *self.notes],
        }

    def plot(self, measures: str | Sequence[str] | None = None, ax: Axes | None = None) -> Figure:
        """Draw the scores of all sources with their intervals, one panel for each measure.

        Parameters
        ----------
        measures : str or sequence of str, optional
            Names of `psychobench.gaze.METRICS`; all by default.
        ax : matplotlib.axes.Axes, optional
            Where to draw one measure; a new figure by default.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        OptionError
            If there is no such measure, or several are to be drawn on one axis.
        """
        from psychobench.draw.gaze import draw_gaze_scores

        names = [measures] if isinstance(measures, str) else list(measures or METRICS)
        if unknown := [name for name in names if name not in METRICS]:
            raise OptionError(
                f"`measures` must be of {', '.join(METRICS)}: there is no '{unknown[0]}'"
            )
        if ax is not None and len(names) > 1:
            raise OptionError(
                f"one axis takes one measure: {len(names)} are to be drawn; name one, such as "
                "`measures='nss'`"
            )
        n_baselines = int((self.pooled["kind"] == "baseline").sum())
        return draw_gaze_scores(
            list(self.pooled["source"]),
            n_baselines,
            [self._measure(name, alone=len(names) == 1) for name in names],
            ". ".join(
                [
                    f"Nearness to people's fixations, mean over images (95%); {self.normalisation}",
                    *self.about,
                ]
            ),
            ax,
        )

    def plot_galleries(self) -> Iterator[tuple[str, Figure]]:
        """Draw photographs with people's map and the others beside them.

        Yields
        ------
        tuple of str and matplotlib.figure.Figure
            The gallery's name and the figure: one for each folder of sources. None where the
            photographs were not given.
        """
        yield from draw_galleries(
            self.maps, self.fixations, self.photographs, self.recipe, self.about
        )

    def save(self, folder: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write tables, figures, summary and JSON into a folder, all of them or none.

        Parameters
        ----------
        folder : str or path
            Created if it does not exist. It gets ``gaze.csv``, ``images.csv``, ``summary.txt``,
            ``gaze.json`` and, as PNG, SVG and PDF, ``gaze`` (all measures), ``error`` and one
            ``gallery-NAME`` for each folder of sources.
        overwrite : bool
            Whether to replace files that psychobench did not write there, or that were edited.

        Raises
        ------
        ResourceError
            If the folder cannot be written, or a file in it must not be replaced.
        """
        from psychobench.draw.figures import save_figure

        normalised = {"normalisation": self.normalisation}
        with output_folder(Path(folder), kind=KIND, overwrite=overwrite) as place:
            for name, table in (("gaze", self.pooled), ("images", self.images)):
                (place / f"{name}.csv").write_bytes(csv_bytes(table.assign(**normalised)))
            (place / "summary.txt").write_text(self.summary() + "\n", encoding="utf-8")
            document = json.dumps(self.to_json(), indent=2, allow_nan=False)
            (place / "gaze.json").write_text(document + "\n", encoding="utf-8")
            save_figure(self.plot(), place, "gaze")
            save_figure(self.plot("mae"), place, "error")
            for name, figure in self.plot_galleries():
                save_figure(figure, place, f"gallery-{name}")

    def _measure(self, name: str, *, alone: bool) -> Any:
        from psychobench.draw.gaze import Measure

        meaning, more_is_nearer = METRICS[name]
        values = (self.pooled[column].to_numpy(dtype=np.float64) for column in _columns(name))
        return Measure(meaning if alone else name.upper(), more_is_nearer, *values)


def _columns(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


def _number(value: float, low: float, high: float) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:.3f}" if np.isnan(low) else f"{value:.3f} ({low:.3f}-{high:.3f})"
