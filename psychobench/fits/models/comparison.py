"""Compare models in which an observer's conditions share parameters or have their own."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.arguments import Pairs
from psychobench.errors import FitError, OptionError
from psychobench.fits.designs import Design, build_design
from psychobench.fits.models.choosing_tests import ChosenTests, observer_trials
from psychobench.fits.models.fitting import FittedModel, fit_models, log_coefficients
from psychobench.fits.models.result import ModelComparison
from psychobench.fits.models.specification import Vary, nested_in, parse_vary
from psychobench.fits.options import BoundsLike, FitOptions, parse_bounds
from psychobench.trials.table import TableLike, note_reading, read_trials

NOTES = logging.getLogger(__name__)


def compare_models(
    table: TableLike,
    *,
    vary: Vary = None,
    columns: Pairs = None,
    where: Pairs = None,
    sigmoid: str = "norm",
    asymptotes: str = "free",
    task: str = "yes-no",
    likelihood: str = "binomial",
    bounds: BoundsLike = None,
    bootstrap: int | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> ModelComparison:
    """Compare models of which parameters differ between each observer's conditions.

    A model names the parameters that every condition has for itself; conditions share the others.
    All are fitted by plain maximum likelihood: there is no prior. Models are tested against the
    largest of the smaller ones that are nested in them.

    Parameters
    ----------
    table : DataFrame, str or path
        Trials or counts, as `psychobench.read_trials` takes them, with two conditions or more.
    vary : str or list, optional
        Models: each is one or several of ``pse``, ``jnd``, ``guess`` and ``lapse``, with commas
        between them or as a list, or ``none``, where conditions differ in nothing. A text is one
        model. By default ``["none", "pse", "jnd", "pse,jnd"]``. In a forced choice ``pse`` is the
        threshold. With the log sigmoids, sharing ``jnd`` shares the width in log units.
    columns, where : mapping or str, optional
        What the table calls its columns, and which rows to use; see `psychobench.read_trials`.
    sigmoid, asymptotes, task, bounds
        As for `psychobench.fit`. Guess and lapse stay below .5, so that every curve has a PSE.
        With ``asymptotes="equal"`` guess and lapse are one rate, and either name means both.
    likelihood : {"binomial", "beta-binomial"}
        The beta-binomial has one overdispersion for all conditions of an observer, in every model.
    bootstrap : int, optional
        Simulated data sets of the smaller model on which each p rests, at most: once 50 of their
        statistics have reached the observed one, p is known well enough [4]_. With 0, every p is
        that of the chi-squared distribution [1]_. By default there are 999 where that is doubtful,
        as the column `doubt` says: where a rate, a width or the overdispersion lies on a bound
        [2]_, and with fewer than 20 answers per parameter; none where its p is below .0001.
    confidence : float
        Coverage of the curves' bands. A test whose p is below 1 minus it is called a difference.
    seed : int
        Of the bootstrap.

    Returns
    -------
    ModelComparison

    Raises
    ------
    OptionError
        If an option has a value that it cannot take, or contradicts another or the table.
    TableError
        If the table breaks the column contract.
    FitError
        If the table holds probabilities, or no observer has two conditions that can be fitted.

    Notes
    -----
    `log_likelihood` includes one binomial coefficient for each observer, condition and level, as
    quickpsy's does. It cancels in tests and in differences of AIC or BIC. AIC is
    ``2 k - 2 log L`` and BIC ``k log n - 2 log L``, with k estimated parameters and n the
    observer's answers (trials, not levels) [3]_.

    References
    ----------
    .. [1] Wilks, S. S. (1938). The large-sample distribution of the likelihood ratio for testing
       composite hypotheses. Annals of Mathematical Statistics, 9, 60-62.
    .. [2] Self, S. G. & Liang, K.-Y. (1987). Asymptotic properties of maximum likelihood
       estimators and likelihood ratio tests under nonstandard conditions. Journal of the American
       Statistical Association, 82, 605-610.
    .. [3] Burnham, K. P. & Anderson, D. R. (2002). Model selection and multimodel inference.
       Springer.
    .. [4] Besag, J. & Clifford, P. (1991). Sequential Monte Carlo p-values. Biometrika, 78,
       301-304.

    Examples
    --------
    >>> counts = pd.DataFrame({
    ...     "observer": "p1", "condition": ["a"] * 5 + ["b"] * 5, "level": [0, 1, 2, 3, 4] * 2,
    ...     "n_trials": 20, "n_target": [1, 4, 11, 17, 20, 0, 1, 3, 9, 16]})
    >>> models = compare_models(counts, vary=["none", "pse", "pse,jnd"], asymptotes="fixed")
    >>> models.to_frame()[["vary", "log_likelihood", "parameters", "df", "p"]].round(3)
          vary  log_likelihood  parameters    df      p
    0     none         -23.490           2  <NA>    NaN
    1      pse         -12.010           3     1  0.000
    2  pse,jnd         -11.927           4     1  0.683
    """
    options = FitOptions(
        engine="ml", sigmoid=sigmoid, asymptotes=asymptotes, likelihood=likelihood, task=task,
        bounds=parse_bounds(bounds), bootstrap=0 if bootstrap is None else bootstrap,
        confidence=confidence, seed=seed,
    )  # fmt: skip
    _check_bounds(options)
    models = parse_vary(vary, options)
    checked = read_trials(table, columns=columns, where=where)
    design, owners, left_out = _grouped(build_design(checked, (), options))
    if not isinstance(table, pd.DataFrame):
        note_reading(checked)
    for observer, why in left_out.items():
        NOTES.info("Observer '%s' is left out: %s.", observer, why)
    fitted = fit_models(design.blocks, owners, options, models)
    tests = ChosenTests(bootstrap, seed, observer_trials(design.blocks, owners))
    rows = _rows(fitted, design, owners, tests)
    groups = design.groups.reset_index(drop=True)
    asked = {**asdict(options), "bootstrap": bootstrap}
    return ModelComparison(rows, asked, left_out, groups, design.by_level, tuple(fitted))


def _check_bounds(options: FitOptions) -> None:
    if "threshold" in options.bounds and options.has_pse:
        raise OptionError(
            "`bounds` must leave threshold free where models are compared: their parameter is the "
            "PSE; leave the bounds on threshold out"
        )
    for name in ("guess", "lapse"):
        low, high = options.asymptote_bounds[name]
        if options.has_pse and low >= 0.5:
            raise OptionError(
                f"`bounds` must leave {name} below .5, so that curves have a PSE: they are "
                f"{low:g}:{high:g}; lower them"
            )


def _grouped(design: Design) -> tuple[Design, NDArray[np.intp], dict[str, str]]:
    """Keep observers with two conditions that can be fitted, each one's conditions side by side."""
    if design.blocks.probabilities:
        raise FitError(
            "models need counted answers: the table holds p_target, probabilities without a number "
            "of trials; write response, or n_trials and n_target"
        )
    groups = design.groups[~design.failed].reset_index(drop=True)
    counts = groups["observer"].map(groups["observer"].value_counts())
    names = list(dict.fromkeys(design.groups["observer"]))
    kept = set(groups["observer"][counts > 1])
    left_out = {
        str(name): "fewer than two conditions can be fitted" for name in names if name not in kept
    }
    if not kept:
        raise FitError(
            "models need an observer with two conditions that can be fitted: there is none; "
            'name the column of the conditions, for example with `columns="condition=mask"`'
        )
    owners = pd.factorize(groups["observer"])[0]
    rows = np.argsort(owners, kind="stable")
    rows = rows[groups["observer"].isin(kept).to_numpy()[rows]]
    part = Design(
        groups.iloc[rows],
        np.full(len(rows), None, dtype=object),
        design.blocks.take(rows),
        design.by_level.take(rows),
        design.adaptive[~design.failed][rows],
    )
    return part, pd.factorize(part.groups["observer"])[0], left_out


