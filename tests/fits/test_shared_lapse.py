import numpy as np
import pandas as pd
import pytest
import scipy.optimize

from psychobench.errors import OptionError
from psychobench.fits.functions import SIGMOIDS, psi
from psychobench.fits.pse import fit

LEVELS, N = np.linspace(0, 1, 7), 40
SHAPES = [(0.4, 0.5), (0.55, 0.7), (0.5, 0.4)]


def conditions(count, seed, observer="p1"):
    rng = np.random.default_rng(seed)
    hits = [rng.binomial(N, psi(SIGMOIDS["norm"], LEVELS, m, w, 0.03, 0.06))
            for m, w in SHAPES[:count]]  # fmt: skip
    if count == 3:
        hits[2] = N - hits[2]  # an observer who took the keys for each other
    return pd.DataFrame(
        {
            "observer": observer,
            "condition": np.repeat(["a", "b", "c"][:count], len(LEVELS)),
            "level": np.tile(LEVELS, count),
            "n_trials": N,
            "n_target": np.concatenate(hits),
        }
    )


def joint_peak(table, found, held=None):
    """Maximise the sum over conditions with scipy, the prior of the common lapse rate once."""
    rows = list(found.itertuples())
    hits = [table[table["condition"] == row.condition]["n_target"].to_numpy() for row in rows]
    falling = [row.status == "reversed" for row in rows]

    def loss(theta):
        lapse, total = theta[-1], -9 * np.log1p(-theta[-1])
        for k, turned, (m, log_w, guess) in zip(
            hits, falling, theta[:-1].reshape(-1, 3), strict=True
        ):
            if guess + lapse >= 1:
                return 1e10
            p = psi(SIGMOIDS["norm"], LEVELS, m, np.exp(log_w), guess, lapse, falling=turned)
            p = np.clip(p, 1e-12, 1 - 1e-12)
            total -= (k * np.log(p) + (N - k) * np.log(1 - p)).sum() + 9 * np.log1p(-guess)
        return total

    starts = [
        [*np.ravel([(row.threshold, np.log(row.width), guess) for row in rows]), lapse]
        for guess, lapse in ((0.01, 0.02), (0.05, 0.1))
    ]
    bounds = [(-1, 2), (-4, 2), (0, 0.9)] * len(rows) + [(0, 0.9)]
    if held is not None:
        bounds[held[0]] = (held[1], held[1])
    results = [
        scipy.optimize.minimize(loss, np.clip(start, *np.transpose(bounds)), method="L-BFGS-B",
                                bounds=bounds, options={"ftol": 1e-12}) for start in starts
    ]  # fmt: skip
    return min(results, key=lambda result: result.fun)


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 3])
def test_a_shared_lapse_rate_is_the_peak_of_all_conditions_together(count):
    table = conditions(count, seed=3)
    found = fit(table, share=("lapse",), priors="published").table
    theirs = joint_peak(table, found)
    assert found["lapse"].nunique() == 1
    assert found["lapse"].iloc[0] == pytest.approx(theirs.x[-1], abs=5e-4)
    np.testing.assert_allclose(found["threshold"], theirs.x[:-1:3], atol=1e-3)
    np.testing.assert_allclose(np.log(found["width"]), theirs.x[1:-1:3], atol=3e-3)
    prior = 9 * np.log1p(-found["guess"]).sum() + 9 * np.log1p(-found["lapse"].iloc[0])
    assert found["log_likelihood"].sum() + prior > -theirs.fun - 1e-4


@pytest.mark.slow
@pytest.mark.parametrize(("name", "place"), [("threshold", 0), ("width", 1), ("lapse", -1)])
def test_its_intervals_end_where_all_answers_together_fit_half_a_chi_squared_worse(name, place):
    table = conditions(2, seed=5)
    found = fit(table, share=("lapse",), priors="published").table
    best = joint_peak(table, found).fun
    for end in ("low", "high"):
        value = found[f"{name}_{end}"].iloc[0]
        if name == "lapse" and value == 0:
            continue
        held = (place, np.log(value) if name == "width" else value)
        assert joint_peak(table, found, held).fun - best == pytest.approx(1.92, abs=0.06)


@pytest.mark.slow
def test_sharing_narrows_the_interval_of_the_lapse_rate():
    table = conditions(2, seed=7)
    apart, shared = fit(table).table, fit(table, share=("lapse",)).table
    for table_ in (apart, shared):
        table_["span"] = table_["lapse_high"] - table_["lapse_low"]
    assert (shared["span"] < apart["span"]).all()


@pytest.mark.slow
def test_an_observer_with_one_condition_is_fitted_as_without_sharing():
    alone = conditions(1, seed=1, observer="p2")
    both = pd.concat([conditions(2, seed=2), alone], ignore_index=True)
    found = fit(both, share=("lapse",)).table.iloc[2]
    own = fit(alone).table.iloc[0]
    for name in ("threshold", "width", "lapse", "pse_low", "pse_high"):
        assert found[name] == pytest.approx(own[name], abs=4e-3)


@pytest.mark.slow
def test_its_bootstrap_and_its_profile_agree_on_the_lapse_rate():
    table = conditions(2, seed=4)
    profiled, drawn = (fit(table, share="lapse", bootstrap=count).table for count in (0, 200))
    assert np.ptp(drawn["lapse_high"]) < 1e-9
    for name in ("lapse_high", "pse_low", "pse_high", "jnd_high"):
        assert drawn[name][0] == pytest.approx(profiled[name][0], rel=0.25)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"share": ("slope",)}, "`share` must name parameters"),
        ({"asymptotes": "fixed"}, "not held"),
        ({"bounds": {"lapse": (0.02, 0.02)}}, "not held"),
    ],
)
def test_sharing_is_refused_where_it_makes_no_sense(options, words):
    with pytest.raises(OptionError, match=words):
        fit(conditions(2, seed=1), **{"share": ("lapse",), **options})


def test_sharing_is_refused_where_nobody_has_two_conditions_or_answers_are_probabilities():
    with pytest.raises(OptionError, match="two conditions"):
        fit(conditions(1, seed=1), share=("lapse",))
    table = conditions(2, seed=1)
    table["p_target"] = table.pop("n_target") / table.pop("n_trials")
    with pytest.raises(OptionError, match="`share` needs counted answers"):
        fit(table, share=("lapse",))
