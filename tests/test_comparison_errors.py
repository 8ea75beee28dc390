"""Error consistency: who errs on the same stimuli, beyond what level and accuracy give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from psychobench.comparison import CohortMeasures, compare_errors, error_consistency
from psychobench.errors import ComparisonError

LEVELS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
ACCURACY = (0.95, 0.85, 0.7, 0.7, 0.85, 0.95)


def judged(correct, observers=None):
    """Trials from correctness, shape (observers, levels, stimuli)."""
    who = observers or [f"h{i}" for i in range(len(correct))]
    rows = [
        (name, "all", f"s{lv}-{s}", level, int(right) if level > 0.5 else 1 - int(right))
        for name, mine in zip(who, correct, strict=True)
        for lv, (level, stimuli) in enumerate(zip(LEVELS, mine, strict=True))
        for s, right in enumerate(stimuli)
    ]
    return pd.DataFrame(rows, columns=["observer", "condition", "stimulus", "level", "response"])


def sharing(kappa, rng, observers=2, stimuli=20):
    """People of whom any two have this kappa: each takes over a common answer now and then."""
    p = np.array(ACCURACY)[:, None]
    common = rng.random((1, len(LEVELS), stimuli)) < p
    own = rng.random((observers, len(LEVELS), stimuli)) < p
    return np.where(rng.random(own.shape) < np.sqrt(kappa), common, own)


def plain_kappa(a, b):
    """Cohen's kappa level by level with loops; what agrees with no chance agreement weighs most."""
    above = below = 0.0
    for x, y in zip(a, b, strict=True):
        n = len(x)
        observed = sum(1 for i in range(n) if x[i] == y[i]) / n
        p, q = sum(x) / n, sum(y) / n
        chance = p * q + (1 - p) * (1 - q)
        above += n * (observed - chance)
        below += n * (1 - chance)
    return above / below


@pytest.mark.parametrize("kappa", [0.0, 0.3, 0.8])
def test_a_known_kappa_is_recovered(kappa):
    correct = sharing(kappa, np.random.default_rng(2), observers=8, stimuli=100)
    found = error_consistency(judged(correct))
    assert found.kappa == pytest.approx(kappa, abs=0.05)
    assert found.kappa_low < kappa < found.kappa_high
    assert (found.n_pairs, found.n_stimuli) == (28, 600)


@pytest.mark.slow
@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.integers(2, 12))
def test_kappa_is_a_plain_loop_s(seed, kappa, stimuli):
    correct = sharing(kappa, np.random.default_rng(seed), stimuli=stimuli)
    try:
        expected = plain_kappa(*correct.tolist())
    except ZeroDivisionError:
        with pytest.raises(ComparisonError, match="undefined"):
            error_consistency(judged(correct))
        return
    found = error_consistency(judged(correct), bootstrap=0)
    assert found.kappa == pytest.approx(expected, abs=1e-12)


def test_the_mean_over_pairs_is_that_of_single_pairs():
    correct = sharing(0.3, np.random.default_rng(3), observers=4)
    pairs = [plain_kappa(correct[i], correct[j]) for i in range(4) for j in range(i)]
    assert error_consistency(judged(correct)).kappa == pytest.approx(np.mean(pairs))
    one, rest = judged(correct[:1], ["net"]), judged(correct[1:])
    assert error_consistency(one, rest).kappa == pytest.approx(
        np.mean([plain_kappa(correct[0], each) for each in correct[1:]])
    )


def test_sharing_a_psychometric_function_is_no_agreement():
    # both are accurate far from the midpoint and guess near it: pooled over levels they agree
    rng = np.random.default_rng(4)
    found = error_consistency(judged(sharing(0.0, rng, observers=6, stimuli=60)))
    assert found.agreement > 0.65
    assert found.kappa == pytest.approx(0, abs=0.04)


def test_errors_on_each_other_s_correct_stimuli_are_below_chance():
    rng = np.random.default_rng(5)
    first = rng.random((len(LEVELS), 20)) < 0.5
    assert error_consistency(judged([first, ~first])).kappa < -0.9
    assert error_consistency(judged([first, first])).kappa == pytest.approx(1)


def test_the_order_of_trials_and_of_observers_does_not_matter():
    table = judged(sharing(0.4, np.random.default_rng(6), observers=3))
    shuffled = table.sample(frac=1, random_state=1)
    assert error_consistency(shuffled).kappa == pytest.approx(error_consistency(table).kappa)


def test_swapping_the_categories_keeps_kappa():
    table = judged(sharing(0.4, np.random.default_rng(7)))
    swapped = table.assign(level=1 - table["level"], response=1 - table["response"])
    assert error_consistency(swapped).kappa == pytest.approx(error_consistency(table).kappa)


def test_levels_at_the_midpoint_are_left_out():
    table = judged(sharing(0.4, np.random.default_rng(8)))
    middle = table.assign(level=0.5, stimulus="m" + table["stimulus"])
    both = pd.concat([table, middle])
    assert error_consistency(both) == error_consistency(table)


def test_a_probability_counts_as_the_answer_that_it_favours():
    table = judged(sharing(0.4, np.random.default_rng(9)))
    mine = table[table["observer"] == "h0"]
    people = table[table["observer"] == "h1"]
    probabilities = mine.drop(columns="response").assign(
        p_target=np.where(mine["response"] == 1, 0.6, 0.2), observer="net", condition="none"
    )
    assert error_consistency(probabilities, people) == error_consistency(mine, people)