def _rows(
    fitted: Sequence[FittedModel], design: Design, owners: NDArray[np.intp], tests: ChosenTests
) -> pd.DataFrame:
    """Collect what `ModelComparison.table` holds, observer by observer."""
    observers = [str(name) for name in dict.fromkeys(design.groups["observer"])]
    coefficients = np.bincount(owners, log_coefficients(design.blocks))
    trials = tests.trials
    parts = []
    for number, model in enumerate(fitted):
        loglik, k = model.value + coefficients, model.parameters
        part = pd.DataFrame(
            {
                "vary": model.vary,
                "observer": observers,
                "log_likelihood": loglik,
                "parameters": k,
                "aic": 2 * k - 2 * loglik,
                "bic": k * np.log(trials) - 2 * loglik,
                **tests.columns(model, _against(model, fitted), observers),
                "n_trials": trials,
                "_observer": np.arange(len(observers)),
                "_model": number,
            }
        )
        parts.append(part)
    table = pd.concat(parts, ignore_index=True).sort_values(["_observer", "_model"])
    table = table.drop(columns=["_observer", "_model"]).reset_index(drop=True)
    for name in ("df", "simulations"):
        table[name] = table[name].astype("Int64")
    lowest = table.sort_values(["aic", "parameters"], kind="stable").groupby("observer").head(1)
    table["chosen"] = table.index.isin(lowest.index)
    return table


def _against(model: FittedModel, fitted: Sequence[FittedModel]) -> FittedModel | None:
    """Find the largest model nested in one; of several the one whose likelihoods are highest."""
    smaller = [
        each
        for each in fitted
        if nested_in(each.vary, model.vary) and each.parameters.sum() < model.parameters.sum()
    ]
    size = max((each.parameters.sum() for each in smaller), default=0)
    largest = [each for each in smaller if each.parameters.sum() == size]
    return max(largest, key=lambda each: float(each.value.sum()), default=None)
