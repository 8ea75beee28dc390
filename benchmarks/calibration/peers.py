"""psignifit beside our Bayesian engine on the same answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from coverage import LAPSE, OVERDISPERSION, measure
from designs import Design, Disturbance, Truths
from tqdm import tqdm

DESIGN = Design(7, 30)
OPTIONS = {"asymptotes": "equal", "bounds": {"guess": (0.0, 0.5), "lapse": (0.0, 0.5)}}
DISTURBANCES = [Disturbance(False, False), Disturbance(True, False), Disturbance(True, True)]


def beside_psignifit(count: int, seed: int) -> pd.DataFrame:
    """Compare the threshold's intervals; asymptotes are equal, so that it is the PSE too."""
    rows = []
    for index, disturbance in enumerate(tqdm(DISTURBANCES, desc="psignifit")):
        truths = _truths(disturbance, count, np.random.default_rng([seed, index]))
        for engine in ("bayes", "psignifit"):
            rng = np.random.default_rng([seed, index, 1])  # the same answers for both
            measured = measure(
                DESIGN, truths, {"engine": engine, **OPTIONS}, rng, target="threshold"
            )
            rows.append(_row(disturbance, engine, measured))
    return pd.DataFrame(rows)


def _truths(disturbance: Disturbance, count: int, rng: np.random.Generator) -> Truths:
    lapse = np.full(count, LAPSE if disturbance.lapses else 0.0)
    eta = np.full(count, OVERDISPERSION if disturbance.overdispersion else 0.0)
    return Truths(rng.uniform(0.2, 0.8, count), rng.uniform(0.3, 1.2, count), lapse, lapse, eta)


def _row(disturbance: Disturbance, engine: str, measured: dict[str, Any]) -> dict[str, Any]:
    return {
        "design": DESIGN.label,
        "disturbance": disturbance.label,
        "engine": engine,
        "coverage": measured["coverage"],
        "median bias": measured["bias"],
        "interval's width, mean": measured["width"],
        "fits": measured["fits"],
    }
