"""Coverage, bias and width of the PSE's intervals where the true PSE is fixed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from designs import Design, Disturbance, Truths, answer, designs
from tqdm import tqdm

from psychobench import fit

PSES = (0.5, 0.75, 1.0)  # centre, halfway, edge
WIDTHS = (0.3, 0.7, 1.5)  # steep, usual, shallow
LAPSE, OVERDISPERSION = 0.05, 0.2  # where there are any
ENGINES = ("ml", "bayes")
BOOTSTRAPPED = Design(7, 30)
DESIGNS = [Design(5, 10), BOOTSTRAPPED, Design(9, 80)]  # few, usual and many answers


def fixed_truths(count: int, seed: int, bootstrap: int) -> pd.DataFrame:
    """Measure a few designs, the worst case and the mean over true PSEs and widths."""
    rows = []
    chosen = [(design, disturbance) for design, disturbance in designs() if design in DESIGNS]
    for index, (design, disturbance) in enumerate(tqdm(chosen, desc="Fixed truths")):
        for name, options in _engines(design, bootstrap):
            cells = [
                measure(design, truths, options, np.random.default_rng([seed, index, cell]))
                for cell, truths in enumerate(_truths(disturbance, count))
            ]
            rows.append(_summary(design, disturbance, name, pd.DataFrame(cells)))
    return pd.DataFrame(rows)


def summarised(table: pd.DataFrame) -> pd.DataFrame:
    """Boil the designs down to what disturbs and who fits."""
    worst = {"median bias, worst": lambda bias: bias.iloc[bias.abs().argmax()]}
    how = {
        name: worst.get(name, "min" if name.endswith("worst") else "mean")
        for name in table.columns[3:-1]
    }
    groups = table.groupby(["disturbance", "engine"], sort=False)
    return groups.agg({**how, "fits": "sum"}).reset_index()


def measure(
    design: Design,
    truths: Truths,
    options: dict[str, Any],
    rng: np.random.Generator,
    *,
    target: str = "pse",
) -> dict[str, float]:
    """Fit what simulated observers answer and hold the intervals against the truth.

    An interval's end that the data leave open is at infinity. Who has no interval at all is not
    covered.
    """
    table = fit(answer(design, truths, rng), **options).table
    true = getattr(truths, target)
    value = table[target].to_numpy(dtype=float)
    given = np.isfinite(value) & table[[f"{target}_low", f"{target}_high"]].notna().any(axis=1)
    low = table[f"{target}_low"].fillna(-np.inf).to_numpy(dtype=float)
    high = table[f"{target}_high"].fillna(np.inf).to_numpy(dtype=float)
    covered = given & (low <= true) & (true <= high)
    bounded = given & np.isfinite(high - low)
    return {
        "coverage": covered.mean(),
        "coverage_given": covered[given].mean() if given.any() else np.nan,
        "no_interval": 1 - given.mean(),
        "open": (given & ~bounded).mean(),
        "not_ok": (table["status"] != "ok").mean(),
        "bias": np.nanmedian(value - true),
        "width": (high - low)[bounded].mean() if bounded.any() else np.nan,
        "fits": len(table),
    }


def _engines(design: Design, bootstrap: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for engine in ENGINES:
        yield engine, {"engine": engine}
    if design == BOOTSTRAPPED and bootstrap:
        yield "ml, bootstrap", {"engine": "ml", "bootstrap": bootstrap}


def _truths(disturbance: Disturbance, count: int) -> Iterator[Truths]:
    lapse = LAPSE if disturbance.lapses else 0.0
    eta = OVERDISPERSION if disturbance.overdispersion else 0.0
    for pse, width in product(PSES, WIDTHS):
        yield Truths(*(np.full(count, value) for value in (pse, width, lapse, lapse, eta)))


def _summary(
    design: Design, disturbance: Disturbance, engine: str, cells: pd.DataFrame
) -> dict[str, Any]:
    return {
        "design": design.label,
        "disturbance": disturbance.label,
        "engine": engine,
        "coverage, mean": cells["coverage"].mean(),
        "coverage, worst": cells["coverage"].min(),
        "of those with an interval, worst": cells["coverage_given"].min(),
        "no interval, mean": cells["no_interval"].mean(),
        "open interval, mean": cells["open"].mean(),
        "not ok, mean": cells["not_ok"].mean(),
        "median bias, worst": cells["bias"].iloc[cells["bias"].abs().argmax()],
        "interval's width, mean": cells["width"].mean(),
        "fits": int(cells["fits"].sum()),
    }
