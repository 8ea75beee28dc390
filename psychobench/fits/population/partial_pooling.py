"""The population that people come from, by partial pooling of all their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from psychobench.arguments import Names, Pairs, parse_names
from psychobench.errors import FitError, OptionError
from psychobench.fits.blocks import Blocks
from psychobench.fits.designs import Design, build_design
from psychobench.fits.functions import SIGMOIDS, Floats, Sigmoid
from psychobench.fits.options import FitOptions
from psychobench.fits.population.model import PopulationPosterior, fit_population_model
from psychobench.fits.population.summaries import MeanAndSd, quantiles
from psychobench.fits.pse import fit_checked
from psychobench.trials.table import TableLike, read_trials

FEWEST = 3  # people from whom a population is estimated
ESTIMATES = ("mean", "mean_low", "mean_high", "sd", "sd_low", "sd_high")


@dataclass(frozen=True)
class Population:
    """Populations of psychometric functions, and the people in them.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per population and parameter: `condition`, the columns of ``by``, `parameter`,
        `mean, mean_low, mean_high, sd, sd_low, sd_high`, `n` and `reason`, why there is no
        estimate. The PSE (in a forced choice the threshold) has its mean and standard deviation
        over people in level units. `width`, `jnd` and `slope` vary by factors: their mean is the
        geometric one, their `sd` that of the natural logarithm. The slope is that of F at its
        middle, lapses aside.
    individuals : pandas.DataFrame
        One row per person and population: `pse`, `width` and `jnd` with `_low` and `_high`;
        `pooling`, the share of the population's variance that remains in the person's posterior
        (0: the estimate rests on the person's own answers, 1: on the population alone);
        `pse_alone` and `status_alone` of the person's separate fit, and `n_trials`.
    left_out : pandas.DataFrame
        People who were not included, with the reason in `why`.
    options : dict
        What was asked for.
    """

    table: pd.DataFrame
    individuals: pd.DataFrame
    left_out: pd.DataFrame
    options: dict[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def sentences(self) -> list[str]:
        """Describe every population in a sentence."""
        lines = [_sentence(row, self.options["confidence"]) for row in _records(self.table)]
        if len(self.left_out):
            named = [f"{row['observer']} ({row['why']})" for row in _records(self.left_out)]
            lines.append(f"Left out: {'; '.join(named)}.")
        return lines


def fit_population(
    table: TableLike,
    *,
    columns: Pairs = None,
    where: Pairs = None,
    by: Names = (),
    sigmoid: str = "norm",
    asymptotes: str = "free",
    task: str = "yes-no",
    confidence: float = 0.95,
) -> Population:
    """Estimate the population that people come from, and each person as a member of it.

    PSEs are normal over the people of a condition, and so are the logarithms of their widths; guess
    and lapse rates come from Beta(1, c), where c is 10, the prior of a single fit, or 20, 40 or 80,
    weighted by the likelihood of all answers. PSEs are not estimated one by one and then averaged:
    the population's mean and spread follow from all answers at once, so that a person with few
    trials, or with hardly any effect of the level, counts for less. Each person's estimate is
    drawn towards the population, the more so the less informative their own answers are. With
    many trials per person the result approaches mean and standard deviation of separate fits.

    The posterior is summed over grids, so that the same answers give the same numbers. Its priors
    are weak: the spread of PSEs is half-normal with a standard deviation of half the range of
    levels, that of log widths half-normal with 1.

    Parameters
    ----------
    table : DataFrame, str or path
        Trials or counts, as `psychobench.read_trials` takes them.
    columns, where : mapping or str, optional
        What the table calls its columns, and which rows to use; see `psychobench.read_trials`.
    by : str or sequence of str, optional
        Columns that split conditions further, into populations of their own.
    sigmoid : {"norm", "logistic", "gumbel", "rgumbel", "tdist"}
        Shape of all curves.
    asymptotes : {"free", "equal", "fixed"}
        As for `psychobench.fit`.
    task : str
        ``yes-no``, ``2afc`` or ``nafc:N``; a forced choice has a threshold instead of a PSE.
    confidence : float
        Coverage of the intervals, which are the posterior's with equal tails.

    Returns
    -------
    Population

    Raises
    ------
    OptionError
        If an option has a value that it cannot take.
    FitError
        If the table holds probabilities, or no condition has three people who can be fitted.

    Notes
    -----
    Curves rise. People whose own fit is ``reversed`` are left out and listed.

    References
    ----------
    .. [1] Gelman, A. (2006). Prior distributions for variance parameters in hierarchical models.
       Bayesian Analysis, 1, 515-534.
    .. [2] Gelman, A. & Pardoe, I. (2006). Bayesian measures of explained variance and pooling in
       multilevel (hierarchical) models. Technometrics, 48, 241-251.

    Examples
    --------
    >>> counts = pd.DataFrame({
    ...     "observer": np.repeat(["a", "b", "c", "d"], 4), "level": [0.0, 0.3, 0.7, 1.0] * 4,
    ...     "n_trials": 5, "n_target": [0, 1, 4, 5, 0, 2, 5, 5, 1, 1, 3, 5, 0, 0, 4, 5]})
    >>> population = fit_population(counts)
    >>> pse = population.table.iloc[0]
    >>> float(round(pse["mean"], 2)), float(round(pse["sd"], 2))
    (0.49, 0.12)
    """
    options = FitOptions(sigmoid=sigmoid, asymptotes=asymptotes, task=task, confidence=confidence)
    if SIGMOIDS[sigmoid].log_levels:
        raise OptionError(
            f"a population needs a `sigmoid` on the level itself: {sigmoid} is on its logarithm; "
            "take the logarithm of the levels and use gumbel for weibull, norm for lognorm"
        )
    checked = read_trials(table, columns=columns, where=where)
    groups = parse_names(by, "by")
    design = build_design(checked, groups, options)
    if design.blocks.probabilities:
        raise FitError("a population needs counted answers: the table holds probabilities")
    alone = fit_checked(checked, groups, options, intervals=False)
    return _populations(design, alone.to_frame(), options)


def _populations(design: Design, alone: pd.DataFrame, options: FitOptions) -> Population:
    """Fit every condition's population; `alone` are the separate fits of the same people."""
    keys = [str(name) for name in design.groups if name != "observer"]
    place = np.full(len(alone), -1)  # of each separate fit among the design's blocks
    place[~design.failed] = np.arange(len(design.blocks))
    lost = alone["status"].isin(["failed", "reversed"])
    tables, people = [], []
    for _, rows in alone.groupby(keys, sort=False, dropna=False):
        labelled = {name: rows[name].iloc[0] for name in keys}
        kept = rows.index[~lost[rows.index]].to_numpy()
        if len(kept) < FEWEST:
            reason = f"a population needs {FEWEST} people who can be fitted: {len(kept)} can"
            tables.append(pd.DataFrame([{**labelled, "n": len(kept), "reason": reason}]))
            continue
        blocks, centre, scale = _standardise(design.blocks.take(place[kept]))
        pooled = fit_population_model(blocks, options)
        tables.append(_table(pooled, centre, scale, options).assign(**labelled, n=len(kept)))
        people.append(_people(pooled, centre, scale, options, alone.iloc[kept], keys))
    if not people:
        raise FitError(str(tables[0]["reason"].iloc[0]))
    columns = [*keys, "parameter", *ESTIMATES, "n", "reason"]
    asked = ("sigmoid", "asymptotes", "task", "confidence")
    return Population(
        pd.concat(tables, ignore_index=True).reindex(columns=columns),
        pd.concat(people, ignore_index=True),
        _left_out(alone[lost], keys),
        {name: getattr(options, name) for name in asked},
    )


def _left_out(lost: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """List people who are in no population, and why."""
    why = [
        row["reason"] if row["status"] == "failed" else "the curve falls" for row in _records(lost)
    ]
    return lost[["observer", *keys]].assign(why=why).reset_index(drop=True)


def _standardise(blocks: Blocks) -> tuple[Blocks, float, float]:
    """Standardise positions by the middle and the range of all levels; return both, too."""
    low, high = float(blocks.positions.min()), float(blocks.positions.max())
    centre, scale = (low + high) / 2, high - low
    positions = (blocks.positions - centre) / scale
    return Blocks(positions, blocks.trials, blocks.hits), centre, scale


def _tails(options: FitOptions) -> Floats:
    tail = (1 - options.confidence) / 2
    return np.array([tail, 1 - tail])


def _table(
    pooled: PopulationPosterior, centre: float, scale: float, options: FitOptions
) -> pd.DataFrame:
    """Describe a population: PSE or threshold, and width, JND and slope, which go together."""
    sigmoid, p = SIGMOIDS[options.sigmoid], np.array([0.5, *_tails(options)])
    at, spread = pooled.location, pooled.log_width
    place = [at.mean, *at.mean_quantiles(p[1:])]
    rows: list[list[Any]] = [
        [
            "pse" if options.has_pse else "threshold",
            *(centre + scale * np.array(place)),
            *(scale * at.spread_quantiles(p)),
        ]
    ]
    widths = scale * np.exp([spread.mean, *spread.mean_quantiles(p[1:])])
    log_sds = spread.spread_quantiles(p)
    rows.append(["width", *widths, *log_sds])
    rows.append(["jnd", *(_jnd_per_width(sigmoid) * widths), *log_sds])
    steepness = float(sigmoid.pdf(np.array(sigmoid.median))) * sigmoid.spread
    rows.append(["slope", *(steepness / widths[[0, 2, 1]]), *log_sds])
    return pd.DataFrame(rows, columns=["parameter", *ESTIMATES])


def _jnd_per_width(sigmoid: Sigmoid) -> float:
    upper, lower = sigmoid.position(np.array([0.75, 0.25]), 0.0, 1.0)
    return float(upper - lower) / 2


def _people(
    pooled: PopulationPosterior,
    centre: float,
    scale: float,
    options: FitOptions,
    alone: pd.DataFrame,
    keys: Sequence[str],
) -> pd.DataFrame:
    """Describe each person as a member of the population, beside their separate fits."""
    place, axes = "pse" if options.has_pse else "threshold", pooled.axes
    means = pooled.locations @ axes.location
    variances = pooled.locations @ axes.location**2 - means**2
    ends = quantiles(axes.location, pooled.locations, _tails(options)).T
    widths = np.exp(
        [
            pooled.log_widths @ axes.log_width,
            *quantiles(axes.log_width, pooled.log_widths, _tails(options)).T,
        ]
    )
    people = alone[["observer", *keys]].reset_index(drop=True)
    people[[place, f"{place}_low", f"{place}_high"]] = centre + scale * np.stack([means, *ends]).T
    per_width = _jnd_per_width(SIGMOIDS[options.sigmoid])
    people[["width", "width_low", "width_high"]] = scale * widths.T
    people[["jnd", "jnd_low", "jnd_high"]] = scale * per_width * widths.T
    people["pooling"] = np.clip(variances / _variance(pooled.location), 0.0, 1.0)
    people[f"{place}_alone"] = alone[place].to_numpy()
    people["status_alone"] = alone["status"].to_numpy()
    return people.assign(n_trials=alone["n_trials"].to_numpy())


def _variance(location: MeanAndSd) -> float:
    return float(location.shares @ np.exp(2 * location.log_spreads))


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [dict(row) for _, row in table.iterrows()]


def _sentence(row: dict[str, Any], confidence: float) -> str:
    """Describe one row of a population's table."""
    where = f"Condition {row['condition']}"
    if isinstance(row["reason"], str):
        return f"{where}: {row['reason']}."
    plain = row["parameter"] in ("pse", "threshold")
    name = {"pse": "PSE", "jnd": "JND"}.get(row["parameter"], row["parameter"])
    mean, sd = ("mean", "SD") if plain else ("geometric mean", "SD of its logarithm")
    return (
        f"{where}, {row['n']} people: {mean} of the {name} {row['mean']:.3f}, {confidence:.0%} "
        f"interval [{row['mean_low']:.3f}, {row['mean_high']:.3f}]; {sd} over people "
        f"{row['sd']:.3f} [{row['sd_low']:.3f}, {row['sd_high']:.3f}]."
    )
