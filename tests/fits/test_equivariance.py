"""What must not change a fit of engine `ml`, or must change it in a known way."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import xlog1py, xlogy

from psychobench.errors import FitError
from psychobench.fits.blocks import Blocks
from psychobench.fits.ml import engine as ml
from psychobench.fits.options import FitOptions
from psychobench.fits.pse import fit

LEVELS, OBSERVERS = np.linspace(0, 1, 6), 6
MIRROR = {"norm": "norm", "logistic": "logistic", "tdist": "tdist", "gumbel": "rgumbel"}


@st.composite
def answers(draw):
    """Six observers with rising curves of any steepness, cells at 0% and 100%, 1 to 60 trials."""
    trials = draw(st.sampled_from([1, 4, 20, 60]))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    width = np.exp(rng.uniform(np.log(0.05), np.log(3), (OBSERVERS, 1)))
    p = 0.03 + 0.94 / (1 + np.exp(-5.9 * (LEVELS - rng.uniform(0.1, 0.9, (OBSERVERS, 1))) / width))
    return trials, rng.binomial(trials, p)


def blocks_of(hits, trials, levels=LEVELS):
    hits = np.asarray(hits, dtype=float)
    return Blocks(np.tile(levels, (len(hits), 1)), np.full(hits.shape, float(trials)), hits)


def log_likelihood(hits, trials, p):
    return (xlogy(hits, p) + xlog1py(trials - hits, -p)).sum(axis=1)


def same(one, other, *, scale=1.0, shift=0.0):
    """Expect curves that are equally likely, at places that follow the levels.

    A curve steeper than its levels are apart can move between two of them and lose nothing.
    """
    np.testing.assert_allclose(other.objective, one.objective, atol=1e-3)
    np.testing.assert_allclose(other.psi(shift + scale * LEVELS), one.psi(LEVELS), atol=0.01)
    known = one.width > np.diff(LEVELS).min()
    places = (other.threshold - shift) / scale
    np.testing.assert_allclose(places[known], one.threshold[known], rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose((other.width / scale)[known], one.width[known], rtol=5e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "shift"), [(1e-9, 0.0), (1e6, 0.0), (1.0, 1e6)])
@given(data=answers())
@settings(max_examples=8)
def test_fits_follow_the_unit_and_the_origin_of_the_levels(scale, shift, data):
    trials, hits = data
    one = ml.fit(blocks_of(hits, trials), FitOptions())
    other = ml.fit(blocks_of(hits, trials, shift + scale * LEVELS), FitOptions())
    same(one, other, scale=scale, shift=shift)


@pytest.mark.slow
@pytest.mark.parametrize("sigmoid", MIRROR)
@given(data=answers())
@settings(max_examples=6)
def test_mirrored_levels_with_the_answers_swapped_mirror_the_curve(sigmoid, data):
    trials, hits = data
    one = ml.fit(blocks_of(hits, trials), FitOptions(sigmoid=sigmoid))
    mirrored = blocks_of(trials - hits, trials, -LEVELS)
    other = ml.fit(mirrored, FitOptions(sigmoid=MIRROR[sigmoid]))
    np.testing.assert_allclose(other.objective, one.objective, atol=2e-3)
    back, here = 1 - other.psi(-LEVELS), one.psi(LEVELS)
    unlike = np.abs(back - here).max(axis=1) > 0.02
    # Answers that are their own mirror image may have two best curves, each the other's mirror
    # image, of which a fit returns one. Both are then equally likely, to rounding.
    tied = log_likelihood(hits, trials, back) - log_likelihood(hits, trials, here)
    np.testing.assert_allclose(tied[unlike], 0, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("sigmoid", MIRROR)
@given(data=answers())
@settings(max_examples=6)
def test_a_prior_leaves_a_mirrored_curve_the_mirror_image(sigmoid, data):
    trials, hits = data
    one = ml.fit(blocks_of(hits, trials), FitOptions(sigmoid=sigmoid, priors="published"))
    mirrored = blocks_of(trials - hits, trials, -LEVELS)
    other = ml.fit(mirrored, FitOptions(sigmoid=MIRROR[sigmoid], priors="published"))
    np.testing.assert_allclose(other.objective, one.objective, atol=2e-3)
    np.testing.assert_allclose(other.psi(-LEVELS), 1 - one.psi(LEVELS), atol=0.02)


@pytest.mark.slow
@given(data=answers(), seed=st.integers(0, 99))
@settings(max_examples=8)
def test_the_order_of_levels_and_observers_means_nothing(data, seed):
    trials, hits = data
    rng = np.random.default_rng(seed)
    observers, levels = rng.permutation(OBSERVERS), rng.permutation(len(LEVELS))
    one = ml.fit(blocks_of(hits, trials), FitOptions()).take(observers)
    other = ml.fit(blocks_of(hits[observers][:, levels], trials, LEVELS[levels]), FitOptions())
    same(one, other)


@pytest.mark.slow
@given(data=answers(), seed=st.integers(0, 99))
@settings(max_examples=8)
def test_splitting_a_level_into_blocks_means_nothing_to_a_binomial_fit(data, seed):
    trials, hits = data
    first = np.random.default_rng(seed).hypergeometric(hits, trials - hits, (trials + 1) // 2)
    parts = [blocks_of(first, (trials + 1) // 2), blocks_of(hits - first, trials // 2)]
    split = Blocks(*(np.hstack([getattr(part, name) for part in parts])
                     for name in ("positions", "trials", "hits")))  # fmt: skip
    same(ml.fit(blocks_of(hits, trials), FitOptions()), ml.fit(split, FitOptions()))


@pytest.mark.slow
def test_rows_of_a_table_may_come_in_any_order_and_in_parts():
    rng = np.random.default_rng(3)
    hits = np.array([1, 3, 9, 18, 27, 29])
    whole = pd.DataFrame({"observer": "p", "level": LEVELS, "n_trials": 30, "n_target": hits})
    one = whole.assign(n_trials=10, n_target=hits // 3)
    rest = whole.assign(n_trials=20, n_target=hits - hits // 3)
    parts = pd.concat([one, rest]).sample(frac=1, random_state=rng.integers(99))
    ours, theirs = fit(whole).table, fit(parts).table
    for name in ("pse", "pse_low", "pse_high", "width", "log_likelihood", "deviance"):
        np.testing.assert_allclose(theirs[name], ours[name], rtol=3e-3)


@pytest.mark.slow
def test_cells_of_0_and_100_percent_and_single_trials_are_fitted():
    rows = {"all or none": [0, 0, 0, 1, 1, 1], "one slip": [0, 1, 0, 1, 1, 1]}
    table = pd.DataFrame(
        {
            "observer": np.repeat(list(rows), len(LEVELS)),
            "level": np.tile(LEVELS, len(rows)),
            "n_trials": 1,
            "n_target": np.concatenate(list(rows.values())),
        }
    )
    found = fit(table).table.set_index("observer")
    assert found.loc["all or none", "status"] == "step"
    assert found.loc["all or none", "pse"] == pytest.approx(0.5)
    assert found["log_likelihood"].between(-6 * np.log(2), 0).all()


@pytest.mark.parametrize("unit", [1e-310, 1e305])
def test_levels_that_floating_point_cannot_divide_are_refused(unit):
    table = pd.DataFrame({"observer": "p1", "level": np.array([1, 2, 3]) * unit, "n_trials": 9,
                          "n_target": [1, 4, 8]})  # fmt: skip
    with pytest.raises(FitError, match="give them in another unit"):
        fit(table)
