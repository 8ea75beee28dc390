"""Fits of whole tables: psychometric functions, PSEs, or the reason there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from psychobench.errors import OptionError, TableError
from psychobench.fits.curves import Curves
from psychobench.fits.designs import Design, build_design
from psychobench.fits.engines import Fitted, run_engine
from psychobench.fits.functions import SIGMOIDS
from psychobench.fits.goodness.findings import assess
from psychobench.fits.goodness.flags import Assessed
from psychobench.fits.goodness.residuals import block_residuals
from psychobench.fits.ml.problem import without_possible_width
from psychobench.fits.options import FitOptions
from psychobench.fits.priors import make_prior
from psychobench.fits.results import PARAMETERS, Fits
from psychobench.fits.status import assign_status, count_crossings
from psychobench.trials.table import validate_trials

__all__ = ["Fits", "fit"]

COLUMNS = (
    "engine", "sigmoid", "asymptotes", "likelihood", *PARAMETERS,
    "pse", "pse_low", "pse_high", "jnd", "jnd_low", "jnd_high", "slope", "crossings",
    "status", "reason", "n_trials", "log_likelihood", "deviance", "deviance_p",
    *(f"{name}_{end}" for name in PARAMETERS for end in ("low", "high")),
    *(f"{name}_mean" for name in (*PARAMETERS, "pse", "jnd")),
)  # fmt: skip
COUNTS, TEXTS = ("crossings", "n_trials"), ("status", "reason")
DOUBTERS = {"ml": "the bootstrap's refits have", "bayes": "the posterior has"}


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
    share: Sequence[str] = (),
) -> Fits:
    """Fit a psychometric function to each observer and condition of a table.

    ``psi = guess + (1 - guess - lapse) F``, in the threshold and width parameterisation. `ml` is
    maximum likelihood with the published Beta(1, 10) prior on guess and lapse [1]_ and no other
    prior: in each data set it is sure of what the data say and takes asymptotes off 0 and 1 only
    where they must be. Probabilities (`p_target`) are fitted by mean cross-entropy with levels
    weighted alike and no prior; they have no likelihood and no interval, and a curve counts as
    reversed where the mirrored fit has the lower cross-entropy.

    A mirrored curve is ``guess + (1 - guess - lapse) (1 - F)``. A row with status ``reversed``
    holds all its parameters, so that its guess is still the lower asymptote.

    Parameters
    ----------
    table : DataFrame
        Trials or counts, as `psychobench.read_trials` gives them.
    by : sequence of str, optional
        Columns that split conditions further; they follow `condition` in the result.
    engine : {"ml", "bayes", "psignifit"}
        ``bayes`` has the published prior on every parameter [1]_ and gives MAP estimates,
        posterior means (`*_mean`) and intervals of the posterior; of probabilities it makes what
        ``ml`` makes of them, since they hold no number of trials that a prior could be weighed
        against. ``psignifit`` is the library of that name: slow, and an extra.
    sigmoid : {"norm", "logistic", "gumbel", "rgumbel", "tdist", "weibull", "lognorm"}
        The last two live on the natural logarithm of the level: threshold and width are in log
        units, PSE, JND and slope in level units.
    asymptotes : {"free", "equal", "fixed"}
        ``fixed`` holds guess and lapse at 0, or at chance in a forced choice, or where `bounds`
        gives one value.
    likelihood : {"binomial", "beta-binomial"}, optional
        By default ``binomial`` for `ml`, ``beta-binomial`` for the others. Under overdispersion
        binomial intervals are too narrow. Beta-binomial takes each level, or level and session, as
        one block.
    task : str
        ``yes-no``, ``2afc`` or ``nafc:N``. Only yes-no has a PSE; the status of a forced choice is
        its threshold's.
    bounds : mapping, optional
        From ``threshold``, ``width``, ``guess``, ``lapse`` to (low, high).
    bootstrap : int
        Number of simulated data sets whose refits make percentile intervals; with 0 intervals
        come from the profile likelihood, or with `bayes` from the posterior.
    gof : int
        Number of simulated data sets whose refits make `deviance_p`, the column `flags` and
        `Fits.goodness`.
    confidence : float
        Coverage of all intervals.
    seed : int
        Of the simulations; rows do not depend on each other.
    share : sequence of str, optional
        ``("lapse",)`` fits one lapse rate to all conditions of an observer, with the engine `ml`
        and free asymptotes. Its prior counts once. An interval is of the profile likelihood of all
        of the observer's answers together, over the common rate, the condition's other parameters
        and what is best in the other conditions.

    Returns
    -------
    Fits

    Raises
    ------
    OptionError
        If an option has a value that it cannot take, or contradicts another or the table.
    TableError
        If the table breaks the column contract.
    FitError
        If no observer of the table can be fitted. One who cannot be, among others, is a row with
        status ``failed``.

    References
    ----------
    .. [1] Schuett, H. H., Harmeling, S., Macke, J. H. & Wichmann, F. A. (2016). Painfree and
       accurate Bayesian estimation of psychometric functions for (potentially) overdispersed
       data. Vision Research, 122, 105-123, equations 1, 2 and 6 and section 2.2.

    Examples
    --------
    >>> counts = pd.DataFrame({"observer": "p1", "level": [0.0, 0.2, 0.4, 0.6, 0.8, 1.0],
    ...                        "n_trials": 30, "n_target": [1, 3, 10, 20, 27, 29]})
    >>> fit(counts).table[["observer", "pse", "status"]].round(3)
      observer  pse status
    0       p1  0.5     ok
    """
    options = FitOptions(
        engine, sigmoid, asymptotes, likelihood, task, dict(bounds or {}),
        bootstrap, gof, confidence, seed, share,
    )  # fmt: skip
    if not isinstance(table, pd.DataFrame):
        raise TableError(
            f"fit takes a table: got a {type(table).__name__}; read a file with read_trials first"
        )
    checked = validate_trials(table, source=table.attrs.get("source", "table"))
    design = build_design(checked, by, options)
    _check_probabilities(design, options, given=likelihood)
    design = _within_bounds(design, options)
    seeds = design.seeds(options.seed)
    owners = pd.factorize(design.groups["observer"][~design.failed])[0]
    if options.share and len(owners) == owners.max() + 1:
        raise OptionError(
            "share lapse needs an observer with two conditions that can be fitted: there is none; "
            "leave out share"
        )
    fitted = run_engine(design.blocks, options, seeds, owners)
    lost = np.isnan(fitted.curves.width)
    design = design.without(lost, f"{options.engine} found no fit")
    fitted = fitted.take(np.flatnonzero(~lost))
    columns = {**_estimate_columns(fitted, design), **_status_columns(fitted, design, options)}
    goodness = None
    if options.gof:
        of = _goodness_input(fitted, design, columns, options)
        goodness, columns["deviance_p"] = assess(of, checked, by, options, design.seeds(seed))
        columns["flags"] = goodness.flags()
    falling = np.zeros(len(design.groups), dtype=bool)
    falling[~design.failed] = fitted.curves.falling
    made = _build_table(design, columns, options)
    return Fits(made, asdict(options), falling, _proportions(design, fitted.curves), goodness)


def _check_probabilities(design: Design, options: FitOptions, *, given: str | None) -> None:
    """Refuse what probabilities cannot have, rather than leave it out."""
    if not design.blocks.probabilities:
        return
    asked = {
        "bootstrap": options.bootstrap,
        "gof": options.gof,
        "likelihood": given,
        "share": options.share,
    }
    faults = [
        f"{name} needs counted answers: the table holds p_target, probabilities behind which no "
        f"number of trials stands; leave out {name}"
        for name, value in asked.items()
        if value
    ]
    if faults:
        raise OptionError(*faults)


def _within_bounds(design: Design, options: FitOptions) -> Design:
    """Leave out those whose data the bounds exclude."""
    if "width" in options.bounds:
        low, high = options.bounds["width"]
        design = design.without(
            without_possible_width(design.blocks, options),
            f"the bounds on width, {low:g} to {high:g}, end below a tenth of the smallest gap "
            "between the levels; widen them",
        )
    if "threshold" in options.bounds:
        (low, high), positions = options.bounds["threshold"], design.blocks.positions
        unit = "logarithms of the levels" if SIGMOIDS[options.sigmoid].log_levels else "levels"
        design = design.without(
            (high < positions.min(axis=1)) | (low > positions.max(axis=1)),
            f"the bounds on threshold, {low:g} to {high:g}, lie beyond the tested {unit}; "
            "widen them",
        )
    if options.engine == "bayes" and not design.blocks.probabilities:
        design = design.without(
            make_prior(design.blocks, options).empty,
            "the bounds leave the prior nothing: engine bayes has widths from the smallest gap "
            "between the levels to 3 times their range; widen the bounds, or use engine ml",
        )
    return design


def _goodness_input(
    fitted: Fitted, design: Design, columns: Mapping[str, Any], options: FitOptions
) -> Assessed:
    """Gather what the checks of the goodness of fit are of."""
    curves, status = fitted.curves, columns["status"]
    if options.has_pse:
        ends = columns["pse"], columns["pse_low"], columns["pse_high"]
        return Assessed(curves, design, status, *ends)
    low, high = (curves.sigmoid.to_level(end) for end in fitted.intervals["threshold"])
    return Assessed(curves, design, status, curves.thresholds(), low, high)


def _estimate_columns(fitted: Fitted, design: Design) -> dict[str, Any]:
    """Read parameters, their ends and the deviance off the curves."""
    curves, blocks = fitted.curves, design.blocks
    columns: dict[str, Any] = {name: getattr(curves, name) for name in PARAMETERS}
    columns["jnd"] = curves.jnd()
    for name, (low, high) in fitted.intervals.items():
        columns[f"{name}_low"], columns[f"{name}_high"] = low, high
    columns |= {f"{name}_mean": mean for name, mean in fitted.means.items()}
    if not blocks.probabilities:
        columns["n_trials"] = blocks.trials.sum(axis=1)
        columns["log_likelihood"] = curves.objective
        columns["deviance"] = (block_residuals(curves, blocks) ** 2).sum(axis=1)
    return columns


def _status_columns(fitted: Fitted, design: Design, options: FitOptions) -> dict[str, Any]:
    """Say whether each curve has a PSE; what a user should know comes after a status's reason."""
    found = assign_status(fitted.status_curves or fitted.curves, design.blocks, options)
    if not options.has_pse:
        return {"status": found.status, "reason": found.reason}
    crossings, without = count_crossings(design.by_level), fitted.without_pse
    reasons = [[reason] if reason else [] for reason in found.reason]
    for row, said in enumerate(reasons):
        if crossings[row] > 1:
            said.append(f"the observed proportions cross .5 {crossings[row]} times")
        if np.isfinite(found.pse[row]) and without[row] > 1 - options.confidence:
            said.append(f"{without[row]:.0%} of {DOUBTERS[options.engine]} no PSE: no interval")
    missing = np.isnan(found.pse)
    low, high = fitted.intervals.get("pse", (found.pse * np.nan, found.pse * np.nan))
    return {
        "status": found.status,
        "reason": np.array(["; ".join(said) or None for said in reasons], dtype=object),
        "pse": found.pse,
        "crossings": crossings,
        "slope": np.where(missing, np.nan, fitted.curves.slope()),
        "pse_low": np.where(missing, np.nan, low),
        "pse_high": np.where(missing, np.nan, high),
        "pse_mean": np.where(missing, np.nan, fitted.means.get("pse", np.nan)),
    }


def _proportions(design: Design, curves: Curves) -> pd.DataFrame:
    """List level and proportion of target answers for each fit."""
    blocks = design.by_level
    row, column = np.nonzero(blocks.trials > 0)
    levels = curves.sigmoid.to_level(blocks.positions)[row, column]
    proportions = blocks.hits[row, column] / blocks.trials[row, column]
    fits = np.flatnonzero(~design.failed)[row]
    return pd.DataFrame({"fit": fits, "level": levels, "proportion": proportions})


def _build_table(design: Design, columns: Mapping[str, Any], options: FitOptions) -> pd.DataFrame:
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
    if "flags" in columns:
        table["flags"] = None
        table.loc[~failed, "flags"] = columns["flags"]
    return table
