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
import os
import platform
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

RESULTS = Path(__file__).parent / "results"
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


def report(run, n: int) -> None:
    """Print wall and processor time and peak memory as JSON."""
    best = None
    for _ in range(5 if n == 1 else 1):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        taken = time.perf_counter() - wall, time.process_time() - cpu
        best = taken if best is None else min(best, taken)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"n": n, "seconds": best[0], "cpu_seconds": best[1], "peak_mb": memory}))


def in_process(what: str, n: int) -> dict[str, float]:
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
    sizes = [size for size in (1, 100, 1_000, 10_000) if size <= chosen.largest]
    made = {"bayes": [in_process("ours", size) for size in sizes]}
    made["psignifit"] = in_process("theirs", chosen.psignifit)
    each = made["psignifit"]["seconds"] / made["psignifit"]["n"]
    each_cpu = made["psignifit"]["cpu_seconds"] / made["psignifit"]["n"]
    for row in made["bayes"]:
        row["ms_per_fit"] = 1e3 * row["seconds"] / row["n"]
        row["times_faster"] = each / row["seconds"] * row["n"]
        row["times_faster_cpu"] = each_cpu / row["cpu_seconds"] * row["n"]
        print(
            f"bayes {row['n']:>6} fits: {row['ms_per_fit']:.2f} ms each, {row['peak_mb']:.0f} MB, "
            f"{row['times_faster']:.0f} times as fast as psignifit "
            f"(processor time: {row['times_faster_cpu']:.0f})"
        )
    print(f"psignifit: {each:.2f} s each, {made['psignifit']['peak_mb']:.0f} MB")
    made["machine"] = {"cores": os.cpu_count(), "processor": platform.machine(),
                       "load": os.getloadavg()[0]}  # fmt: skip
    made["date"] = datetime.now(UTC).isoformat(timespec="seconds")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "bayes.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] in ("ours", "theirs"):
        {"ours": ours, "theirs": theirs}[sys.argv[1]](int(sys.argv[2]))
    else:
        main()
