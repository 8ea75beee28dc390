"""How long a table of two million trials takes to be read, checked and counted.

Simulated: 1,000 observers x 2,000 trials, 11 levels, three conditions, reaction times to the last
digit. Run with ``python benchmarks/bench_read.py``; writes benchmarks/results/read.json.
"""

from __future__ import annotations

import json
import platform
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from psychobench.responses.table import count_responses, read_trials

OBSERVERS, TRIALS, REPEATS = 1000, 2000, 3
RESULTS = Path(__file__).parent / "results" / "read.json"


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


def timed(path: Path) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    counts = count_responses(read_trials(path))
    assert counts["n_trials"].sum() == OBSERVERS * TRIALS
    return {
        "wall_s": round(time.perf_counter() - wall, 2),
        "cpu_s": round(time.process_time() - cpu, 2),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trials.csv")
        make_table(path)
        runs = [timed(path) for _ in range(REPEATS)]
        megabytes = round(path.stat().st_size / 1e6)
    result = {
        "trials": OBSERVERS * TRIALS,
        "megabytes": megabytes,
        "runs": runs,
        "python": platform.python_version(),
        "pandas": pd.__version__,
        "machine": f"{platform.system()} {platform.machine()}, shared with other work",
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
