"""The result of comparing maps with where people looked: tables, text, figures, files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
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
from psychobench.gaze.people import PeopleKernel
from psychobench.outputs import output_folder
from psychobench.tables.notebook import ShownAsTable
from psychobench.tables.output import csv_bytes, json_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KIND = "comparison with gaze"
ALWAYS = ("gaze.csv", "images.csv", "ceiling.csv", "summary.txt", "gaze.json")
CAUTION = (
    "MAE alone rewards emptiness: compare every map with the all-zero map before reading it. KL "
    "punishes a map for zeros where people looked."
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
    viewers, ceiling : pandas.DataFrame
        As `images` and `pooled`, against one viewer at a time and averaged over viewers, with other
        people as one more source; without rows where no image has two viewers. These scores are
        to be compared with each other, and not with those of `pooled`: one viewer is harder to
        predict than all together.
    normalisation : str
        How the maps were normalised.
    recipe : BlurRecipe
        How people's fixations became maps.
    kernel : PeopleKernel or None
        How other people's fixations became a density, in `viewers` and `ceiling`.
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
    viewers: pd.DataFrame = field(repr=False)
    ceiling: pd.DataFrame
    normalisation: str
    recipe: BlurRecipe
    kernel: PeopleKernel | None
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
        legend = [f"{name.upper()}: {meaning}." for name, (meaning, _) in METRICS.items()]
        return "\n".join(
            [
                f"Maps compared with where people looked; {self.normalisation}.",
                "+: more is nearer to people; -: less is. In brackets: 95% interval over images.",
                "",
                "Against all viewers together:",
                _shown(self.pooled),
                "",
                *self._ceiling_lines(),
                *legend,
                CAUTION,
                *self.notes,
            ]
        )

    def _ceiling_lines(self) -> list[str]:
        if self.kernel is None:
            return [
                "No image has two viewers, so nothing shows how well people predict people.",
                "",
            ]
        return [
            "Against one viewer at a time, mean over viewers; other people are the density of all "
            f"others' fixations ({self.kernel.words}, by cross-validation):",
            _shown(self.ceiling),
            "",
        ]

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
            "ceiling": json_rows(self.ceiling),
            "kernel": None if self.kernel is None else asdict(self.kernel),
            "notes": [CAUTION, *self.notes],
        }

    def plot(
        self,
        measures: str | Sequence[str] | None = None,
        ax: Axes | None = None,
        *,
        ceiling: bool = False,
    ) -> Figure:
        """Draw the scores of all sources with their intervals, one panel for each measure.

        Parameters
        ----------
        measures : str or sequence of str, optional
            Names of `psychobench.gaze.METRICS`; all by default.
        ax : matplotlib.axes.Axes, optional
            Where to draw one measure; a new figure by default.
        ceiling : bool
            Draw scores against one viewer at a time, with other people among the sources.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        OptionError
            If there is no such measure, several are to be drawn on one axis, or no image has two
            viewers and the ceiling is to be drawn.
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
        table = self.ceiling if ceiling else self.pooled
        if table.empty:
            raise OptionError("`ceiling` needs an image with two viewers: there is none")
        target = (
            "one viewer's fixations, mean over viewers and"
            if ceiling
            else "people's fixations, mean over"
        )
        return draw_gaze_scores(
            list(table["source"]),
            int((table["kind"] == "baseline").sum()),
            [_measure(table, name, alone=len(names) == 1) for name in names],
            ". ".join(
                [
                    f"Nearness to {target} images (95%); {self.normalisation}",
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
            Created if it does not exist. It gets ``gaze.csv``, ``images.csv``, ``ceiling.csv``,
            ``summary.txt``, ``gaze.json`` and, as PNG, SVG and PDF, ``gaze`` (all measures),
            ``error``, ``ceiling`` and one ``gallery-NAME`` for each folder of sources.
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
            tables = {"gaze": self.pooled, "images": self.images, "ceiling": self.ceiling}
            for name, table in tables.items():
                (place / f"{name}.csv").write_bytes(csv_bytes(table.assign(**normalised)))
            (place / "summary.txt").write_text(self.summary() + "\n", encoding="utf-8")
            document = json.dumps(self.to_json(), indent=2, allow_nan=False)
            (place / "gaze.json").write_text(document + "\n", encoding="utf-8")
            save_figure(self.plot(), place, "gaze")
            save_figure(self.plot("mae"), place, "error")
            if not self.ceiling.empty:
                save_figure(self.plot(ceiling=True), place, "ceiling")
            for name, figure in self.plot_galleries():
                save_figure(figure, place, f"gallery-{name}")


def _measure(table: pd.DataFrame, name: str, *, alone: bool) -> Any:
    from psychobench.draw.gaze import Measure

    meaning, more_is_nearer = METRICS[name]
    values = (table[column].to_numpy(dtype=np.float64) for column in _columns(name))
    return Measure(meaning if alone else name.upper(), more_is_nearer, *values)


def _shown(table: pd.DataFrame) -> str:
    """Return a pooled table as text."""
    shown = pd.DataFrame({"source": table["source"], "images": table["n_images"]})
    for name, (_, more) in METRICS.items():
        columns = table[list(_columns(name))].to_numpy(dtype=float)
        shown[f"{name.upper()} {'+' if more else '-'}"] = [_number(*each) for each in columns]
    return shown.to_string(index=False)


def _columns(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


def _number(value: float, low: float, high: float) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:.3f}" if np.isnan(low) else f"{value:.3f} ({low:.3f}-{high:.3f})"
