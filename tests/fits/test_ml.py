import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from psychobench.errors import FitError
from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import SIGMOIDS
from psychobench.fits.ml import engine as ml
from psychobench.fits.ml.problem import make_problem
from psychobench.fits.options import FitOptions
from psychobench.fits.pse import fit

PEAKS = json.loads((Path(__file__).parents[1] / "reference" / "scipy_peaks.json").read_text())


PRIORS = {"guess": "beta(1, 10)", "lapse": "beta(1, 10)"}  # of the reference


def hard_blocks(sigmoid):
    rows = PEAKS[sigmoid]
    trials = [np.full(len(row["k"]), float(row["n"])) for row in rows]
    return Blocks(*(np.array(part, dtype=float) for part in (
        [row["z"] for row in rows], trials, [row["k"] for row in rows])))  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("sigmoid", PEAKS)
def test_no_fit_is_worse_than_the_best_of_twelve_climbs_by_scipy(sigmoid):
    options = FitOptions(sigmoid=sigmoid, priors=PRIORS)
    ours = ml.solve(make_problem(hard_blocks(sigmoid), options)).value
    theirs = np.array([row["peak"] for row in PEAKS[sigmoid]])
    assert (ours > theirs - 0.01).all()


@pytest.mark.slow
def test_a_fit_does_not_depend_on_who_is_fitted_beside_it():
    blocks = hard_blocks("norm")
    together = ml.fit(blocks, FitOptions())
    alone = ml.fit(blocks.take(np.array([17])), FitOptions())
    assert alone.objective[0] == pytest.approx(together.objective[17], abs=1e-8)
    np.testing.assert_allclose(alone.pse()[0], together.pse()[17], rtol=1e-5)


@pytest.mark.parametrize(
    ("sigmoid", "link"),
    [("norm", sm.families.links.Probit()), ("logistic", sm.families.links.Logit()),
     ("gumbel", sm.families.links.CLogLog())],
)  # fmt: skip
def test_without_asymptotes_the_fit_is_the_generalised_linear_model_of_statsmodels(sigmoid, link):
    levels, n, k = np.linspace(0, 1, 6), np.full(6, 30), np.array([2, 3, 12, 18, 24, 29])
    table = pd.DataFrame({"observer": "p1", "level": levels, "n_trials": n, "n_target": k})
    found = fit(table, sigmoid=sigmoid, asymptotes="fixed").table.iloc[0]
    model = sm.GLM(np.c_[k, n - k], sm.add_constant(levels), sm.families.Binomial(link))
    theirs = model.fit(tol=1e-12)
    curve, (a, b) = SIGMOIDS[sigmoid], theirs.params
    assert found.threshold == pytest.approx((curve.median - a) / b, abs=1e-5)
    assert found.width == pytest.approx(curve.spread / b, abs=1e-5)
    assert found.pse == pytest.approx((curve.ppf(np.array(0.5)) - a) / b, abs=1e-5)
    assert found.deviance == pytest.approx(theirs.deviance, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [{}, {"sigmoid": "gumbel"}, {"task": "2afc"}, {"asymptotes": "fixed", "sigmoid": "logistic"}],
)
def test_maximum_likelihood_agrees_with_psignifit_within_its_grid(options):
    pytest.importorskip("psignifit")
    low = 15 if "task" in options else 0
    hits = np.array([1, 3, 10, 20, 27, 29, 29, 28, 20, 9, 3, 2, 5, 6, 9, 17, 26, 27])
    observers, levels = np.repeat(["a", "b", "c"], 6), np.tile(np.linspace(0, 1, 6), 3)
    table = pd.DataFrame(
        {
            "observer": observers,
            "level": levels,
            "n_trials": 30,
            "n_target": low + hits * (30 - low) // 30,
        }
    )
    table = table if not low else table[table["observer"] != "b"]
    ours = fit(table, priors="published", **options).table  # which psignifit always has
    theirs = fit(table, engine="psignifit", likelihood="binomial", **options).table
    assert list(theirs["status"]) == list(ours["status"])
    for name, tolerance in {"threshold": 0.01, "width": 0.04, "guess": 0.01, "lapse": 0.01}.items():
        np.testing.assert_allclose(theirs[name], ours[name], atol=tolerance)
    np.testing.assert_allclose(theirs["pse"], ours["pse"], atol=0.01)
    np.testing.assert_allclose(theirs["log_likelihood"], ours["log_likelihood"], atol=0.1)
    width = ours["threshold_high"] - ours["threshold_low"]
    assert (np.abs(theirs["threshold_low"] - ours["threshold_low"]) < 0.5 * width).all()


def test_a_missing_psignifit_is_told_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "psignifit", None)
    table = pd.DataFrame({"observer": "p", "level": [0, 1.0], "n_trials": 9, "n_target": [1, 8]})
    with pytest.raises(FitError, match=r"python -m pip install psignifit$"):
        fit(table, engine="psignifit")


def test_psignifit_takes_no_probabilities():
    table = pd.DataFrame({"observer": "net", "level": [0, 0.5, 1.0], "p_target": [0.1, 0.4, 0.9]})
    with pytest.raises(FitError, match="p_target"):
        fit(table, engine="psignifit")
