"""The result of a fit: the table, what its curves predict, and a quick look at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from psychobench.errors import OptionError
from psychobench.fits.curves import Curves
from psychobench.fits.functions import SIGMOIDS, Floats
from psychobench.fits.goodness.findings import Goodness
from psychobench.messages import shown
from psychobench.tables.output import json_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from psychobench.draw.fits import Fit

PARAMETERS = ("threshold", "width", "guess", "lapse", "overdispersion")
MAX_PANELS, GRID = 40, 201


@dataclass(frozen=True)
class Fits:
    """Fitted psychometric functions of a table, one row per observer and condition.

    Parameters
    ----------
    table : DataFrame
        `observer`, `condition`, the columns of ``by``, then those that the docs describe. Where
        the status is ``outside``, the PSE is an extrapolation; where it is ``never`` or ``failed``,
        there is none. Interval ends that the data leave open are nan.
    options : dict
        What was asked for.
    falling : ndarray of bool
        Whether a curve falls with the level.
    data : DataFrame
        What was fitted: the row of each fit in `table` as `fit`, `level` and `proportion`.
    goodness : Goodness or None
        What ``gof`` asked for: checks with plain-language flags, and the residuals.
    """

    table: pd.DataFrame
    options: dict[str, Any]
    falling: NDArray[np.bool_]
    data: pd.DataFrame
    goodness: Goodness | None = None

    def to_frame(self) -> pd.DataFrame:
        """Copy the table."""
        return self.table.copy()

    def take(self, rows: ArrayLike) -> Fits:
        """Give some of the fits, without the checks of their goodness.

        Parameters
        ----------
        rows : array_like of int, shape (k,)
            Rows of `table`, in the order wanted, each once.
        """
        chosen = np.asarray(rows, dtype=np.intp)
        places = pd.Series(np.arange(len(chosen)), index=chosen)
        data = self.data[self.data["fit"].isin(chosen)]
        return Fits(
            self.table.iloc[chosen].reset_index(drop=True),
            self.options,
            self.falling[chosen],
            data.assign(fit=data["fit"].map(places)).reset_index(drop=True),
        )

    def predict(self, levels: ArrayLike) -> Floats:
        """Evaluate every fitted curve at common levels.

        Parameters
        ----------
        levels : array_like, shape (m,)
            Stimulus levels.

        Returns
        -------
        ndarray, shape (n_fits, m)
            psi; nan for a fit that failed.
        """
        table = self.table
        values = {name: table[name].to_numpy(dtype=np.float64) for name in PARAMETERS}
        sigmoid = SIGMOIDS[self.options["sigmoid"]]
        return Curves(sigmoid, **values, falling=self.falling, objective=values["width"]).psi(
            levels
        )

    def to_level(self, threshold: float) -> float:
        """Give a threshold in level units, which `weibull` and `lognorm` have in log units."""
        return float(SIGMOIDS[self.options["sigmoid"]].to_level(np.array(threshold)))

    def plot(self, ax: Axes | None = None, *, observer: str | None = None) -> Figure | None:
        """Draw data, curves and PSEs with their intervals: a panel per observer, or one for all.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw everything; by default each observer has a panel in a new figure.
        observer : str, optional
            Whose fits to draw; by default everyone's.

        Returns
        -------
        matplotlib.figure.Figure
            The one that was drawn into.

        Raises
        ------
        OptionError
            If there is no such observer, or there are more than `MAX_PANELS` panels.
        """
        from psychobench.draw.fits import draw_fits, draw_panels

        whose = self.table["observer"]
        names = list(dict.fromkeys(whose)) if observer is None else [observer]
        if observer is not None and observer not in set(whose):
            raise OptionError(
                f"observer must be one of {shown(dict.fromkeys(whose))}: got {observer!r}"
            )
        if ax is not None:
            draw_fits(ax, self._drawn(whose.isin(names), whole=True))
            return ax.get_figure(root=True)
        if len(names) > MAX_PANELS:
            raise OptionError(
                f"a figure holds up to {MAX_PANELS} observers: there are {len(names)}; "
                "choose one with plot(observer=...)"
            )
        return draw_panels(self.panels(names))

    def panels(self, observers: Sequence[str] | None = None) -> list[tuple[str, list[Fit]]]:
        """Lay out each observer's data and curves for `psychobench.draw.fits.draw_panels`.

        Parameters
        ----------
        observers : sequence of str, optional
            Whose; by default everyone's.
        """
        whose = self.table["observer"]
        names = whose.unique() if observers is None else observers
        return [(str(name), self._drawn(whose == name)) for name in names]

    def _drawn(self, chosen: pd.Series[bool], *, whole: bool = False) -> list[Fit]:
        """Lay out some fits for drawing; their labels name what tells them apart."""
        from psychobench.draw.fits import Fit

        names = list(self.table)
        keys = names[int(not whole) : names.index("engine")]
        drawn = []
        for row in np.flatnonzero(chosen):
            here = self.data[self.data["fit"] == row]
            levels, proportions = here[["level", "proportion"]].to_numpy(np.float64).T
            grid = np.linspace(levels.min(), levels.max(), GRID) if len(levels) else levels
            of = self.table.iloc[row]
            label = ", ".join(str(of[str(key)]) for key in keys)
            pse, low, high = (float(of[name]) for name in ("pse", "pse_low", "pse_high"))
            psi = self.predict(grid)[row]
            drawn.append(Fit(label, levels, proportions, grid, psi, pse, low, high))
        return drawn

    def to_json_rows(self) -> list[dict[str, Any]]:
        """Give the rows as native types, None where there is no value, flags as lists."""
        rows = json_rows(self.table)
        for row in rows if self.goodness is not None else ():
            row["flags"] = row["flags"].split("; ") if row["flags"] else []
        return rows
