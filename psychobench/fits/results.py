"""The result of a fit: the table, its curves, and a quick look at them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from psychobench.arguments import Levels, parse_levels
from psychobench.errors import OptionError
from psychobench.fits.curve_table import tidy_curves
from psychobench.fits.curves import PARAMETERS, Curves
from psychobench.fits.dependence import Dependence
from psychobench.fits.functions import SIGMOIDS, Floats
from psychobench.fits.goodness.findings import Goodness
from psychobench.fits.options import FitOptions
from psychobench.fits.reading_tables import Readings
from psychobench.fits.saved_table import SavedAsTable
from psychobench.fits.summary import main_columns, summarise
from psychobench.messages import shown
from psychobench.tables.notebook import ShownAsTable
from psychobench.tables.output import json_rows
from psychobench.tables.positions import row_positions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from psychobench.draw.fits import Fit

MAX_PANELS, GRID = 40, 201

PerFit = str | Sequence[str] | Mapping[str, str] | None


@dataclass(frozen=True)
class Fits(Readings, SavedAsTable, ShownAsTable):
    """Fitted psychometric functions of a table, one row per observer and condition.

    Parameters
    ----------
    table : DataFrame
        `observer`, `condition`, the columns of ``by``, then those that the docs describe. Where
        the status is ``outside``, the PSE is an extrapolation; where it is ``never`` or ``failed``,
        there is none. Ends of intervals that the data leave open are NaN.
    options : dict
        What was asked for.
    falling : ndarray of bool
        Whether a curve falls with the level.
    data : DataFrame
        What was fitted: the row of each fit in `table` as `fit`, `level`, `proportion`, `n_trials`
        and `n_effective`, the number of trials that overdispersion leaves; both are NaN for
        probabilities.
    goodness : Goodness or None
        What ``gof`` asked for: checks with flags in words, and the residuals.
    dependence : Dependence or None
        Whether the answers depend on time, sessions or the answers before, and whose levels follow
        the answers, as in a staircase; None for counts and probabilities.
    """

    kind = "table of fits"

    table: pd.DataFrame
    options: dict[str, Any]
    falling: NDArray[np.bool_]
    data: pd.DataFrame
    goodness: Goodness | None = None
    dependence: Dependence | None = None

    def __len__(self) -> int:
        return len(self.table)

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def take(self, rows: ArrayLike) -> Fits:
        """Return some of the fits, without the checks of their goodness.

        Parameters
        ----------
        rows : array_like
            A boolean mask with an entry per fit, or positions of rows, negative ones from the end;
            a Series counts by position.

        Raises
        ------
        OptionError
            If a mask has another length, or a position is out of range or no whole number.

        Examples
        --------
        >>> import psychobench
        >>> counts = pd.DataFrame({"observer": ["a"] * 3 + ["b"] * 3, "level": [0.0, 0.5, 1.0] * 2,
        ...                        "n_trials": 10, "n_target": [0, 5, 10, 1, 7, 9]})
        >>> fits = psychobench.fit(counts)
        >>> fits.take(fits.table["pse"] < 0.45).table["observer"].tolist()
        ['b']
        """
        chosen = row_positions(rows, len(self.table), "rows")
        places = pd.DataFrame({"fit": chosen, "taken": np.arange(len(chosen))})
        data = places.merge(self.data, on="fit").drop(columns="fit")
        return Fits(
            self.table.iloc[chosen].reset_index(drop=True),
            self.options,
            self.falling[chosen],
            data.rename(columns={"taken": "fit"}),
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
            psi; NaN for a fit that failed.
        """
        return self._curves().psi(levels)

    def curves(self, levels: Levels = None) -> pd.DataFrame:
        """Return the fitted curves with pointwise confidence bands, for plots of one's own.

        Parameters
        ----------
        levels : sequence of float or str, optional
            Stimulus levels, the same for all curves; by default 201 levels over the range that
            each curve was fitted to.

        Returns
        -------
        DataFrame
            `observer`, `condition`, the columns of ``by``, `level`, `p` (psi), and `low` and
            `high`, the ends of its interval at the confidence of the fit, from the expected Fisher
            information of the parameters (see `psychobench.fits.bands`). They are NaN for
            probabilities, behind which there is no number of trials, and for fits that failed.
        """
        common = None if levels is None else parse_levels(levels, words=())
        return tidy_curves(
            self.table,
            self._curves(),
            self.data,
            FitOptions(**self.options),
            None if common is None else np.array(common, dtype=np.float64),
        )

    def to_level(self, threshold: float) -> float:
        """Convert a threshold to level units; `weibull` and `lognorm` have it in log units."""
        return float(SIGMOIDS[self.options["sigmoid"]].to_level(np.array(threshold)))

    def plot(
        self,
        ax: Axes | None = None,
        *,
        observer: str | None = None,
        colours: PerFit = None,
        labels: PerFit = None,
    ) -> Figure | None:
        """Draw data, curves and PSEs with their intervals: a panel per observer, or one for all.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw everything; by default each observer has a panel in a new figure.
        observer : str, optional
            Whose fits to draw; by default everyone's.
        colours, labels : str, sequence of str, or mapping, optional
            Of the curves: one for all, one for each curve in the order of the table, or by the name
            that the legend shows by default.

        Returns
        -------
        matplotlib.figure.Figure
            The one that was drawn into.

        Raises
        ------
        OptionError
            If there is no such observer, `colours` or `labels` do not fit the curves, or there are
            more than `MAX_PANELS` panels.
        """
        from psychobench.draw.fits import draw_fits, draw_panels

        names = self._observers() if observer is None else [observer]
        if observer is not None and observer not in self._observers():
            raise OptionError(
                f"`observer` must be one of {shown(self._observers())}: got {observer!r}"
            )
        if ax is not None:
            draw_fits(ax, _restyled(self._drawn(names, whole=True), colours, labels))
            return ax.get_figure(root=True)
        if len(names) > MAX_PANELS:
            raise OptionError(
                f"a figure holds up to {MAX_PANELS} observers: there are {len(names)}; "
                "choose one with `observer`"
            )
        panels = self.panels(names)
        styled = iter(_restyled([fit for _, fits in panels for fit in fits], colours, labels))
        return draw_panels([(title, [next(styled) for _ in fits]) for title, fits in panels])

    def panels(self, observers: Sequence[str] | None = None) -> list[tuple[str, list[Fit]]]:
        """Collect each observer's data and curves for `psychobench.draw.fits.draw_panels`.

        Parameters
        ----------
        observers : sequence of str, optional
            Whose; by default everyone's.
        """
        names = self._observers() if observers is None else observers
        return [(str(name), self._drawn([name])) for name in names]

    def summary(self) -> str:
        """Return the main columns as text, with the reason for every PSE that is missing or odd."""
        return summarise(self.table, self.to_json(), self._keys(), self.goodness, self.dependence)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the rows as native types, None where there is no value, flags as lists."""
        rows = json_rows(self.table)
        for row in rows if self.goodness is not None else ():
            row["flags"] = row["flags"].split("; ") if row["flags"] else []
        return rows

    def _shown(self) -> pd.DataFrame:
        return main_columns(self.table, self._keys())

    def _observers(self) -> list[str]:
        return list(dict.fromkeys(self.table["observer"]))

    def _curves(self) -> Curves:
        """Return the curves as they were fitted; they carry no likelihoods."""
        values = {name: self.table[name].to_numpy(dtype=np.float64) for name in PARAMETERS}
        values["width"] = np.where(self.table["step"], 0.0, values["width"])
        sigmoid = SIGMOIDS[self.options["sigmoid"]]
        return Curves(sigmoid, **values, falling=self.falling, objective=values["width"])

    def _drawn(self, observers: Iterable[str], *, whole: bool = False) -> list[Fit]:
        """Collect some fits for drawing; their labels name what tells them apart."""
        from psychobench.draw.fits import Fit

        keys = self._keys()[int(not whole) :]
        drawn = []
        for row in np.flatnonzero(self.table["observer"].isin(list(observers))):
            here = self.data[self.data["fit"] == row]
            levels, proportions = here[["level", "proportion"]].to_numpy(np.float64).T
            grid = np.linspace(levels.min(), levels.max(), GRID) if len(levels) else levels
            of = self.table.iloc[row]
            label = ", ".join(str(of[key]) for key in keys)
            pse, low, high = (float(of[name]) for name in ("pse", "pse_low", "pse_high"))
            psi = self.predict(grid)[row]
            drawn.append(Fit(label, levels, proportions, grid, psi, pse, low, high))
        return drawn


def _restyled(drawn: list[Fit], colours: PerFit, labels: PerFit) -> list[Fit]:
    """Give fits the colours and labels that were asked for."""
    names = [fit.label for fit in drawn]
    return [
        replace(fit, colour=colour, label=fit.label if label is None else label)
        for fit, colour, label in zip(
            drawn, _each(colours, names, "colours"), _each(labels, names, "labels"), strict=True
        )
    ]


def _each(values: PerFit, names: list[str], option: str) -> list[str | None]:
    """Spread what was given for one, each or some named curves over all."""
    if values is None or isinstance(values, str):
        return [values] * len(names)
    if isinstance(values, Mapping):
        unknown = [str(name) for name in values if name not in names]
        if unknown:
            raise OptionError(
                f"`{option}` must name curves: there is no '{unknown[0]}'; found: {shown(names)}"
            )
        return [values.get(name) for name in names]
    if len(values) != len(names):
        raise OptionError(
            f"`{option}` must have one entry for each of the {len(names)} curves: got "
            f"{len(values)}; the curves are {shown(names)}"
        )
    return list(values)
