"""The result of a model comparison: the table, its sentences, and the chosen models' curves."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from psychobench.arguments import Levels, parse_levels
from psychobench.errors import OptionError
from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import PARAMETERS, Curves
from psychobench.fits.models.fitting import FittedModel, model_band
from psychobench.fits.models.sentences import count_sentences, observer_sentences
from psychobench.fits.saved_table import SavedAsTable
from psychobench.formatting import p_text
from psychobench.messages import shown
from psychobench.tables.notebook import ShownAsTable
from psychobench.tables.output import json_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from psychobench.draw.fits import Fit

GRID, MAX_PANELS = 201, 40
MANY = 6  # observers of whom more are counted, not described one by one
LINE = 80  # characters of a line of text


@dataclass(frozen=True)
class ModelComparison(SavedAsTable, ShownAsTable):
    """Models of which parameters differ between conditions, one row per observer and model.

    Parameters
    ----------
    table : DataFrame
        `vary` (the parameters that differ), `observer`, `log_likelihood` (with binomial
        coefficients), `parameters` (how many are estimated), `aic`, `bic`; the likelihood-ratio
        test `against` a nested model: `statistic`, `df`, `p`, `test`, on what p rests, and
        `simulations`, how many data sets; `on_bound`, whether a rate, a width or the overdispersion
        of either model lies on its bound; `doubt`, why chi-squared is doubtful; `n_trials`, the n
        of BIC; `chosen`, the observer's lowest AIC.
    options : dict
        What was asked for.
    left_out : dict
        Observers who were left out, with the reason.
    groups : DataFrame
        `observer` and `condition` of each curve.
    blocks : Blocks
        The answers behind each curve.
    models : tuple of FittedModel
        The fitted models.
    """

    kind = "comparison of models"

    table: pd.DataFrame
    options: dict[str, Any]
    left_out: dict[str, str]
    groups: pd.DataFrame = field(repr=False)
    blocks: Blocks = field(repr=False)
    models: tuple[FittedModel, ...] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def to_json(self) -> list[dict[str, Any]]:
        """Return the rows as native types, None where there is no value."""
        return json_rows(self.table)

    def sentences(self) -> list[str]:
        """Say what differs between the conditions, of more than `MANY` observers in how many."""
        alpha = 1 - self.options["confidence"]
        if self.table["observer"].nunique() > MANY:
            return count_sentences(self.table, alpha)
        return [
            observer_sentences(str(name), rows, alpha)
            for name, rows in self.table.groupby("observer", sort=False)
        ]

    def summary(self) -> str:
        """Return the sentences and the table as text."""
        columns = ["observer", "vary", "log_likelihood", "parameters", "aic", "bic", "p"]
        text = self.table[columns].rename(columns={"log_likelihood": "log-lik", "parameters": "k"})
        text["p"] = ["" if np.isnan(p) else p_text(p) for p in text["p"]]
        rows = text.to_string(index=False, na_rep="", float_format="{:.2f}".format)
        sentences = [
            textwrap.fill(sentence, LINE, break_on_hyphens=False) for sentence in self.sentences()
        ]
        return "\n".join([*sentences, "", *(row.rstrip() for row in rows.splitlines())])

    def parameters(self, vary: str | None = None) -> pd.DataFrame:
        """Return the parameters of each condition's curve.

        Parameters
        ----------
        vary : str, optional
            A model; by default each observer's chosen one.

        Returns
        -------
        DataFrame
            `observer`, `condition`, `vary`, `threshold` and `width` (log units with the log
            sigmoids), `guess`, `lapse`, `overdispersion` (NaN with the binomial likelihood), `pse`
            (NaN in a forced choice), `jnd` and `slope`.
        """
        parts = []
        for row, model in enumerate(self._models(vary)):
            curve = model.curves.take(np.array([row]))
            parts.append(
                {
                    "vary": model.vary,
                    **{name: float(getattr(curve, name)[0]) for name in PARAMETERS},
                    "pse": float(curve.pse()[0]) if model.joint.problem.at_pse else np.nan,
                    "jnd": float(curve.jnd()[0]),
                    "slope": float(curve.slope()[0]),
                }
            )
        return pd.concat([self.groups, pd.DataFrame(parts)], axis=1)

    def curves(self, levels: Levels = None, vary: str | None = None) -> pd.DataFrame:
        """Return curves with pointwise confidence bands.

        Parameters
        ----------
        levels : sequence of float or str, optional
            Stimulus levels, the same for all curves; by default 201 over the range of each.
        vary : str, optional
            A model; by default each observer's chosen one.

        Returns
        -------
        DataFrame
            `observer`, `condition`, `level`, `p` (psi), and `low` and `high`, the band from the
            expected information of all of the observer's answers.
        """
        common = None if levels is None else np.array(parse_levels(levels, words=()), dtype=float)
        parts = []
        for row, model in enumerate(self._models(vary)):
            at = self._grid(row) if common is None else common
            p, low, high = model_band(model, row, at, self.options["confidence"])
            labels = {name: self.groups[name].iloc[row] for name in self.groups}
            parts.append(pd.DataFrame({**labels, "level": at, "p": p, "low": low, "high": high}))
        return pd.concat(parts, ignore_index=True)

    def plot(self, ax: Axes | None = None, *, vary: str | None = None) -> Figure | None:
        """Draw data and curves, a panel per observer, or everything on one axis.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw everything; by default each observer has a panel in a new figure.
        vary : str, optional
            A model; by default each observer's chosen one, which the panel names.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        OptionError
            If there is no such model, or there are more than `MAX_PANELS` panels.
        """
        from psychobench.draw.fits import draw_fits, draw_panels

        drawn = self._drawn(vary, whole=ax is not None)
        if ax is not None:
            draw_fits(ax, [fit for _, fit in drawn])
            return ax.get_figure(root=True)
        panels: dict[str, list[Fit]] = {}
        for observer, fit in drawn:
            panels.setdefault(observer, []).append(fit)
        if len(panels) > MAX_PANELS:
            raise OptionError(
                f"a figure holds up to {MAX_PANELS} observers: there are {len(panels)}; "
                'choose some with `where="observer=NAME"`'
            )
        return draw_panels(list(panels.items()))

    def _models(self, vary: str | None) -> list[FittedModel]:
        """Return the model of each curve: the one that is named, or the observer's chosen one."""
        named = {model.vary: model for model in self.models}
        if vary is None:
            chosen = self.table[self.table["chosen"]].set_index("observer")["vary"]
            return [named[chosen[observer]] for observer in self.groups["observer"]]
        if vary not in named:
            raise OptionError(
                f"`vary` must be one of the models that were compared, {shown(list(named))}: "
                f"got {vary!r}"
            )
        return [named[vary]] * len(self.groups)

    def _grid(self, row: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        levels = self._sigmoid_levels(row)
        return np.linspace(levels.min(), levels.max(), GRID)

    def _sigmoid_levels(self, row: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        kept = self.blocks.trials[row] > 0
        return self.models[0].curves.sigmoid.to_level(self.blocks.positions[row, kept])

    def _drawn(self, vary: str | None, *, whole: bool) -> list[tuple[str, Fit]]:
        from psychobench.draw.fits import Fit

        drawn = []
        for row, model in enumerate(self._models(vary)):
            observer, condition = (str(self.groups[name].iloc[row]) for name in self.groups)
            levels, grid = self._sigmoid_levels(row), self._grid(row)
            kept = self.blocks.trials[row] > 0
            proportions = self.blocks.hits[row, kept] / self.blocks.trials[row, kept]
            curve: Curves = model.curves.take(np.array([row]))
            pse, height = float(curve.pse()[0]), 0.5
            if not model.joint.problem.at_pse:
                pse = float(curve.thresholds()[0])
                height = float(curve.psi([pse])[0, 0])
            label = f"{observer}, {condition}" if whole else condition
            psi = curve.psi(grid)[0]
            fit = Fit(label, levels, proportions, grid, psi, pse, pse, pse, height)
            drawn.append((f"{observer}: {model.vary}", fit))
        return drawn
