"""Guessing told from shallow curves: how many of either have a clear direction, and so a PSE."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from psychobench.fits.blocks import Blocks
from psychobench.fits.direction import find_direction, is_undecided

DESIGNS = ((5, 10), (7, 30), (9, 50), (11, 40), (11, 2))  # levels, trials at each
RATES = (0.3, 0.4, 0.5)
# standard deviation in ranges of the levels, PSE, guess rate, lapse rate
CURVES = {
    "sd .6 of the range": (0.6, 0.5, 0.0, 0.0),
    "sd 1": (1.0, 0.5, 0.0, 0.0),
    "sd 2": (2.0, 0.5, 0.0, 0.0),
    "sd .3, guess .27, lapse .20": (0.3, 0.5, 0.27, 0.20),
    "sd .05 at .85, guess .40, lapse .05": (0.05, 0.85, 0.40, 0.05),
}


def guessing(people: int, seed: int) -> pd.DataFrame:
    """Count those whose answers rise clearly, or, of guessers, rise or fall clearly.

    Parameters
    ----------
    people : int
        Simulated for each row and design.
    seed : int
        Of the simulations.

    Returns
    -------
    DataFrame
        One row per kind of observer, one column per design.
    """
    rng = np.random.default_rng(seed)
    rows = {f"guesses, p = {rate:g}": _guesses(rate, people, rng) for rate in RATES}
    rows |= {name: _rises(curve, people, rng) for name, curve in CURVES.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("observer").reset_index()


def _guesses(rate: float, people: int, rng: np.random.Generator) -> dict[str, float]:
    found = {}
    for levels, trials in DESIGNS:
        blocks = _drawn(np.full(levels, rate), trials, people, rng)
        found[f"{levels} x {trials}"] = float((~is_undecided(blocks)).mean())
    return found


def _rises(curve: tuple[float, ...], people: int, rng: np.random.Generator) -> dict[str, float]:
    sd, pse, guess, lapse = curve
    found = {}
    for levels, trials in DESIGNS:
        share = norm.cdf((np.linspace(0, 1, levels) - pse) / sd)
        blocks = _drawn(guess + (1 - guess - lapse) * share, trials, people, rng)
        rising = ~is_undecided(blocks) & ~find_direction(blocks).falling
        found[f"{levels} x {trials}"] = float(rising.mean())
    return found


def _drawn(p: np.ndarray, trials: int, people: int, rng: np.random.Generator) -> Blocks:
    hits = rng.binomial(trials, p, (people, len(p))).astype(np.float64)
    levels = np.tile(np.linspace(0, 1, len(p)), (people, 1))
    return Blocks(levels, np.full(hits.shape, float(trials)), hits)
