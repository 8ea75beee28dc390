"""Whether answers rise, fall or neither: against a library's isotonic fit, and in guessing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import isotonic_regression
from scipy.special import xlogy

from psychobench.fits.blocks import Blocks
from psychobench.fits.direction import find_direction, is_undecided

RNG = np.random.default_rng(8)


def blocks_of(hits, trials):
    hits = np.asarray(hits, dtype=float)
    levels = np.tile(np.arange(float(hits.shape[1])), (len(hits), 1))
    return Blocks(levels, np.broadcast_to(np.asarray(trials, dtype=float), hits.shape), hits)


def test_the_best_courses_are_those_of_isotonic_regression():
    trials = RNG.integers(1, 30, 8)
    hits = RNG.binomial(trials, RNG.uniform(0, 1, (50, 8)))
    found = find_direction(blocks_of(hits, trials))
    for row, of in enumerate(hits):
        up, down = (
            isotonic_regression(of / trials, weights=trials, increasing=side).x
            for side in (True, False)
        )
        likely = [(xlogy(of, p) + xlogy(trials - of, 1 - p)).sum() for p in (up, down)]
        assert found.gain[row] == pytest.approx(abs(likely[0] - likely[1]), abs=1e-9)
        assert found.falling[row] == (likely[0] < likely[1])


@pytest.mark.slow
@pytest.mark.parametrize(("levels", "trials"), [(5, 10), (7, 30), (9, 50), (11, 40), (11, 2)])
@pytest.mark.parametrize("rate", [0.3, 0.5])
def test_fewer_than_a_twentieth_of_guessers_seem_to_rise_or_fall(levels, trials, rate):
    hits = np.random.default_rng(levels).binomial(trials, rate, (2000, levels))
    decided = ~is_undecided(blocks_of(hits, trials))
    assert 0.02 < decided.mean() < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 2000)


@pytest.mark.parametrize(("levels", "trials"), [(5, 3), (6, 30), (40, 1), (37, 2)])
def test_mirrored_levels_or_swapped_answers_turn_the_direction_and_nothing_else(levels, trials):
    hits = RNG.binomial(trials, np.linspace(0.35, 0.65, levels), (30, levels))
    one, mirrored, swapped = (
        blocks_of(each, trials) for each in (hits, hits[:, ::-1], trials - hits)
    )
    found, decided = find_direction(one), is_undecided(one)
    for other in (mirrored, swapped):
        turned = find_direction(other)
        np.testing.assert_allclose(turned.gain, found.gain, atol=1e-9)
        clear = found.gain > 1e-9
        assert (turned.falling != found.falling)[clear].all()
        assert (is_undecided(other) == decided).all()


def test_blocks_of_one_level_count_together_and_rows_have_no_say_in_each_other():
    hits = RNG.binomial(20, 0.5, (30, 6))
    first = RNG.hypergeometric(hits, 20 - hits, 9)
    whole = blocks_of(hits, 20)
    split = Blocks(
        np.hstack([whole.positions, whole.positions[:, ::-1]]),
        np.repeat([[9.0, 11.0]], 6, axis=1) * np.ones((30, 1)),
        np.hstack([first, (hits - first)[:, ::-1]]).astype(float),
    )
    np.testing.assert_allclose(find_direction(split).gain, find_direction(whole).gain, atol=1e-9)
    alone = [is_undecided(whole.take(np.array([row])))[0] for row in range(30)]
    assert alone == is_undecided(whole).tolist()
