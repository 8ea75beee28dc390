"""Truths drawn from the prior: the posterior's ranks, and how often intervals hold the PSE.

If truths come from the prior and answers from the model, the posterior's distribution function at
the truth is uniform [1]_, and a 95% interval holds the truth in 95% of the cases.

References
----------
.. [1] Talts, S., Betancourt, M., Simpson, D., Vehtari, A. & Gelman, A. (2018). Validating Bayesian
   inference algorithms with simulation-based calibration. arXiv:1804.06788.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from coverage import measure
from designs import Design, Disturbance, Truths, answer, designs
from scipy import stats
from tqdm import tqdm

from psychobench.fits.bayes.engine import fit_posterior
from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import Floats
from psychobench.fits.options import FitOptions
from psychobench.fits.priors import PARAMETERS, make_prior

BAND = 0.99
QUANTITIES = (*PARAMETERS, "pse")


def simulation_based(count: int, seed: int) -> pd.DataFrame:
    """Compare ranks with the uniform distribution, quantity by quantity.

    `distance` is the largest distance of all ranks' distribution from the uniform one, `band` the
    one that chance exceeds in 1% of the cases, `p` Kolmogorov and Smirnov's; of the designs each by
    itself, `outside` are beyond their band.
    """
    ranks: dict[str, list[Floats]] = {name: [] for name in QUANTITIES}
    for design, _, truths, options, rng in _experiments(count, seed, "Ranks"):
        for name, values in _ranks(design, truths, options, rng).items():
            ranks[name].append(values)
    return pd.DataFrame([_against_uniform(name, parts) for name, parts in ranks.items()])


def prior_truths(count: int, seed: int) -> pd.DataFrame:
    """Measure the coverage of the PSE's 95% intervals, engine `bayes` with the matching model."""
    rows = []
    for design, disturbance, truths, _, rng in _experiments(count, seed, "Prior truths"):
        options = {"engine": "bayes", **disturbance.matching_fit}
        measured = measure(design, truths, options, rng)
        low, high = stats.binomtest(
            round(measured["coverage"] * len(truths)), len(truths)
        ).proportion_ci(method="wilson")
        rows.append(
            {
                "design": design.label,
                "disturbance": disturbance.label,
                "coverage": measured["coverage"],
                "low": low,
                "high": high,
                "of those with an interval": measured["coverage_given"],
                "no interval": measured["no_interval"],
                "not ok": measured["not_ok"],
                "fits": len(truths),
            }
        )
    return pd.DataFrame(rows)


def _experiments(
    count: int, seed: int, title: str
) -> Iterator[tuple[Design, Disturbance, Truths, FitOptions, np.random.Generator]]:
    for index, (design, disturbance) in enumerate(tqdm(list(designs()), desc=title)):
        rng = np.random.default_rng([seed, index])
        options = FitOptions(engine="bayes", **disturbance.matching_fit)
        yield design, disturbance, _from_prior(design, options, count, rng), options, rng


def _from_prior(
    design: Design, options: FitOptions, count: int, rng: np.random.Generator
) -> Truths:
    blank = np.zeros((1, design.n_levels))
    blocks = Blocks(design.levels[None], blank + design.n_trials, blank)
    threshold, width, guess, lapse, eta = make_prior(blocks, options).draw(count, rng)[0]
    eta = eta if options.likelihood == "beta-binomial" else np.zeros(count)
    return Truths(blocks.centre + blocks.scale * threshold, blocks.scale * width, guess, lapse, eta)


def _ranks(
    design: Design, truths: Truths, options: FitOptions, rng: np.random.Generator
) -> dict[str, Floats]:
    counts = answer(design, truths, rng)
    shape = (len(truths), design.n_levels)
    columns = (
        counts[name].to_numpy(dtype=np.float64) for name in ("level", "n_trials", "n_target")
    )
    found = fit_posterior(Blocks(*(column.reshape(shape) for column in columns)), options)
    ranks = {
        name: found.cdf(name, getattr(truths, name))
        for name in QUANTITIES
        if name in found.marginals
    }
    return {name: values[np.isfinite(values)] for name, values in ranks.items()}


def _against_uniform(name: str, parts: list[Floats]) -> dict[str, Any]:
    pooled = np.concatenate(parts)
    test = stats.kstest(pooled, "uniform")
    each = [stats.kstest(values, "uniform").pvalue for values in parts]
    return {
        "quantity": name,
        "distance": test.statistic,
        "band": stats.kstwo.ppf(BAND, len(pooled)),
        "p": test.pvalue,
        "designs": len(each),
        "outside": sum(p < 1 - BAND for p in each),
        "smallest p": min(each),
        "fits": len(pooled),
    }
