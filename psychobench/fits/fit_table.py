"""The table of fits: parameters, PSEs with their status, and the data behind each curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from psychobench.fits.bands import effective_trials
from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import PARAMETERS, Curves
from psychobench.fits.designs import Design
from psychobench.fits.engines import Fitted
from psychobench.fits.functions import Floats
from psychobench.fits.goodness.residuals import block_residuals
from psychobench.fits.ml.engine import CRITERION
from psychobench.fits.options import FitOptions
from psychobench.fits.prior_cost import prior_cost
from psychobench.fits.status import assign_status, count_crossings

COLUMNS = (
    "engine", "sigmoid", "asymptotes", "likelihood", *PARAMETERS,
    "pse", "pse_low", "pse_high", "jnd", "jnd_low", "jnd_high", "slope", "crossings",
    "status", "step", "reason", "n_trials", "log_likelihood", "deviance", "deviance_p",
    *(f"{name}_{end}" for name in PARAMETERS for end in ("low", "high")),
    *(f"{name}_mean" for name in (*PARAMETERS, "pse", "jnd")), "prior_cost",
)  # fmt: skip
COUNTS, TEXTS = ("crossings", "n_trials"), ("status", "reason")
LEAST_PER_LEVEL = 5  # answers; from fewer, proportions cross .5 by chance alone
PRIOR_FLAG = "the prior is against the answers"
WITHOUT = {"ml": "the bootstrap's refits have", "bayes": "the posterior has"}  # no PSE


def estimate_columns(fitted: Fitted, design: Design) -> dict[str, Any]:
    """Collect parameters, the ends of their intervals and the deviance."""
    curves, blocks = fitted.curves, design.blocks
    columns: dict[str, Any] = {name: getattr(curves, name) for name in PARAMETERS}
    columns["width"] = np.where(curves.steps, np.nan, curves.width)
    columns["jnd"], columns["step"] = curves.jnd(), curves.steps
    for name, (low, high) in fitted.intervals.items():
        columns[f"{name}_low"], columns[f"{name}_high"] = low, high
    columns |= {f"{name}_mean": mean for name, mean in fitted.means.items()}
    if not blocks.probabilities:
        columns["n_trials"] = blocks.trials.sum(axis=1)
        columns["log_likelihood"] = curves.objective
        columns["deviance"] = (block_residuals(curves, blocks) ** 2).sum(axis=1)
    return columns


def status_columns(fitted: Fitted, design: Design, options: FitOptions) -> dict[str, Any]:
    """Determine each PSE and its status; what a user should know follows the reason for it."""
    found = assign_status(fitted, design.blocks, options)
    if not options.has_pse:
        return {"status": found.status, "reason": found.reason}
    crossings, without = _crossings(design.by_level), fitted.without_pse
    reasons = [[reason] if reason else [] for reason in found.reason]
    for row, notes in enumerate(reasons):
        if crossings[row] > 1:
            notes.append(f"the observed proportions cross .5 {crossings[row]:.0f} times")
        if np.isfinite(found.pse[row]) and without[row] > 1 - options.confidence:
            notes.append(f"{without[row]:.0%} of {WITHOUT[options.engine]} no PSE: no interval")
    missing = np.isnan(found.pse)
    low, high = fitted.intervals.get("pse", (found.pse * np.nan, found.pse * np.nan))
    return {
        "status": found.status,
        "reason": np.array(["; ".join(notes) or None for notes in reasons], dtype=object),
        "pse": found.pse,
        "crossings": crossings,
        "slope": np.where(missing, np.nan, fitted.curves.slope()),
        "pse_low": np.where(missing, np.nan, low),
        "pse_high": np.where(missing, np.nan, high),
        "pse_mean": np.where(missing, np.nan, fitted.means.get("pse", np.nan)),
    }


def with_prior_cost(
    columns: Mapping[str, Any], fitted: Fitted, design: Design, options: FitOptions
) -> dict[str, Any]:
    """Add what the priors cost, to the reason and the flags too where that is much."""
    found = prior_cost(fitted.curves, design.blocks, options)
    changed = dict(columns)
    changed["prior_cost"] = np.where(found.cost > CRITERION, found.cost, np.nan)
    none = [None] * len(found.reason)
    flags = [PRIOR_FLAG if reason else None for reason in found.reason]
    for name, fresh in (("reason", list(found.reason)), ("flags", flags)):
        if name in columns or any(fresh):
            pairs = zip(columns.get(name, none), fresh, strict=True)
            joined = ["; ".join(part for part in pair if part) or None for pair in pairs]
            changed[name] = np.array(joined, dtype=object)
    return changed


def _crossings(blocks: Blocks) -> Floats:
    """Count crossings of .5, nan where most levels have too few answers for a proportion."""
    trials = np.where(blocks.trials > 0, blocks.trials, np.nan)
    few = np.nanmedian(trials, axis=1) < LEAST_PER_LEVEL
    known = np.full(len(blocks), blocks.probabilities) | ~few
    return np.where(known, count_crossings(blocks), np.nan)


def fitted_data(design: Design, curves: Curves) -> pd.DataFrame:
    """List what each curve was fitted to, one row per fit and level; see `Fits.data`."""
    blocks = design.by_level
    row, column = np.nonzero(blocks.trials > 0)
    position = blocks.positions[row, column]
    trials, hits = blocks.trials[row, column], blocks.hits[row, column]
    data = pd.DataFrame(
        {
            "fit": np.flatnonzero(~design.failed)[row],
            "level": curves.sigmoid.to_level(position),
            "proportion": hits / trials,
        }
    )
    if blocks.probabilities:
        return data.assign(n_trials=np.nan, n_effective=np.nan)
    effective = _effective_by_level(design.blocks, curves.overdispersion)
    keys = pd.MultiIndex.from_arrays([row, position])
    return data.assign(n_trials=trials, n_effective=effective.reindex(keys).to_numpy())


def _effective_by_level(blocks: Blocks, overdispersion: Floats) -> pd.Series[float]:
    """Add up the effective trials of blocks at one level, by row and position."""
    row, column = np.nonzero(blocks.trials > 0)
    effective = effective_trials(blocks.trials, overdispersion)[row, column]
    return pd.Series(effective).groupby([row, blocks.positions[row, column]]).sum()


def build_table(design: Design, columns: Mapping[str, Any], options: FitOptions) -> pd.DataFrame:
    """Build the table in the documented order of columns, with rows for failed fits."""
    table, failed = design.groups.copy(), design.failed
    for name in ("engine", "sigmoid", "asymptotes"):
        table[name] = getattr(options, name)
    probabilities = design.blocks.probabilities
    table["likelihood"] = "cross-entropy" if probabilities else options.likelihood
    single = np.flatnonzero(~failed)[design.fitted_singly(options)]
    table.loc[table.index[single], "likelihood"] = "binomial"
    for name in COLUMNS[4:]:
        values = np.full(len(table), None if name in TEXTS else np.nan, dtype=object)
        values[~failed] = columns.get(name, values[~failed])
        kind = "Int64" if name in COUNTS else object if name in TEXTS else np.float64
        table[name] = pd.Series(values, dtype=kind, index=table.index)
    table.loc[failed, "status"] = "failed"
    table["step"] = table["step"].eq(1)
    table["reason"] = table["reason"].where(~failed, design.failures)
    if "flags" in columns:
        table["flags"] = None
        table.loc[~failed, "flags"] = columns["flags"]
    return table
