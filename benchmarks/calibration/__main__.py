"""Calibration: how far to trust intervals and tests, measured on simulated observers.

Run with ``python benchmarks/calibration``; ``--quick`` is a rehearsal on few observers. The tables
are written to ``docs/calibration``, from where the documentation takes them.
"""

from __future__ import annotations

import argparse
import datetime
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
from coverage import fixed_truths, summarised
from grid import grid
from group_tests import type_one_errors
from guessing import guessing
from peers import beside_psignifit
from populations import populations
from prior_truths import prior_truths, simulation_based

import psychobench
from psychobench.resources import write_whole
from psychobench.tables.output import csv_bytes

FOLDER = Path(__file__).parents[2] / "docs" / "calibration"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python benchmarks/calibration", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="DIR")
    parser.add_argument("--quick", action="store_true", help="a rehearsal on few observers")
    parser.add_argument("--only", action="append", metavar="TABLE", help="make these tables alone")
    return parser.parse_args()


def studies(seed: int, few: int) -> dict[str, Callable[[], pd.DataFrame]]:
    """Return what makes each table; `few` divides the numbers of simulated observers."""
    return {
        "group-tests": partial(type_one_errors, 5000 // few, 400 // few, seed),
        "guessing": partial(guessing, 4000 // few, seed),
        "prior-truths": partial(prior_truths, 1000 // few, seed),
        "simulation-based": partial(simulation_based, 500 // few, seed),
        "grid": partial(grid, 1 if few > 1 else 32, 1 if few > 1 else 5, seed),
        "fixed-truths": partial(fixed_truths, 200 // few, seed, bootstrap=400 // few),
        "psignifit": partial(beside_psignifit, 60 // few, seed),
        "populations": partial(populations, 40 // few, seed),
    }


def main() -> None:
    arguments = parse_arguments()
    few = 20 if arguments.quick else 1
    for name, study in studies(arguments.seed, few).items():
        if arguments.only and name not in arguments.only:
            continue
        start = time.perf_counter()
        table = study().round(3)
        print(f"\n{name}: {time.perf_counter() - start:.0f} s\n{table.to_string(index=False)}")
        write_whole(arguments.out / f"{name}.csv", csv_bytes(table))
        write_whole(arguments.out / f"{name}.txt", _caption(arguments.seed, few).encode())
        if name == "fixed-truths":
            summary = summarised(table).round(3)
            write_whole(arguments.out / f"{name}-summary.csv", csv_bytes(summary))


def _caption(seed: int, few: int) -> str:
    rehearsal = " A rehearsal: a twentieth of the observers." if few > 1 else ""
    return (
        f"Measured on {datetime.date.today():%Y-%m-%d} with psychobench "
        f"{psychobench.__version__}, seed {seed}.{rehearsal}\n"
    )


if __name__ == "__main__":
    main()
