"""Accuracy of Bayesian fits on random data sets, easy and hard, against finer sums.

Observers steep to flat, lapsing, overdispersed, contradicting themselves, with a PSE from the
centre of the levels to beyond them; 5 to 9 levels of 10 to 80 trials; every mode of asymptotes and
likelihood, yes-no and 2AFC. Each posterior is compared with one of the engine's own lattice at much
finer settings, and some with sums over dense grids that share no code with the package
(tests/reference/bayes_grid.py). Errors are in percent of the width of the 95% interval. Run with
``python benchmarks/bench_bayes_accuracy.py [--sets N] [--grids N]``; it writes
results/bayes_accuracy.json.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
from records import RESULTS, setting, write
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri
from tqdm import tqdm

from psychobench.fits.bayes import engine as bayes
from psychobench.fits.bayes import log_posterior, marginals, quadrature, weighted_points
from psychobench.fits.bayes.log_posterior import LogPosterior, make_log_posterior
from psychobench.fits.blocks import Blocks
from psychobench.fits.options import FitOptions

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reference"))
import bayes_grid

SEED = 20160713
MOST_LEVELS = 9
MODES = [  # asymptotes, likelihood, task, share of the data sets
    ("free", "beta-binomial", "yes-no", 6),
    ("free", "binomial", "yes-no", 3),
    ("equal", "beta-binomial", "yes-no", 2),
    ("equal", "binomial", "yes-no", 2),
    ("fixed", "beta-binomial", "yes-no", 2),
    ("fixed", "binomial", "yes-no", 2),
    ("free", "beta-binomial", "2afc", 2),
    ("free", "binomial", "2afc", 1),
]
FINE = {  # settings of the quadrature: by dimension where they are dictionaries
    "SPACING": {0: 1.0, 1: 0.05, 2: 0.12, 3: 0.35, 4: 0.65},
    "RADII": (8.0,),
    "FINER": 1.0,
    "PILOTS": 4,
    "NODES": {0: 60, 1: 60, 2: 60, 3: 30, 4: 20},
    "REACH": 6.5,
}


def observer(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Simulate one observer: levels, trials and target answers."""
    count, trials = int(rng.integers(5, 10)), int(rng.integers(10, 81))
    levels = np.linspace(0.0, 1.0, count)
    middle, width = rng.uniform(-0.25, 1.25), np.exp(rng.uniform(np.log(0.05), np.log(3.0)))
    guess, lapse = rng.choice([0.0, 0.02, 0.05, 0.15], 2)
    eta = rng.choice([0.0, 0.1, 0.35])
    p = guess + (1 - guess - lapse) * ndtr((levels - middle) / width * 2 * ndtri(0.95))
    if eta:
        v = 1 / eta**2 - 1
        p = rng.beta(np.maximum(p * v, 1e-9), np.maximum((1 - p) * v, 1e-9))
    if rng.random() < 0.15:  # a level that contradicts the others
        at = rng.integers(count)
        p[at] = 1 - p[at]
    return levels, np.full(count, float(trials)), rng.binomial(trials, p).astype(float)


def forced(hits: np.ndarray, trials: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn half of the misses of a yes-no observer into lucky guesses."""
    return hits + rng.binomial((trials - hits).astype(int), 0.5)


def data_sets(count: int) -> list[tuple[FitOptions, Blocks]]:
    """Draw data sets for each mode, in proportion to its share."""
    rng, shares = np.random.default_rng(SEED), [share for *_, share in MODES]
    made = []
    for asymptotes, likelihood, task, share in MODES:
        sets = []
        for _ in range(round(count * share / sum(shares))):
            levels, trials, hits = observer(rng)
            if task == "2afc":
                hits = forced(hits, trials, rng)
            gap = MOST_LEVELS - len(levels)
            sets.append(
                [np.pad(levels, (0, gap)), np.pad(trials, (0, gap)), np.pad(hits, (0, gap))]
            )
        options = FitOptions("bayes", asymptotes=asymptotes, likelihood=likelihood, task=task)
        made.append((options, Blocks(*np.array(sets).transpose(1, 0, 2))))
    return made


def finely(blocks: Blocks, options: FitOptions) -> bayes.Posterior:
    """Compute posteriors with much finer lattices, tables and histograms."""
    with (
        patch.multiple(quadrature, **FINE),
        patch.multiple(weighted_points, LEAST_WEIGHT=1e-10),
        patch.multiple(log_posterior, KNOTS=120.0, ROUGH_KNOTS=60.0),
        patch.multiple(marginals, SMOOTHING=0.2, BINS=2048),
        patch.multiple(bayes, TOGETHER=1),
    ):
        return bayes.fit_posterior(blocks, options)


def most_likely(model: LogPosterior, start: np.ndarray) -> np.ndarray:
    """Find one row's MAP estimate by a simplex search from parameters `start`, shape (5,)."""
    prior, free = model.prior, model.prior.free
    low, high = prior.low[0], prior.high[0]

    def theta_of(values: np.ndarray) -> np.ndarray:
        theta = start.copy()
        theta[free] = np.clip(values, low[free], high[free])
        if prior.tied:
            theta[3] = theta[2]
        return theta

    def worth(values: np.ndarray) -> float:
        return -float(model.log_posterior(theta_of(values)[None, :, None])[0, 0])

    best = start[free]
    for _ in range(3):
        options = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 3000, "maxfev": 3000}
        best = minimize(worth, best, method="Nelder-Mead", options=options).x
    return theta_of(best)


