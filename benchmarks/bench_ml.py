"""Measure the engine `ml`: a study's bootstrap, its misses, and cost per observer.

Run with ``python benchmarks/bench_ml.py`` on an idle machine; it writes ``results/ml.json``.
``--quick`` measures less and ``--refits-only`` the bootstrap alone; neither writes. CPU time
stands beside wall time, since other work on the machine lengthens the latter.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from records import RESULTS, peak_mb, setting, show, timed, write

from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import SIGMOIDS, Floats, psi
from psychobench.fits.ml import engine as ml
from psychobench.fits.ml.bootstrap import bootstrap_intervals, refit_simulated
from psychobench.fits.ml.intervals import profile_intervals
from psychobench.fits.ml.problem import Problem, make_problem
from psychobench.fits.ml.scoring import evaluate, maximise
from psychobench.fits.options import FitOptions
from psychobench.parallel import usable_cores

SEED = 1
KINDS = ("plain", "steep", "flat", "lapsing", "off-centre")


def simulate(n: int, levels: Floats, trials: int, kind: str, rng: np.random.Generator) -> Blocks:
    """Draw observers of one kind."""
    pse, width = rng.normal(0.5, 0.1, n), np.exp(rng.normal(np.log(0.6), 0.3, n))
    guess, lapse = rng.beta(1, 10, (2, n)) / 2
    if kind == "steep":
        width = np.exp(rng.uniform(np.log(0.02), np.log(0.3), n))
    elif kind == "flat":
        width = np.exp(rng.uniform(np.log(1.5), np.log(8), n))
    elif kind == "lapsing":
        guess, lapse = rng.uniform(0, 0.3, (2, n))
    elif kind == "off-centre":
        pse = rng.uniform(-0.3, 1.3, n)
    positions = np.broadcast_to(levels, (n, levels.shape[-1])).copy()
    shape = (part[:, None] for part in (pse, width, guess, lapse))
    p = psi(SIGMOIDS["norm"], positions, *shape)
    hits = rng.binomial(trials, p).astype(np.float64)
    return Blocks(positions, np.full(p.shape, float(trials)), hits)


def study(observers: int, refits: int) -> dict[str, Any]:
    rng, options = np.random.default_rng(SEED), FitOptions(bootstrap=refits)
    blocks = simulate(observers, np.linspace(0, 1, 7), 30, "plain", rng)
    curves, fitting = timed(ml.fit, blocks, options)
    seeds = list(range(observers))
    _, took = timed(bootstrap_intervals, curves, blocks, options, seeds)
    each = round(took["cpu_s"] / observers / refits * 1e6, 1)
    return {"curves": observers, "refits_each": refits, "fit": fitting, "bootstrap": took,
            "cpu_us_per_refit": each, "peak_mb_so_far": peak_mb()}  # fmt: skip


def misses(people: int, spacing: str) -> dict[str, Any]:
    """Count refits that end more than .01 below the best of twelve random starts.

    Refits are of answers drawn from curves fitted to `people` per design, 12 of each, and start
    from those curves as a bootstrap's do.
    """
    rng, options, found = np.random.default_rng(SEED), FitOptions(), {}
    for kind in KINDS:
        short, total = 0, 0
        for levels in (5, 7, 9):
            for trials in (10, 30, 80):
                at = np.linspace(0, 1, levels)
                if spacing == "random":
                    at = np.sort(rng.uniform(0, 1, (people, levels)), axis=1)
                blocks = simulate(people, at, trials, kind, rng)
                curves = ml.fit(blocks, options)
                seeds = rng.integers(2**32, size=people).tolist()
                for rows, refits, drawn in refit_simulated(curves, blocks, options, 12, seeds):
                    falling = curves.falling[np.repeat(rows, 12)]
                    problem = make_problem(drawn, options, falling)
                    value = evaluate(problem, ml.to_theta(problem, refits)).value
                    short += int((value < _reference(problem, rng) - 0.01).sum())
                    total += len(value)
        found[kind] = {"misses": short, "of": total}
    return found


def _reference(problem: Problem, rng: np.random.Generator) -> Floats:
    """Maximise from twelve random starts per row: the best values."""
    n = len(problem.blocks)
    rows = np.repeat(np.arange(n), 12)
    rates = rng.choice([0.001, 0.05, 0.3], (2, len(rows)))
    start = [rng.uniform(-0.6, 0.6, len(rows)), rng.uniform(-3, 1, len(rows)), *rates]
    start = np.column_stack([*start, np.zeros(len(rows))])
    best = maximise(problem, start, rows=rows, tolerance=1e-8).value
    return np.asarray(best.reshape(n, 12).max(axis=1))


def observers(n: int, *, own: bool) -> dict[str, Any]:
    rng, options = np.random.default_rng(SEED), FitOptions()
    levels = np.linspace(0, 1, 7) + (rng.normal(0, 0.02, (n, 7)) if own else 0.0)
    blocks = simulate(n, levels, 30, "plain", rng)
    curves, fitting = timed(ml.fit, blocks, options)
    _, profiling = timed(profile_intervals, curves, blocks, options)
    total = fitting["cpu_s"] + profiling["cpu_s"]
    return {"observers": n, "levels": "each their own" if own else "shared", "fit": fitting,
            "profile_intervals": profiling,
            "cpu_ms_per_observer": round(total / n * 1e3, 3),
            "peak_mb_so_far": peak_mb()}  # fmt: skip


def main() -> None:
    quick = "--quick" in sys.argv
    here = setting(usable_cores=usable_cores(), numpy=np.__version__, seed=SEED)
    if "--refits-only" in sys.argv:
        show({**here, "study": study(200, 2000)})
        return
    found = {
        **here,
        "study": study(20 if quick else 200, 2000),
        "rows": [observers(n, own=False) for n in (100, 1000, 10_000)[: 2 if quick else 3]]
        + [observers(n, own=True) for n in (100, 1000)],
        "misses": {kind: misses(2 if quick else 20, kind) for kind in ("even", "random")},
    }
    if quick:
        show(found)
    else:
        write(RESULTS / "ml.json", found)


if __name__ == "__main__":
    main()