def test_repeated_answers_and_counts_are_the_same():
    rng = np.random.default_rng(10)
    table = pd.concat([judged(sharing(0.4, rng, observers=3)) for _ in range(4)])
    keys = ["observer", "condition", "stimulus", "level"]
    counts = table.groupby(keys, as_index=False).agg(
        n_trials=("response", "size"), n_target=("response", "sum")
    )
    assert error_consistency(counts).kappa == pytest.approx(error_consistency(table).kappa)


def test_trials_without_an_answer_count_for_nobody():
    table = judged(sharing(0.4, np.random.default_rng(11))).astype({"response": float})
    lost = table["observer"].eq("h0") & table["stimulus"].str.endswith("-3")
    unanswered = table.assign(response=table["response"].mask(lost))
    without = table[~table["stimulus"].str.endswith("-3")]
    assert error_consistency(unanswered).kappa == pytest.approx(error_consistency(without).kappa)


def test_folders_and_image_endings_do_not_hide_that_stimuli_are_the_same():
    table = judged(sharing(0.4, np.random.default_rng(12)))
    table["stimulus"] += "_0.7"
    other = table.assign(stimulus="img/" + table["stimulus"] + ".PNG")
    one, two = table[table["observer"] == "h0"], other[other["observer"] == "h1"]
    assert error_consistency(one, two).kappa == error_consistency(table).kappa


@pytest.mark.slow
@pytest.mark.parametrize("draws", [0, 200])
def test_the_interval_covers_the_kappa_of_endless_stimuli(draws):
    rng = np.random.default_rng(13)
    tables = [judged(sharing(0.4, rng, stimuli=20)) for _ in range(100)]
    found = [error_consistency(table, bootstrap=draws) for table in tables]
    covered = np.mean([each.kappa_low <= 0.4 <= each.kappa_high for each in found])
    assert 0.88 <= covered <= 0.98


def test_with_fewer_than_four_stimuli_in_a_level_there_is_no_interval():
    correct = sharing(0.4, np.random.default_rng(14), observers=5, stimuli=3)
    found = error_consistency(judged(correct))
    assert np.isfinite(found.kappa)
    assert np.isnan([found.kappa_low, found.kappa_high]).all()


TABLE = judged(sharing(0.4, np.random.default_rng(15)))


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        (TABLE.drop(columns="stimulus"), None, "no column 'stimulus'"),
        (TABLE.assign(stimulus=TABLE["level"].astype(str)), None, "several stimuli per level"),
        (TABLE, TABLE.assign(stimulus="other" + TABLE["stimulus"]), "no stimulus in common"),
        (TABLE[TABLE["observer"] == "h0"], None, "at least two observers"),
        (TABLE.assign(level=TABLE["level"] * 100), None, "run from 0 to 100"),
        (TABLE.assign(response=TABLE["level"].gt(0.5).astype(int)), None, "undefined"),
        (TABLE.assign(condition=TABLE["observer"]), None, "one condition"),
        (TABLE.assign(level=0.5), None, "away from the midpoint"),
    ],
)
def test_where_error_consistency_is_undefined_it_is_refused_with_the_reason(one, other, message):
    with pytest.raises(ComparisonError, match=message):
        error_consistency(one, other)


def test_levels_in_another_unit_need_their_midpoint():
    percent = TABLE.assign(level=TABLE["level"] * 100)
    assert error_consistency(percent, midpoint=50) == error_consistency(TABLE)


def cohort(condition):
    return CohortMeasures(condition, np.array([]), np.array([]), {}, {})


def test_observers_are_set_beside_people_among_themselves_mask_by_mask():
    rng = np.random.default_rng(16)
    correct = sharing(0.5, rng, observers=6)
    people = judged(correct[:5])
    net = judged(correct[5:], ["net"]).assign(condition="none")
    odd = judged(sharing(0, rng, observers=1), ["odd"]).assign(condition="none")
    table = compare_errors(pd.concat([net, odd]), people, {"none": cohort("all")})
    assert table["observer"].tolist() == ["net", "odd"]
    assert table["consistency"][0] == error_consistency(net, people).kappa
    assert table["consistency"][0] > 0.35 > 0.2 > table["consistency"][1]
    assert (table["consistency_people"] == error_consistency(people).kappa).all()
    assert table["consistency_reason"].isna().all()


def test_a_mask_without_error_consistency_says_why():
    table = compare_errors(
        TABLE.assign(condition="none"), TABLE.drop(columns="stimulus"), {"none": cohort("all")}
    )
    assert table["consistency"].isna().all()
    assert table["consistency_reason"].str.contains("no column 'stimulus'").all()


@pytest.mark.slow
def test_real_people_err_on_the_same_identities(shared):
    # 20 identities at each of 11 levels; the authors left out p017 and p018
    table = pd.read_csv(shared / "wegrzyn2015" / "trials.csv").rename(
        columns={"subject": "observer", "chose_anger": "response"}
    )
    table = table[(table["condition"] == "whole") & ~table["observer"].isin(["p017", "p018"])]
    table = table.assign(stimulus=table["identity"] + "_" + table["level"].astype(str))
    found = error_consistency(table)
    assert found.n_stimuli == 200
    assert found.kappa_low > 0.05
    # identities shuffled within people and levels: nothing is left
    rng = np.random.default_rng(17)
    by = ["observer", "level"]
    mixed = table.assign(response=table.groupby(by)["response"].transform(rng.permutation))
    assert error_consistency(mixed, bootstrap=0).kappa == pytest.approx(0, abs=0.02)