def map_errors(found: bayes.Posterior, fine: bayes.Posterior, blocks: Blocks, options: FitOptions):
    """Compare MAP estimates of threshold and width with simplex searches: shape (n,) each.

    Searches start at the MAP estimate and at the posterior mean, and the better one counts.
    """
    curves = found.curves
    model = make_log_posterior(blocks, options, curves.falling)
    rates = [curves.guess, curves.lapse]
    etas = np.nan_to_num(curves.overdispersion)
    columns = [(curves.threshold - blocks.centre) / blocks.scale, curves.width / blocks.scale]
    start = np.column_stack([*columns, *rates, etas])
    start[curves.falling, 2:4] = start[curves.falling, 3:1:-1]
    errors = {"threshold": np.empty(len(blocks)), "width": np.empty(len(blocks))}
    for row in range(len(blocks)):
        part, other = model.take(np.array([row])), start[row].copy()
        other[0] = (fine.means["threshold"][row] - blocks.centre[row]) / blocks.scale[row]
        other[1] = fine.means["width"][row] / blocks.scale[row]
        tops = np.array([most_likely(part, one) for one in (start[row], other)])
        top = tops[part.log_posterior(tops.T[None])[0].argmax()]
        for column, name in enumerate(errors):
            low, high = (end[row] for end in fine.interval(name, 0.95))
            errors[name][row] = 100 * abs(top[column] - start[row, column]) / (high - low)
            errors[name][row] *= blocks.scale[row]
    return errors


def compared(found: bayes.Posterior, fine: bayes.Posterior) -> dict[str, np.ndarray]:
    """Compute errors of means and 95% ends of each quantity, in percent of its interval's width.

    Of a PSE only where it has an interval: where less than 5% of the posterior has none.
    """
    errors = {}
    for name in fine.marginals:
        (low, high), ends = fine.interval(name, 0.95), found.interval(name, 0.95)
        known = fine.without_pse < 0.05 if name == "pse" else np.ones(len(fine), dtype=bool)
        pairs = ((found.means[name], fine.means[name]), (ends[0], low), (ends[1], high))
        for what, (value, truth) in zip(("mean", "low", "high"), pairs, strict=True):
            errors[f"{name}_{what}"] = np.where(
                known, 100 * np.abs(value - truth) / (high - low), np.nan
            )
    return errors


def on_grid(
    found: bayes.Posterior, blocks: Blocks, row: int, options: FitOptions
) -> dict[str, float]:
    """Compare one row with a sum over a dense grid."""
    real = blocks.trials[row] > 0
    case = {
        "levels": blocks.positions[row, real].tolist(), "n": blocks.trials[row, real].tolist(),
        "k": blocks.hits[row, real].tolist(), "sigmoid": "norm", "asymptotes": options.asymptotes,
        "overdispersed": options.likelihood == "beta-binomial",
        "chance": 0.5 if options.task == "2afc" else None,
    }  # fmt: skip
    errors = {}
    for name, truth in bayes_grid.solve(case, bayes_grid.SPARSE)[0].items():
        if name == "pse" and found.without_pse[row] >= 0.05:
            continue
        ends = [end[row] for end in found.interval(name, 0.95)]
        values = zip(("mean", "low", "high"), (found.means[name][row], *ends), truth, strict=True)
        for what, value, true in values:
            errors[f"{name}_{what}"] = 100 * abs(value - true) / (truth[2] - truth[1])
    return errors


def summary(errors: list[dict[str, np.ndarray]]) -> dict[str, dict[str, float]]:
    """Reduce errors of all modes to their median, 99th percentile and greatest."""
    made = {}
    for name in sorted({name for one in errors for name in one}):
        values = np.concatenate([np.atleast_1d(one[name]) for one in errors if name in one])
        values = values[~np.isnan(values)]
        marks = {"p50": np.median(values), "p99": np.percentile(values, 99), "worst": values.max()}
        made[name] = {mark: round(float(value), 3) for mark, value in marks.items()}
        made[name]["sets"] = len(values)
    return made


def shown(title: str, made: dict[str, dict[str, float]]) -> None:
    """Print a summary."""
    print(title)
    for name, row in made.items():
        marks = "  ".join(f"{mark} {row[mark]:6.2f}" for mark in ("p50", "p99", "worst"))
        print(f"  {name:20s} {marks}")


def main() -> None:
    """Compare all data sets and write the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", type=int, default=440)
    parser.add_argument("--grids", type=int, default=40)
    chosen = parser.parse_args()
    here = setting()
    against_fine, against_grid, turned = [], [], 0
    sets = data_sets(chosen.sets)
    every = max(1, sum(len(blocks) for _, blocks in sets) // max(chosen.grids, 1))
    for options, blocks in tqdm(sets, desc="Modes"):
        found, fine = bayes.fit_posterior(blocks, options), finely(blocks, options)
        turned += int((found.curves.falling != fine.curves.falling).sum())
        errors = compared(found, fine)
        for name, error in map_errors(found, fine, blocks, options).items():
            errors[f"{name}_map"] = error
        against_fine.append(errors)
        rising = np.flatnonzero(~found.curves.falling)  # which the grids are of
        rows = rising[::every] if chosen.grids else rising[:0]
        against_grid += [on_grid(found, blocks, row, options) for row in rows]
    made = {
        **here,
        "sets": sum(len(blocks) for _, blocks in sets),
        "turned": turned,
        "percent_of_interval_against_finer_lattice": summary(against_fine),
        "grids": len(against_grid),
        "percent_of_interval_against_dense_grid": summary(against_grid) if against_grid else {},
    }
    shown("against finer lattices", made["percent_of_interval_against_finer_lattice"])
    shown("against dense grids", made["percent_of_interval_against_dense_grid"])
    write(RESULTS / "bayes_accuracy.json", made)


if __name__ == "__main__":
    main()
