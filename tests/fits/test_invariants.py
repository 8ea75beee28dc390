"""What holds for every fit, whatever its engine, sigmoid, asymptotes and status."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychobench import fit

LEVELS = np.linspace(0.2, 1.4, 6)
MODES = [
    {"engine": "ml"},
    {"engine": "ml", "asymptotes": "equal", "sigmoid": "logistic"},
    {"engine": "ml", "sigmoid": "weibull"},
    {"engine": "ml", "asymptotes": "fixed", "sigmoid": "gumbel"},
    {"engine": "bayes", "likelihood": "binomial"},
    {"engine": "bayes", "sigmoid": "tdist", "asymptotes": "equal"},
]
PARAMETERS = ("threshold", "width", "guess", "lapse", "overdispersion", "pse", "jnd")


@st.composite
def tables(draw):
    """Four observers, steep or shallow, rising or falling, some of whom guess."""
    trials = draw(st.sampled_from([2, 12, 40]))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    steep = np.array([[40.0], [6.0], [-20.0], [0.3]])
    p = 0.04 + 0.9 / (1 + np.exp(-steep * (LEVELS - rng.uniform(0.5, 1.1, (4, 1)))))
    hits = rng.binomial(trials, p)
    names = np.repeat(["steep", "usual", "falls", "guesses"], len(LEVELS))
    return pd.DataFrame(
        {
            "observer": names,
            "level": np.tile(LEVELS, 4),
            "n_trials": trials,
            "n_target": hits.ravel(),
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize("options", MODES, ids=lambda each: "-".join(each.values()))
@settings(max_examples=2)
@given(table=tables())
def test_estimates_lie_in_their_intervals_and_on_the_curve_that_is_drawn(options, table):
    fits = fit(table, **options)
    for number, row in fits.table.iterrows():
        for name in PARAMETERS:
            low, at, high = row[f"{name}_low"], row[name], row[f"{name}_high"]
            assert not low > at + 1e-9, name
            assert not high < at - 1e-9, name
        if np.isfinite(row["pse"]) and row["status"] != "outside":
            levels = [row["pse"] - 1e-6, row["pse"] + 1e-6]
            before, after = fits.predict(levels)[number]
            assert min(before, after) - 1e-4 <= 0.5 <= max(before, after) + 1e-4
        if row["step"]:
            assert row[["width", "jnd", "slope"]].isna().all()
            assert row["status"] in ("step", "reversed")
            assert "between levels" in row["reason"]


@pytest.mark.slow
@pytest.mark.parametrize("options", MODES[:2], ids=["free", "equal"])
@settings(max_examples=2)
@given(table=tables())
def test_mirrored_levels_and_swapped_responses_turn_what_they_must(options, table):
    one = fit(table, **options).table
    turned = {"ok": "reversed", "step": "reversed"}
    swapped = fit(table.assign(n_target=table["n_trials"] - table["n_target"]), **options).table
    mirrored = fit(table.assign(level=-table["level"]), **options).table
    for other, sign in ((swapped, 1), (mirrored, -1)):
        assert other["step"].tolist() == one["step"].tolist()
        np.testing.assert_allclose(sign * other["pse"], one["pse"], atol=0.02)
        for was, now in zip(one["status"], other["status"], strict=True):
            assert now == turned.get(was, was) or was in ("reversed", "outside")
