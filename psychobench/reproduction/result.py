"""A paper's experiments, run again, as users hold them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from psychobench.outputs import output_folder
from psychobench.reproduction.data import ReproductionData
from psychobench.reproduction.figures import draw_figure_2
from psychobench.reproduction.files import document, write_files
from psychobench.reproduction.text import summary
from psychobench.tables.notebook import ShownAsTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Reproduction(ShownAsTable, ReproductionData):
    """A paper's experiments, run again.

    The attributes are those of `psychobench.reproduction.data.ReproductionData`.
    """

    def to_frame(self) -> pd.DataFrame:
        """Return the cells of all the paper's tables, one row each, with the paper's numbers."""
        return pd.concat([filled.table for filled in self.tables], ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but answers and curves as one document that JSON takes."""
        return document(self)

    def plot(self) -> Figure:
        """Draw the paper's figure 2: the curves of people and networks for whole faces."""
        return draw_figure_2(self)

    def save(self, folder: Path | str, *, overwrite: bool = False) -> None:
        """Write page, tables, figures, claims and departures into a folder, whole or not at all.

        Parameters
        ----------
        folder : path
            Created if need be; other files in it stay.
        overwrite : bool
            Whether to replace files that psychobench did not write there, or that were edited.

        Raises
        ------
        ResourceError
            If it cannot be written, or a file in it must not be replaced.
        """
        with output_folder(Path(folder), kind="reproduction", overwrite=overwrite) as staged:
            write_files(self, staged)

    def __str__(self) -> str:
        return summary(self)
