"""How FE-AlexNet does over ten training seeds, and how long a comparison takes.

Run as ``python benchmarks/bench_fe_alexnet.py``; ``--seeds 0`` leaves the training seeds out,
``--no-times`` the times. A comparison of one training is timed, and one of ten, as the command
does by default; the time allowed is that of one. What the last of them trained is what the
training seeds are measured on. Results go to ``benchmarks/results/fe_alexnet_*``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from records import RESULTS, torch_setting, write
from tqdm import tqdm

from psychobench import load_stimuli
from psychobench.fits.pse import fit
from psychobench.observers.registry import load_observer
from psychobench.observers.runner import respond
from psychobench.resources import write_whole
from psychobench.stimuli.faces import RENDERER_VERSION, TrainingFaces, training_faces
from psychobench.tables.output import csv_bytes

FRESH_SEED = 12_345  # of faces that no training run has seen
COMPARED = (1, 10)  # trainings of the comparisons that are timed
SECONDS_FIRST, SECONDS_LATER = 180, 10  # allowed for a comparison of one training


def measure_seed(seed: int, fresh: TrainingFaces) -> dict[str, Any]:
    """Train one head and measure what the specification asks of it."""
    observer = load_observer("fe_alexnet", seed=seed)
    trials = respond(observer, load_stimuli())
    row = fit(trials).table.iloc[0]
    answers = trials.set_index("level")["p_target"]
    right = (observer.respond(fresh.images) >= 0.5) == (fresh.valence >= 0)
    return {
        "seed": seed,
        "p_happy_at_0": answers.loc[0.0],
        "p_happy_at_1": answers.loc[1.0],
        "pse": row["pse"],
        "status": row["status"],
        "accuracy_fresh_identities": right.mean(),
        "accuracy_fresh_clear": right[np.abs(fresh.valence) >= 0.3].mean(),
        "accuracy_validation": observer.info.options["validation_accuracy"],
        "best_epoch": observer.info.options["best_epoch"],
    }


def meets(rows: pd.DataFrame) -> pd.Series:
    """Say which seeds have a PSE and are sure of both ends of the bundled continuum."""
    return (rows["status"] == "ok") & (rows["p_happy_at_0"] < 0.2) & (rows["p_happy_at_1"] > 0.8)


def time_compare(n_seeds: int, cache: Path) -> dict[str, float]:
    """Time a comparison of so many trainings twice, first with an empty cache."""
    command = [
        *(sys.executable, "-m", "psychobench", "compare", "--observer", "fe_alexnet"),
        *("--seeds", str(n_seeds), "--json"),
    ]
    seconds = {}
    for name in ("first", "later"):
        began = time.perf_counter()
        subprocess.run(
            command,
            env={**os.environ, "PSYCHOBENCH_CACHE": str(cache)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        seconds[name] = round(time.perf_counter() - began, 1)
    return seconds


def measure_times(folder: Path) -> None:
    """Time the comparisons, each with a cache of its own; the last one's stays in use."""
    record = torch_setting(renderer_version=RENDERER_VERSION)
    record["seconds"] = {}
    for n_seeds in COMPARED:
        cache = folder / str(n_seeds)
        record["seconds"][f"{n_seeds} trainings"] = time_compare(n_seeds, cache)
    record["allowed_for_one"] = {"first": SECONDS_FIRST, "later": SECONDS_LATER}
    write(RESULTS / "fe_alexnet_times.json", record)
    os.environ["PSYCHOBENCH_CACHE"] = str(cache)


def measure_seeds(n_seeds: int) -> None:
    """Measure heads that differ by their seed alone."""
    record = torch_setting(renderer_version=RENDERER_VERSION)
    fresh = training_faces(100, 4, seed=FRESH_SEED, progress=True)
    seeds = tqdm(range(n_seeds), desc="training seeds")
    rows = pd.DataFrame([measure_seed(seed, fresh) for seed in seeds])
    rows["meets"] = meets(rows)
    print(rows.round(3).to_string(index=False))
    write_whole(RESULTS / "fe_alexnet_seeds.csv", csv_bytes(rows.round(4)))
    record["seeds"] = len(rows)
    record["seeds_that_meet"] = int(rows["meets"].sum())
    record["accuracy_fresh_identities"] = round(rows["accuracy_fresh_identities"].mean(), 4)
    write(RESULTS / "fe_alexnet_seeds.json", record)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="number of training seeds")
    parser.add_argument("--no-times", action="store_true", help="leave the comparison's times out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not options.no_times:
            measure_times(Path(folder))
        if options.seeds:
            measure_seeds(options.seeds)


if __name__ == "__main__":
    main()
