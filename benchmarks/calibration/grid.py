"""PSE and JND over the hard corners: few trials, high asymptotes, steep and shallow curves.

Every candidate fits the same answers. Rows of one design are fitted together, block by block, so
that a run can be cut short: what is there is complete for the blocks and designs that it names.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from designs import Design, Truths, answer
from tqdm import tqdm

from psychobench import fit
from psychobench.fits.functions import SIGMOIDS, Floats

DESIGNS = (Design(5, 10), Design(7, 30), Design(9, 50), Design(11, 40), Design(11, 2))
RATES = ((0.0, 0.0), (0.05, 0.05), (0.10, 0.25), (0.27, 0.20))  # guess and lapse
OVERDISPERSIONS = (0.0, 0.2)
PSES = (0.25, 0.75)  # between which they are drawn
EACH = 4  # data sets per cell and block
STEEP, OTHER_SDS = 0.15, (0.2, 0.6, 2.0)  # of F: in gaps between levels, in ranges of the levels
WEAK = "guess=beta(1,3),lapse=beta(1,3),width=levels"
FLAT = "guess=none,lapse=none,width=levels"
CANDIDATES: dict[str, dict[str, Any]] = {
    "ml, no prior": {"engine": "ml"},
    "bayes, published": {"engine": "bayes", "priors": "published"},
    "bayes, Beta(1, 3)": {"engine": "bayes", "priors": WEAK},
    "bayes, flat": {"engine": "bayes", "priors": FLAT},
    "bayes, Beta(1, 3), binomial": {"engine": "bayes", "priors": WEAK, "likelihood": "binomial"},
    "bayes, flat, binomial": {"engine": "bayes", "priors": FLAT, "likelihood": "binomial"},
}
ROUNDING = 1e-5


def grid(blocks: int, designs: int, seed: int) -> pd.DataFrame:
    """Fit `blocks` times `EACH` data sets per cell of the first designs with every candidate."""
    jobs = list(product(range(blocks), range(designs)))
    fits = [
        simulated_fits(block, index, name, seed)
        for block, index in tqdm(jobs, desc="Grid")
        for name in CANDIDATES
    ]
    return summarised_grid(pd.concat(fits, ignore_index=True))


def simulated_fits(block: int, index: int, name: str, seed: int) -> pd.DataFrame:
    """Simulate one block of one design, and fit it with one candidate: a row per data set."""
    design, rng = DESIGNS[index], np.random.default_rng([seed, block, index])
    sds = (STEEP / (design.n_levels - 1), *OTHER_SDS)
    cells = [
        (*rates, sd, eta)
        for rates, sd, eta in product(RATES, sds, OVERDISPERSIONS)
        for _ in range(EACH)
    ]
    guess, lapse, sd, eta = np.array(cells).T
    pse, sigmoid = rng.uniform(*PSES, len(cells)), SIGMOIDS["norm"]
    width = sd * sigmoid.spread
    offset = sigmoid.position((0.5 - guess) / (1 - guess - lapse), 0.0, width)
    table = answer(design, Truths(pse - offset, width, guess, lapse, eta), rng)
    found = fit(table, **CANDIDATES[name]).table
    truths = {"true_pse": pse, "true_jnd": sd * float(sigmoid.ppf(np.array(0.75)))}
    labels = {"fit": name, "guess": guess, "lapse": lapse}
    return found[["pse", "pse_low", "pse_high", "jnd", "jnd_low", "jnd_high", "status"]].assign(
        **truths, **{f"of_{key}": value for key, value in labels.items()},
        of_sd=np.where(sd == sds[0], f"{STEEP} gaps", sd.astype(str)), of_overdispersion=eta,
    )  # fmt: skip


def summarised_grid(fits: pd.DataFrame) -> pd.DataFrame:
    """Summarise over everything, and by each property of the observers."""
    fits = fits.assign(
        all="all",
        rates=fits["of_guess"].map("{:g}".format) + " / " + fits["of_lapse"].map("{:g}".format),
    )
    parts = [
        ("all", "all"),
        ("overdispersion", "of_overdispersion"),
        ("guess / lapse", "rates"),
        ("sd", "of_sd"),
    ]
    rows = []
    for label, column in parts:
        for (value, name), some in fits.groupby([column, "of_fit"], sort=False):
            rows.append({"observers": f"{label} {value}".replace("all all", "all"), "fit": name,
                         **_measures(some)})  # fmt: skip
    return pd.DataFrame(rows)


def _measures(fits: pd.DataFrame) -> dict[str, float]:
    ok = fits["status"] == "ok"
    pse, pse_given = _covered(fits, "pse")
    jnd, jnd_given = _covered(fits, "jnd")
    error = (fits["pse"] - fits["true_pse"])[ok]
    return {
        "data sets": len(fits),
        "no PSE": fits["pse"].isna().mean(),
        "no interval": 1 - pse_given.mean(),
        "ok": ok.mean(),
        "PSE": pse[pse_given].mean(),
        "PSE, ok": pse[pse_given & ok].mean(),
        "JND": jnd[jnd_given].mean(),
        "JND, ok": jnd[jnd_given & ok].mean(),
        "PSE bias, ok": error.mean(),
        "PSE RMSE, ok": float(np.sqrt((error**2).mean())),
        "PSE width, ok": _width(fits, "pse")[ok].median(),
        "JND width, ok": _width(fits, "jnd")[ok].median(),
    }


def _covered(fits: pd.DataFrame, name: str) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """Return whether intervals hold the truth, and who has one; open ends lie at infinity."""
    ends = fits[[f"{name}_low", f"{name}_high"]]
    given = fits[name].notna() & ends.notna().any(axis=1)
    low, high = ends[f"{name}_low"].fillna(-np.inf), ends[f"{name}_high"].fillna(np.inf)
    truth: Floats = fits[f"true_{name}"].to_numpy()
    return (low - ROUNDING <= truth) & (truth <= high + ROUNDING), given


def _width(fits: pd.DataFrame, name: str) -> pd.Series[float]:
    return fits[f"{name}_high"] - fits[f"{name}_low"]
