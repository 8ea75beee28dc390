"""Fits of whole tables: psychometric functions, PSEs, or the reason there is none."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.arguments import Names, Pairs, parse_names
from psychobench.errors import OptionError
from psychobench.fits.dependence import examine_order
from psychobench.fits.design_fits import fit_design
from psychobench.fits.designs import Design, build_design
from psychobench.fits.engines import Fitted
from psychobench.fits.fit_table import (
    build_table,
    estimate_columns,
    fitted_data,
    status_columns,
    with_prior_cost,
)
from psychobench.fits.functions import SIGMOIDS
from psychobench.fits.goodness.findings import assess
from psychobench.fits.goodness.flags import Assessed
from psychobench.fits.ml.problem import without_possible_width
from psychobench.fits.options import BoundsLike, FitOptions, parse_bounds
from psychobench.fits.prior_options import PriorsLike, parse_priors
from psychobench.fits.priors import make_prior
from psychobench.fits.reading_tables import At, parse_at
from psychobench.fits.results import Fits
from psychobench.fits.sharing import sharing_groups
from psychobench.trials.columns import parse_columns
from psychobench.trials.oddities import note_repeated_rows, note_similar_names
from psychobench.trials.table import TableLike, note_reading, read_trials

__all__ = ["Fits", "fit", "fit_checked"]

NOTES = logging.getLogger(__name__)
FLAGGING = 39  # refits at which a two-sided p can be .05


def fit(
    table: TableLike,
    *,
    columns: Pairs = None,
    where: Pairs = None,
    by: Names = (),
    engine: str = "ml",
    sigmoid: str = "norm",
    asymptotes: str = "free",
    likelihood: str | None = None,
    task: str = "yes-no",
    bounds: BoundsLike = None,
    bootstrap: int = 0,
    gof: int = 0,
    share: Names = (),
    share_over: str = "conditions",
    confidence: float = 0.95,
    seed: int = 0,
    at: At = None,
    unscaled: bool = False,
    priors: PriorsLike = None,
) -> Fits:
    """Fit a psychometric function to each observer and condition of a table.

    ``psi = guess + (1 - guess - lapse) F``, in the threshold and width parameterisation. `ml` is
    maximum likelihood, without a prior unless `priors` asks for one. Probabilities (`p_target`) are
    fitted by mean cross-entropy with all levels weighted equally and no prior; they have no
    likelihood and no interval, and a curve is reversed where the mirrored fit has the lower
    cross-entropy.

    A mirrored curve is ``guess + (1 - guess - lapse) (1 - F)``. A row with status ``reversed``
    holds the parameters of that curve; its guess is still the lower asymptote.

    Parameters
    ----------
    table : DataFrame, str or path
        Trials or counts, as `psychobench.read_trials` takes them.
    columns, where : mapping or str, optional
        What the table calls its columns, and which rows to use; see `psychobench.read_trials`.
    by : str or sequence of str, optional
        Columns that split conditions further; they follow `condition` in the result.
    engine : {"ml", "bayes", "psignifit"}
        ``bayes`` has the published prior on every parameter [1]_ and reports MAP estimates,
        posterior means (`*_mean`) and intervals of the posterior. It fits probabilities as ``ml``
        does, since they hold no number of trials against which a prior could be weighed.
        ``psignifit`` is the library of that name: slow, and an extra.
    sigmoid : {"norm", "logistic", "gumbel", "rgumbel", "tdist", "weibull", "lognorm"}
        The last two are functions of the natural logarithm of the level: threshold and width are
        in log units; PSE, JND and slope in level units.
    asymptotes : {"free", "equal", "fixed"}
        ``fixed`` holds guess and lapse at 0, or at chance in a forced choice, or where `bounds`
        gives one value.
    likelihood : {"binomial", "beta-binomial"}, optional
        By default ``binomial`` for `ml`, ``beta-binomial`` for the others. Under overdispersion
        binomial intervals are too narrow. The beta-binomial takes each level, or each level and
        session, as one block.
    task : str
        ``yes-no``, ``2afc`` or ``nafc:N``. Only yes-no has a PSE; the status of a forced choice
        describes its threshold.
    bounds : mapping or str, optional
        From ``threshold``, ``width``, ``guess``, ``lapse`` to (low, high):
        ``{"lapse": (0, 0.05)}`` or ``"lapse=0:0.05"``.
    bootstrap : int
        Number of simulated data sets whose refits yield percentile intervals. With 0, intervals
        come from the profile likelihood, or with `bayes` from the posterior.
    gof : int
        Number of simulated data sets whose refits yield `deviance_p`, the column `flags` and
        `Fits.goodness`.
    share : str or sequence of str, optional
        What several fits have in common: any of ``pse``, ``jnd``, ``guess`` and ``lapse``. In a
        forced choice ``pse`` is the threshold; with the log sigmoids ``jnd`` is the width in log
        units. The prior of what is common counts once. Each fit keeps its own overdispersion.
        Intervals are those of all the answers together. If more than ``lapse`` is shared, guess and
        lapse stay below .5, so that every curve has a PSE, and the threshold has no interval
        unless it is the PSE.
    share_over : {"conditions", "observers", "all"}
        Which fits have it in common: all conditions of each observer, all observers of each
        condition, or all fits of the table.
    confidence : float
        Coverage of all intervals.
    seed : int
        Seed of the simulations; rows do not depend on each other.
    at : float, sequence of float or str, optional
        Proportions whose levels become further columns, such as `level_at_0.75`; see
        `Fits.thresholds`.
    unscaled : bool, default False
        Whether guess and lapse rates do not count in these proportions.
    priors : str, sequence of str or mapping, optional
        Prior densities by parameter (``threshold``, ``width``, ``guess``, ``lapse``,
        ``overdispersion``): ``"guess=beta(1,10),lapse=beta(1,10)"`` or
        ``{"guess": "beta(1, 10)"}``. Shapes are ``beta(a,b)``, ``gamma(a,scale)``,
        ``halfnormal(scale)``, ``lognormal(s,scale)``, ``normal(mean,sd)``, parameterised as in
        `scipy.stats`, and ``uniform(low,high)``, in the units of the levels. ``published`` stands
        for those of Schuett et al. [1]_, ``none`` for none. By default `ml` has none, and the
        other engines have the published ones.

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
        If no observer of the table can be fitted. A single observer who cannot be fitted is a row
        with status ``failed``.

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
        engine, sigmoid, asymptotes, likelihood, task, parse_bounds(bounds),
        bootstrap, gof, confidence, seed, parse_names(share, "share"), parse_priors(priors),
        share_over,
    )  # fmt: skip
    proportions = () if at is None else parse_at(at)
    if unscaled and not proportions:
        raise OptionError(
            '`unscaled` needs `at`, the proportions that it is about; write for example `at=".75"`'
        )
    names = parse_columns(columns)
    checked = read_trials(table, columns=names, where=where)
    ours = {foreign: name for name, foreign in names.items()}  # a column goes by either name
    groups = [ours.get(name, name) for name in parse_names(by, "by")]
    fits = fit_checked(checked, groups, options, likelihood_given=likelihood is not None)
    if proportions:
        fits = fits.with_thresholds(proportions, unscaled=unscaled)
    if not isinstance(table, pd.DataFrame):
        note_reading(checked)
    for note in (*note_repeated_rows(checked), *note_similar_names(checked)):
        NOTES.info("Note: %s", note)
    _note_few(options)
    return fits


