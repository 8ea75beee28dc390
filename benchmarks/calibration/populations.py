"""Coverage of the population fit's intervals, beside the plain mean of separate fits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from designs import Design, Truths, answer
from scipy import stats
from tqdm import tqdm

from psychobench import fit, fit_population
from psychobench.fits.functions import SIGMOIDS

SETTINGS = [(15, Design(7, 10)), (15, Design(7, 30)), (40, Design(7, 30))]
MEAN, SD = 0.5, 0.12  # of PSEs
WIDTH, WIDTH_SD = 0.6, 0.3  # geometric mean of widths; SD of their logarithms


def populations(count: int, seed: int) -> pd.DataFrame:
    """Simulate cohorts and count how often each interval holds what it is of."""
    rows = []
    for index, (people, design) in enumerate(SETTINGS):
        rng = np.random.default_rng([seed, 4, index])
        held = pd.DataFrame(
            _held_level(people, design, rng)
            for _ in tqdm(range(count), desc=f"{people} people, {design.label}")
        )
        rows.append(
            {"people": people, "design": design.label, **held.mean().to_dict(), "cohorts": count}
        )
    return pd.DataFrame(rows)


def _held_level(people: int, design: Design, rng: np.random.Generator) -> dict[str, Any]:
    pse, width = rng.normal(MEAN, SD, people), rng.lognormal(np.log(WIDTH), WIDTH_SD, people)
    guess, lapse = rng.beta(1, 20, (2, people))
    share = (0.5 - guess) / (1 - guess - lapse)
    threshold = pse - SIGMOIDS["norm"].position(share, 0.0, width)
    truths = Truths(threshold, width, guess, lapse, np.zeros(people))
    table = answer(design, truths, rng)
    found = fit_population(table)
    rows = found.table.set_index("parameter")
    each = found.individuals
    alone = fit(table).table
    pses = alone.loc[alone["status"].isin(["ok", "step"]), "pse"]
    plain = abs(pses.mean() - MEAN) < stats.t.ppf(0.975, len(pses) - 1) * pses.sem()
    return {
        "mean PSE": _inside(rows.loc["pse"], "mean", MEAN),
        "SD of PSEs": _inside(rows.loc["pse"], "sd", SD),
        "mean width": _inside(rows.loc["width"], "mean", WIDTH),
        "SD of widths": _inside(rows.loc["width"], "sd", WIDTH_SD),
        "a person's PSE": np.mean((each["pse_low"] <= pse) & (pse <= each["pse_high"])),
        "mean of separate fits": plain,
    }


def _inside(row: pd.Series, name: str, truth: float) -> bool:
    return bool(row[f"{name}_low"] <= truth <= row[f"{name}_high"])
