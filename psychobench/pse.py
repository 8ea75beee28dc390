"""Fits of whole tables: psychometric functions, PSEs, or the reason there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from psychobench.fits.curves import Curves
from psychobench.fits.designs import Design, lay_out
from psychobench.fits.functions import SIGMOIDS, Floats
from psychobench.fits.likelihoods import deviance
from psychobench.fits.ml import fit as fit_ml
from psychobench.fits.options import FitOptions
from psychobench.fits.status import count_crossings, judge
from psychobench.responses.table import validate_trials

PARAMETERS = ("threshold", "width", "guess", "lapse", "overdispersion")
COLUMNS = (
    "engine", "sigmoid", "asymptotes", "likelihood", *PARAMETERS,
    "pse", "pse_low", "pse_high", "jnd", "jnd_low", "jnd_high", "slope", "crossings",
    "status", "reason", "n_trials", "log_likelihood", "deviance", "deviance_p",
    *(f"{name}_{end}" for name in PARAMETERS for end in ("low", "high")),
)  # fmt: skip
COUNTS, TEXTS = ("crossings", "n_trials"), ("status", "reason")


@dataclass(frozen=True)
class Fits:
    """Fitted psychometric functions of a table, one row per observer and condition.

    Parameters
    ----------
    table : DataFrame
        The columns of the Fits table in the documentation, after `by`'s.
    options : dict
        What was asked for.
    falling : ndarray of bool
        Whether a curve falls with the level.
    """

    table: pd.DataFrame
    options: dict[str, Any]
    falling: NDArray[np.bool_]

    def to_frame(self) -> pd.DataFrame:
        """Copy the table."""
        return self.table.copy()

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

    def to_json_rows(self) -> list[dict[str, Any]]:
        """Give the rows as native types, None where there is no value."""
        return [
            {name: _native(value) for name, value in row.items()}
            for row in self.table.to_dict(orient="records")
        ]


def fit(
    table: pd.DataFrame,
    *,
    by: Sequence[str] = (),
    engine: str = "ml",
    sigmoid: str = "norm",
    asymptotes: str = "free",
    likelihood: str | None = None,
    task: str = "yes-no",
    bounds: Mapping[str, tuple[float, float]] | None = None,
    bootstrap: int = 0,
    gof: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Fits:
    """Fit a psychometric function to each observer and condition of a table."""
    options = FitOptions(
        engine, sigmoid, asymptotes, likelihood, task, dict(bounds or {}),
        bootstrap, gof, confidence, seed,
    )  # fmt: skip
    design = lay_out(validate_trials(table), by, options)
    curves = fit_ml(design.blocks, options)
    columns = {**_estimates(curves, design, options), **_judged(curves, design, options)}
    falling = np.zeros(len(design.groups), dtype=bool)
    falling[~design.failed] = curves.falling
    return Fits(_assemble(design, columns, options), asdict(options), falling)


def _estimates(curves: Curves, design: Design, options: FitOptions) -> dict[str, Any]:
    columns: dict[str, Any] = {name: getattr(curves, name) for name in PARAMETERS}
    columns["jnd"] = curves.jnd()
    pooled = design.pooled
    if not pooled.probabilities:
        levels = curves.sigmoid.to_level(pooled.positions)
        columns["n_trials"] = pooled.trials.sum(axis=1)
        columns["log_likelihood"] = curves.objective
        columns["deviance"] = deviance(curves.psi(levels), pooled.trials, pooled.hits)
    return columns


def _judged(curves: Curves, design: Design, options: FitOptions) -> dict[str, Any]:
    verdict = judge(curves, design.blocks, options)
    columns: dict[str, Any] = {"status": verdict.status, "reason": verdict.reason}
    if options.has_pse:
        crossings = count_crossings(design.pooled)
        columns["pse"], columns["crossings"] = verdict.pse, crossings
        columns["slope"] = np.where(np.isnan(verdict.pse), np.nan, curves.slope())
        note = [f"the observed proportions cross .5 {count} times" for count in crossings]
        columns["reason"] = np.array(
            [
                reason if count < 2 else text if reason is None else f"{reason}; {text}"
                for reason, count, text in zip(verdict.reason, crossings, note, strict=True)
            ],
            dtype=object,
        )
    return columns


def _assemble(design: Design, columns: Mapping[str, Any], options: FitOptions) -> pd.DataFrame:
    """Put the columns in the documented order, with rows for what could not be fitted."""
    table, failed = design.groups.copy(), design.failed
    for name in ("engine", "sigmoid", "asymptotes"):
        table[name] = getattr(options, name)
    probabilities = design.blocks.probabilities
    table["likelihood"] = "cross-entropy" if probabilities else options.likelihood
    for name in COLUMNS[4:]:
        values = np.full(len(table), None if name in TEXTS else np.nan, dtype=object)
        values[~failed] = columns.get(name, values[~failed])
        kind = "Int64" if name in COUNTS else object if name in TEXTS else np.float64
        table[name] = pd.Series(values, dtype=kind, index=table.index)
    table.loc[failed, "status"] = "failed"
    table["reason"] = table["reason"].where(~failed, design.failures)
    return table


def _native(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, float) and not np.isfinite(value)):
        return None
    return value
