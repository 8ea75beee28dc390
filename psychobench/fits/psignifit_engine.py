"""psignifit [1]_ behind the interface of our own engines; nothing else imports it.

It is optional (``python -m pip install psignifit``) and takes seconds per fit.

References
----------
.. [1] Schuett, H. H., Harmeling, S., Macke, J. H. & Wichmann, F. A. (2016), Vision Research, 122,
   105-123; https://github.com/wichmann-lab/python-psignifit.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from psychobench.errors import FitError
from psychobench.fits.blocks import Blocks
from psychobench.fits.curves import Curves, Interval
from psychobench.fits.densities import Density
from psychobench.fits.direction import find_direction
from psychobench.fits.functions import SIGMOIDS, Floats
from psychobench.fits.ml import engine as ml
from psychobench.fits.ml.problem import make_problem
from psychobench.fits.ml.scoring import evaluate
from psychobench.fits.options import FitOptions
from psychobench.fits.prior_options import SCHUETT, read_shape
from psychobench.fits.priors import make_prior
from psychobench.messages import how_to_install

THEIRS = {"weibull": "gumbel", "lognorm": "norm"}  # we pass the logarithm of the level
NAMES = {
    "threshold": "threshold", "width": "width", "guess": "gamma", "lapse": "lambda",
    "overdispersion": "eta",
}  # fmt: skip
MIN_ETA = 1e-6  # binomial in effect; psignifit refuses 0


def fit_psignifit(blocks: Blocks, options: FitOptions) -> tuple[Curves, dict[str, Interval]]:
    """Fit one observer after the other: MAP estimates and credible intervals.

    psignifit fits rising curves only. Where the answers fall (`psychobench.fits.direction`) it fits
    the swapped responses.

    Parameters
    ----------
    blocks : Blocks
        Counted answers.
    options : FitOptions
        What is asked for.

    Returns
    -------
    curves : Curves
        nan where psignifit found no fit.
    intervals : dict
        Of the parameters and the JND; psignifit has none of the PSE.

    Raises
    ------
    FitError
        If psignifit is not installed, or the table holds probabilities.
    """
    if blocks.probabilities:
        raise FitError(
            '`engine="psignifit"` needs counted answers: the table holds p_target; '
            'use `engine="ml"`'
        )
    psignifit, no_fit = _load()
    falling = find_direction(blocks).falling
    swapped = blocks.swapped(falling)
    values = {name: np.full((len(blocks), 3), np.nan) for name in NAMES}
    for row in tqdm(range(len(blocks)), desc="psignifit", unit="fit"):
        kept = blocks.trials[row] > 0
        data = np.stack([swapped.positions[row], swapped.hits[row], swapped.trials[row]], axis=1)
        settings = _settings(options, falling=bool(falling[row]))
        settings |= _priors(blocks.take(np.array([row])), options, falling[[row]], settings)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about pooling and priors, per observer
                result = psignifit(data[kept], **settings)
        except (no_fit, AssertionError):  # the latter where it finds a prior 0 all over its grid
            continue
        for name, theirs in NAMES.items():
            known = theirs if theirs in result.confidence_intervals else "lambda"  # equal rates
            interval = next(iter(result.confidence_intervals[known].values()))
            values[name][row] = result.parameter_estimate_MAP[known], *interval
    return _collect(values, falling, blocks, options)


def _load() -> tuple[Callable[..., Any], type[Exception]]:
    try:
        import psignifit
    except ImportError:
        raise FitError(
            '`engine="psignifit"` needs the library of that name, which is not installed; '
            f"{how_to_install('psignifit')}"
        ) from None
    return psignifit.psignifit, psignifit._utils.PsignifitException


def _settings(options: FitOptions, *, falling: bool) -> dict[str, Any]:
    """Translate options into psignifit's."""
    rates = options.asymptote_bounds
    sides = (
        {"gamma": "lapse", "lambda": "guess"} if falling else {"gamma": "guess", "lambda": "lapse"}
    )
    bounds = {name: ends for name, ends in options.bounds.items() if name in ("threshold", "width")}
    held = {} if options.likelihood == "beta-binomial" else {"eta": MIN_ETA}
    for theirs, ours in sides.items():
        low, high = rates[ours]
        if low == high:
            held[theirs] = low
        elif ours in options.bounds:
            bounds[theirs] = (low, high)
    settings: dict[str, Any] = {
        "sigmoid": THEIRS.get(options.sigmoid, options.sigmoid),
        "experiment_type": "equal asymptote" if options.asymptotes == "equal" else "yes/no",
        "confP": (options.confidence,),
        "verbose": False,
    }
    if held:
        settings["fixed_parameters"] = held
    if bounds:
        settings["bounds"] = bounds
    return settings


