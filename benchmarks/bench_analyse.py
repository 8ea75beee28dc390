"""How long `psychobench analyse --out` takes from a file of trials to the report, all in.

Simulated: 30 people x 3 conditions x 11 levels x 40 trials, 39,600 in all, as many as in a real
study of that design. Run with ``python benchmarks/bench_analyse.py``; writes
benchmarks/results/analyse.json. A file of your own, with options, goes behind it:
``python benchmarks/bench_analyse.py trials.csv --columns observer=subject``.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from records import RESULTS, setting, show, write


def make_table(path: Path) -> None:
    rng = np.random.default_rng(0)
    level = np.tile(np.linspace(0, 1, 11), 40)
    parts = []
    for person in range(30):
        middle, spread = rng.normal(0.5, 0.08), rng.uniform(0.1, 0.3)
        for shift, condition in enumerate(("whole", "eyes", "mouth")):
            noise = rng.normal(0, spread * (1 + shift / 2), level.size)
            response = (level + noise > middle - 0.04 * shift).astype(int)
            columns = {"observer": f"p{person:02}", "condition": condition}
            parts.append(pd.DataFrame({**columns, "level": level, "response": response}))
    pd.concat(parts).to_csv(path, index=False)


def main() -> None:
    here = setting()
    with tempfile.TemporaryDirectory() as folder:
        words = sys.argv[1:]
        if not words:
            make_table(Path(folder) / "trials.csv")
            words = [f"{folder}/trials.csv"]
        command = [sys.executable, "-m", "psychobench", "analyse", *words, "--out", f"{folder}/out"]
        before = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        wall = time.perf_counter() - before
        page = (Path(folder) / "out" / "report.html").stat().st_size
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = {
        **here,
        "what": "analyse --out, 100 simulated data sets per fit",
        "of": "simulated, 39,600 trials" if len(sys.argv) == 1 else Path(sys.argv[1]).name,
        "wall_s": round(wall, 1),
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "page_mb": round(page / 1e6, 2),
    }
    if len(sys.argv) == 1:
        write(RESULTS / "analyse.json", found)
    else:
        show(found)


if __name__ == "__main__":
    main()