def fit_checked(
    checked: pd.DataFrame,
    by: Sequence[str],
    options: FitOptions,
    *,
    likelihood_given: bool = False,
    intervals: bool = True,
) -> Fits:
    """Fit a table that was validated with options that were checked; see `fit`.

    Without `intervals`, maximum likelihood computes none, in a small part of the time.
    """
    design = build_design(checked, by, options)
    _check_probabilities(design, options, likelihood_given=likelihood_given)
    design = _within_bounds(design, options)
    seeds = design.seeds(options.seed)
    owners = sharing_groups(design, options)
    fitted = fit_design(design, options, seeds, owners, with_intervals=intervals)
    lost = np.isnan(fitted.curves.width)
    design = design.without(lost, f"{options.engine} found no fit")
    fitted = fitted.take(np.flatnonzero(~lost))
    owners = None if owners is None else owners[~lost]
    columns = {**estimate_columns(fitted, design), **status_columns(fitted, design, options)}
    goodness = None
    if options.gof:
        of = _goodness_input(fitted, design, columns, options, owners)
        goodness, columns["deviance_p"] = assess(
            of, checked, by, options, design.seeds(options.seed)
        )
        columns["flags"] = goodness.flags()
    columns = with_prior_cost(columns, fitted, design, options)
    falling = np.zeros(len(design.groups), dtype=bool)
    falling[~design.failed] = fitted.curves.falling
    return Fits(
        build_table(design, columns, options),
        asdict(options),
        falling,
        fitted_data(design, fitted.curves),
        goodness,
        examine_order(checked, by, design, fitted.curves) if intervals else None,
    )


def _note_few(options: FitOptions) -> None:
    """Log where there are too few refits for what rests on them."""
    if 0 < options.bootstrap < 2 / (1 - options.confidence):
        NOTES.info(
            "`bootstrap=%d` is too few refits for the ends of a %.4g interval: "
            "1000 or more is usual.",
            options.bootstrap,
            options.confidence,
        )
    if 0 < options.gof < FLAGGING:
        NOTES.info(
            "`gof=%d` is too few refits for a check to be flagged: that takes %d, and 1000 is "
            "usual.",
            options.gof,
            FLAGGING,
        )


def _check_probabilities(design: Design, options: FitOptions, *, likelihood_given: bool) -> None:
    """Refuse options that need counts, rather than ignore them."""
    if not design.blocks.probabilities:
        return
    asked = {
        "bootstrap": options.bootstrap,
        "gof": options.gof,
        "likelihood": likelihood_given,
        "share": options.share,
        "priors": options.engine == "ml" and options.priors,
    }
    faults = [
        f"`{name}` needs counted answers: the table holds p_target, probabilities without a number "
        f"of trials; leave out `{name}`"
        for name, value in asked.items()
        if value
    ]
    if faults:
        raise OptionError(*faults)


def _within_bounds(design: Design, options: FitOptions) -> Design:
    """Count as failures the fits whose data the bounds exclude."""
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
            "no curve within the bounds is possible under the prior, which, where none is given, "
            "has widths from the smallest gap between the levels to 3 times their range; widen the "
            "bounds",
        )
    return design


def _goodness_input(
    fitted: Fitted,
    design: Design,
    columns: Mapping[str, Any],
    options: FitOptions,
    owners: NDArray[np.intp] | None,
) -> Assessed:
    """Collect what the checks of the goodness of fit need."""
    curves, status = fitted.curves, columns["status"]
    if options.has_pse:
        ends = columns["pse"], columns["pse_low"], columns["pse_high"]
        return Assessed(curves, design, status, *ends, owners)
    low, high = (curves.sigmoid.to_level(end) for end in fitted.intervals["threshold"])
    return Assessed(curves, design, status, curves.thresholds(), low, high, owners)
