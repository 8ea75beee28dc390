"""Time and memory of Bayesian fits, ours and psignifit's, on the same data in one run.

Yes-no answers at 7 levels of 30 trials each, overdispersed, beta-binomial likelihood, free guess
and lapse: one data set, tables of 100, 1,000 and 10,000 observers, and a few fits by psignifit,
each in a process of its own so that its peak memory can be read. Times are of the second call,
after import. Run with ``python benchmarks/bench_bayes.py [--largest N] [--psignifit N]``; it writes
results/bayes.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from records import RESULTS, peak_mb, setting, timed, write

LEVELS, TRIALS, SEED = np.linspace(0.0, 1.0, 7), 30, 1


def answers(n: int) -> pd.DataFrame:
    """Simulate n overdispersed observers."""
    rng = np.random.default_rng(SEED)
    middle, width = rng.uniform(0.3, 0.7, (n, 1)), rng.uniform(0.2, 0.8, (n, 1))
    p = 0.02 + 0.96 / (1 + np.exp(-(LEVELS - middle) / width * 2 * np.log(19)))
    v = 1 / 0.1**2 - 1
    hits = rng.binomial(TRIALS, rng.beta(p * v, (1 - p) * v))
    return pd.DataFrame(
        {
            "observer": np.repeat([f"p{number}" for number in range(n)], len(LEVELS)),
            "level": np.tile(LEVELS, n),
            "n_trials": TRIALS,
            "n_target": hits.ravel(),
        }
    )


def ours(n: int) -> None:
    """Fit a table of n, twice where it is small."""
    from psychobench import fit

    table = answers(n)
    fit(table[: 7 * min(n, 20)], engine="bayes")
    report(lambda: fit(table, engine="bayes"), n)


def theirs(n: int) -> None:
    """Fit the first n of the same observers with psignifit."""
    import psignifit

    counts = answers(max(n, 10))[["level", "n_target", "n_trials"]].to_numpy(dtype=float)
    sets = [counts[7 * number : 7 * (number + 1)] for number in range(n)]

    def run() -> None:
        for data in sets:
            psignifit.psignifit(data, sigmoid="norm", experiment_type="yes/no", verbose=False)

    report(run, n)


def report(run: Callable[[], object], n: int) -> None:
    """Print wall and processor time, the best of five for one fit, and peak memory as JSON."""
    taken = [timed(run)[1] for _ in range(5 if n == 1 else 1)]
    best = min(taken, key=lambda one: one["wall_s"])
    print(json.dumps({"n": n, **best, "peak_mb": peak_mb()}))


def in_process(what: str, n: int) -> dict[str, Any]:
    """Run one part in a fresh process."""
    made = subprocess.run(
        [sys.executable, __file__, what, str(n)], check=True, capture_output=True, text=True
    )
    return json.loads(made.stdout.splitlines()[-1])


def main() -> None:
    """Run all parts and write the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--largest", type=int, default=10_000)
    parser.add_argument("--psignifit", type=int, default=2)
    chosen = parser.parse_args()
    made = setting()
    made["psignifit"] = peer = in_process("theirs", chosen.psignifit)
    sizes = [size for size in (1, 100, 1_000, 10_000) if size <= chosen.largest]
    made["bayes"] = [in_process("ours", size) for size in sizes]
    for row in made["bayes"]:
        row["ms_per_fit"] = round(1e3 * row["wall_s"] / row["n"], 2)
        for clock in ("wall", "cpu"):
            each, own = (one[f"{clock}_s"] / one["n"] for one in (peer, row))
            row[f"times_faster_{clock}"] = round(each / own, 1)
        print(
            f"bayes {row['n']:>6} fits: {row['ms_per_fit']:.2f} ms each, {row['peak_mb']:.0f} MB, "
            f"{row['times_faster_wall']:.0f} times as fast as psignifit "
            f"(processor time: {row['times_faster_cpu']:.0f})"
        )
    each = peer["wall_s"] / peer["n"]
    print(f"psignifit: {each:.2f} s each, {peer['peak_mb']:.0f} MB")
    write(RESULTS / "bayes.json", made)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] in ("ours", "theirs"):
        {"ours": ours, "theirs": theirs}[sys.argv[1]](int(sys.argv[2]))
    else:
        main()