def _priors(
    block: Blocks, options: FitOptions, falling: NDArray[np.bool_], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Translate one observer's priors, where they are not psignifit's own, and their supports."""
    made = make_prior(block, options, falling)
    shift, scale = float(block.centre[0]), float(block.scale[0])
    units = {"threshold": (shift, scale), "width": (0.0, scale)}
    rates = {"guess": "lapse", "lapse": "guess"} if falling[0] else {}
    densities: dict[str, Callable[[Floats], Floats]] = {}
    bounds = dict(settings.get("bounds", {}))
    for column, (name, theirs) in enumerate(NAMES.items()):
        text = options.priors.get(rates.get(name, name))
        if text is None or text == SCHUETT[name] or column not in made.free:
            continue
        middle, unit = units.get(name, (0.0, 1.0))
        known = theirs if options.asymptotes != "equal" or name != "guess" else "lambda"
        densities[known] = partial(_density, made.density(column), middle, unit)
        if name in units or read_shape(text) is not None:
            ends = (middle + unit * float(end[0, column]) for end in (made.low, made.high))
            low, high = ends
            bounds[known] = (low, min(high, 0.5) if name in ("guess", "lapse") else high)
    return {"priors": densities, "bounds": bounds} if densities else {}


def _density(density: Density, middle: float, unit: float, x: Floats) -> Floats:
    return np.asarray(np.exp(density.log_density((np.atleast_2d(x) - middle) / unit))[0])


def _collect(
    values: dict[str, Floats], swapped: NDArray[np.bool_], blocks: Blocks, options: FitOptions
) -> tuple[Curves, dict[str, Interval]]:
    """Convert columns (estimate, low, high), shape (n, 3) each, to curves and intervals."""
    falling = swapped[:, None]
    guess, lapse = values["guess"], values["lapse"]
    values["guess"] = np.where(falling, lapse, guess)
    values["lapse"] = np.where(falling, guess, lapse)
    if options.likelihood == "binomial":
        values["overdispersion"][:] = np.nan
    estimates = {name: column[:, 0] for name, column in values.items()}
    curves = Curves(
        SIGMOIDS[options.sigmoid],
        **estimates,
        falling=swapped,
        objective=np.full(len(blocks), np.nan),
    )
    intervals = {name: (column[:, 1], column[:, 2]) for name, column in values.items()}
    if not curves.sigmoid.log_levels:  # the JND is then a multiple of the width
        low, high = (replace(curves, width=end).jnd() for end in intervals["width"])
        intervals["jnd"] = (low, high)
    return _with_objective(curves, blocks, options), intervals


def _with_objective(curves: Curves, blocks: Blocks, options: FitOptions) -> Curves:
    """Evaluate the log-likelihood without priors, as the other engines report it."""
    found = np.flatnonzero(np.isfinite(curves.width))
    some = curves.take(found)
    problem = make_problem(blocks.take(found), options, some.falling)
    objective = curves.objective.copy()
    objective[found] = evaluate(problem, ml.to_theta(problem, some)).loglik
    return replace(curves, objective=objective)
