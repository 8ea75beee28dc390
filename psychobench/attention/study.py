"""The result of mapping attention: tables, text, figures, files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from psychobench.arguments import check_choice
from psychobench.attention.mapped import MappedAttention
from psychobench.attention.study_faithfulness import faithfulness_table
from psychobench.attention.study_figures import (
    draw_attention_maps,
    draw_faithfulness,
    draw_region_shares,
)
from psychobench.attention.study_files import KIND, attention_json, write_attention
from psychobench.attention.study_text import attention_text
from psychobench.errors import OptionError
from psychobench.outputs import output_folder

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from psychobench.draw.maps import ColourScale

COLOUR_SCALES = ("figure", "row", "map")


@dataclass(frozen=True, eq=False)
class AttentionStudy(MappedAttention):
    """Where observers look, from `psychobench.map_attention`.

    Its attributes are those of `psychobench.attention.mapped.MappedAttention`.
    """

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the shares: one row per observer, mask, unit, level and region."""
        return self.shares.copy()

    def faithfulness_frame(self) -> pd.DataFrame:
        """Return deletion and insertion, a row per observer, mask, level and curve.

        Raises
        ------
        OptionError
            If faithfulness was not measured.
        """
        return faithfulness_table(self._measured(), self.levels)

    def summary(self) -> str:
        """Return as text how much of the maps goes where, and whether that changes."""
        return attention_text(self)

    def to_json(self) -> dict[str, Any]:
        """Return everything but the maps as plain types, with None where there is no number."""
        return attention_json(self)

    def plot(
        self, *, levels: Sequence[float] | None = None, colour_scale: ColourScale = "figure"
    ) -> Figure:
        """Draw the maps over the images: a row per observer and mask, a column per level.

        Parameters
        ----------
        levels : sequence of float, optional
            The columns; the study's `levels` by default.
        colour_scale : {"figure", "row", "map"}
            What shares one colour scale.

        Returns
        -------
        matplotlib.figure.Figure
        """
        check_choice(colour_scale, "colour_scale", COLOUR_SCALES)
        return draw_attention_maps(self, self.levels if levels is None else levels, colour_scale)

    def plot_shares(self, ax: Axes | None = None) -> Figure:
        """Draw the share of each region over levels, a panel per observer and mask.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw, if there is one observer under one mask; a new figure by default.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        OptionError
            If there are no shares, or several panels and one axis.
        """
        if not len(self.shares):
            raise OptionError("shares need landmarks: these stimuli have none")
        return draw_region_shares(self, ax)

    def plot_faithfulness(self) -> Figure:
        """Draw deletion and insertion curves beside those of random maps.

        Raises
        ------
        OptionError
            If faithfulness was not measured.
        """
        return draw_faithfulness(self._measured())

    def save(
        self,
        folder: str | PathLike[str],
        *,
        colour_scale: ColourScale = "figure",
        overwrite: bool = False,
    ) -> None:
        """Write figures, raw maps and tables into a folder, all of them or none.

        Parameters
        ----------
        folder : str or path
            Created if it does not exist. It gets ``maps.png`` (.svg, .pdf), ``maps/NAME.npz`` and
            ``attention.json``; where there are shares ``shares.png``, ``shares.csv``,
            ``slopes.csv`` and ``shifts.csv``; where it was measured ``faithfulness.png`` and
            ``faithfulness.csv``.
        colour_scale : {"figure", "row", "map"}
            What shares one colour scale in ``maps.png``.
        overwrite : bool
            Whether to replace files that psychobench did not write there, or that were edited.

        Raises
        ------
        ResourceError
            If the folder cannot be written, or a file in it must not be replaced.
        """
        check_choice(colour_scale, "colour_scale", COLOUR_SCALES)
        with output_folder(Path(folder), kind=KIND, overwrite=overwrite) as place:
            write_attention(self, place, colour_scale)

    def _measured(self) -> Any:
        if self.faithfulness is None:
            raise OptionError("faithfulness was not measured: map with `faithfulness=True`")
        return self.faithfulness

    def _repr_html_(self) -> str:
        """Return heading and mean shares as HTML; `to_frame` returns every number."""
        heading = f"<p>{escape(self.heading)}<br>{escape(self.description)}</p>"
        if not len(self.shares):
            return heading
        return heading + str(
            self.mean_shares.to_html(index=False, na_rep="", float_format="{:.3f}".format)
        )
