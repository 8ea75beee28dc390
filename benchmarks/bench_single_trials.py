"""Time and memory of fits whose trials all have levels of their own, beside those of 11 levels.

66 simulated observers answer 360 trials each, at levels drawn evenly from 0 to 1 or from 11 of
them. Each engine and kind of table is fitted in a process of its own, so that its peak memory can
be read; times are of the processor, after a small fit. Run with
``python benchmarks/bench_single_trials.py``; it writes results/single_trials.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

import numpy as np
import pandas as pd
from records import RESULTS, peak_mb, setting, write
from scipy.special import ndtr

OBSERVERS, TRIALS, SEED = 66, 360, 0


def trials(observers: int, levels: int | None) -> pd.DataFrame:
    """Simulate yes-no answers with guess .02, lapse .03 and a standard deviation of .15."""
    rng, n = np.random.default_rng(SEED), observers * TRIALS
    grid = None if levels is None else np.linspace(0, 1, levels)
    level = rng.uniform(0, 1, n) if grid is None else rng.choice(grid, n)
    pse = np.repeat(rng.normal(0.5, 0.08, observers), TRIALS)
    p = 0.02 + 0.95 * ndtr((level - pse) / 0.15)
    return pd.DataFrame(
        {
            "observer": np.repeat([f"p{number}" for number in range(observers)], TRIALS),
            "level": level,
            "response": (rng.random(n) < p).astype(int),
        }
    )


def measure(engine: str, levels: int | None) -> None:
    """Fit one table and print what that took."""
    from psychobench import fit

    fit(trials(2, 11), engine=engine)
    table, begun, before = trials(OBSERVERS, levels), time.process_time(), peak_mb()
    fits = fit(table, engine=engine)
    row = {
        "engine": engine,
        "levels": levels or "one per trial",
        "processor_s": round(time.process_time() - begun, 2),
        "peak_mb": round(peak_mb()),
        "peak_mb_before": round(before),
        "mean_pse": round(float(fits.table["pse"].mean()), 6),
    }
    print(json.dumps(row))


def main() -> None:
    """Measure both engines with both kinds of table, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, metavar=("ENGINE", "LEVELS"))
    asked = parser.parse_args().one
    if asked:
        measure(asked[0], int(asked[1]) or None)
        return
    made, rows = setting(), []
    for engine in ("ml", "bayes"):
        for levels in ("11", "0"):
            command = [sys.executable, __file__, "--one", engine, levels]
            ran = subprocess.run(command, check=True, capture_output=True, text=True)
            rows.append(json.loads(ran.stdout.splitlines()[-1]))
    write(RESULTS / "single_trials.json", {**made, "rows": rows})


if __name__ == "__main__":
    main()
