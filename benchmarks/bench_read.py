"""How long a table of two million trials takes to be read, checked and counted.

Simulated: 1,000 observers x 2,000 trials, 11 levels, three conditions, reaction times to the last
digit. Run with ``python benchmarks/bench_read.py``; writes benchmarks/results/read.json.
"""

from __future__ import annotations

import platform
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from records import RESULTS, setting, timed, write

from psychobench.trials.table import count_responses, read_trials

OBSERVERS, TRIALS, REPEATS = 1000, 2000, 3


def make_table(path: Path) -> None:
    rng = np.random.default_rng(0)
    n = OBSERVERS * TRIALS
    level = rng.integers(0, 11, n) / 10
    conditions = np.array(["whole", "eyes", "mouth"])
    table = pd.DataFrame(
        {
            "observer": np.repeat([f"p{i:04d}" for i in range(OBSERVERS)], TRIALS),
            "condition": conditions[rng.integers(0, 3, n)],
            "trial": np.tile(np.arange(TRIALS), OBSERVERS),
            "level": level,
            "response": (rng.random(n) < level).astype(int),
            "rt": rng.gamma(3, 0.2, n),
        }
    )
    table.to_csv(path, index=False)


def measure(path: Path) -> dict[str, float]:
    counts, took = timed(lambda: count_responses(read_trials(path)))
    assert counts["n_trials"].sum() == OBSERVERS * TRIALS
    return took


def main() -> None:
    here = setting(python=platform.python_version(), pandas=pd.__version__)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trials.csv")
        make_table(path)
        runs = [measure(path) for _ in range(REPEATS)]
        megabytes = round(path.stat().st_size / 1e6)
    found = {"trials": OBSERVERS * TRIALS, "megabytes": megabytes, "runs": runs}
    write(RESULTS / "read.json", here | found)


if __name__ == "__main__":
    main()
