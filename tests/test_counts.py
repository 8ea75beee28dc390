"""Counting trials loses none, mixes none and does not depend on their order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychobench.errors import OptionError, TableError
from psychobench.trials.table import count_responses, validate_trials

DESIGN = st.lists(
    st.tuples(
        st.sampled_from(["h2", "h1", "h10"]),
        st.sampled_from(["whole", "eyes"]),
        st.sampled_from([0.0, 0.3, 1.0]),
        st.sampled_from([0.0, 1.0, np.nan]),
    ),
    min_size=1,
    max_size=60,
)


def frame(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["observer", "condition", "level", "response"])


@pytest.mark.slow
@given(DESIGN)
def test_counting_trials_agrees_with_counting_by_hand(rows):
    table = frame(rows)
    if table["response"].isna().all():
        return
    counts = count_responses(validate_trials(table))
    assert counts["n_trials"].sum() == table["response"].notna().sum()
    for row in counts.itertuples():
        answers = [r for o, c, x, r in rows if (o, c, x) == row[1:4] and not np.isnan(r)]
        assert (row.n_trials, row.n_target) == (len(answers), sum(answers))


@pytest.mark.slow
@given(DESIGN)
def test_counts_spelt_out_as_trials_give_the_same_counts(rows):
    table = frame(rows).dropna()
    if table.empty:
        return
    counts = count_responses(table)
    misses = counts["n_trials"] - counts["n_target"]
    spelt = pd.concat(
        [
            counts.loc[counts.index.repeat(n)].assign(response=answer)
            for n, answer in ((misses, 0), (counts["n_target"], 1))
        ]
    ).sort_index(kind="stable")
    again = count_responses(validate_trials(spelt[["observer", "condition", "level", "response"]]))
    pd.testing.assert_frame_equal(again, counts)
    pd.testing.assert_frame_equal(count_responses(validate_trials(counts)), counts)


@pytest.mark.slow
@given(DESIGN, st.randoms())
def test_the_order_of_trials_does_not_matter_to_the_counts(rows, random):
    table = frame(rows).dropna()
    if table.empty:
        return
    shuffled = table.loc[random.sample(list(table.index), len(table))]
    keys = ["observer", "condition", "level"]
    ordered = [count_responses(each).sort_values(keys) for each in (table, shuffled)]
    pd.testing.assert_frame_equal(*(each.reset_index(drop=True) for each in ordered))


def test_curves_come_in_order_of_first_appearance_and_levels_ascend():
    table = frame([("b", "y", 1.0, 1), ("a", "x", 0.0, 0), ("b", "x", 0.0, 1), ("b", "y", 0.0, 0)])
    counts = count_responses(table)
    curves = list(zip(counts["observer"], counts["condition"], counts["level"], strict=True))
    assert curves == [("b", "y", 0.0), ("b", "y", 1.0), ("a", "x", 0.0), ("b", "x", 0.0)]


def test_sessions_stay_apart_as_blocks_of_one_curve():
    table = frame([("a", "x", 0.0, 1), ("a", "x", 0.0, 0), ("a", "x", 1.0, 1)])
    counts = count_responses(table.assign(session=["2", "1", "2"]))
    assert list(counts) == ["observer", "condition", "level", "session", "n_trials", "n_target"]
    assert counts["session"].tolist() == ["2", "1", "2"]
    assert counts["level"].tolist() == [0, 0, 1]


def test_by_splits_curves_and_an_empty_cell_is_a_group_of_its_own():
    table = frame([("a", "x", 0.0, 1)] * 3).assign(group=[1.0, np.nan, np.nan])
    counts = count_responses(table, by=["group"])
    assert list(counts)[:4] == ["observer", "condition", "group", "level"]
    assert counts["n_trials"].tolist() == [1, 2]


def test_probabilities_are_averaged_over_repeats():
    table = pd.DataFrame(
        {
            "observer": "net",
            "condition": "none",
            "level": [0.5, 0.5, 0.0],
            "p_target": [0.2, 0.4, 0],
        }
    )
    counts = count_responses(table)
    assert list(counts) == ["observer", "condition", "level", "p_target"]
    np.testing.assert_allclose(counts["p_target"], [0, 0.3])


def test_levels_that_differ_by_rounding_alone_are_one_level():
    table = frame([("a", "x", 0.1 + 0.2, 1), ("a", "x", 0.3, 0), ("a", "x", 1.0, 1)])
    counts = count_responses(table)
    assert counts["level"].tolist() == [0.3, 1.0]
    assert counts["n_trials"].tolist() == [2, 1]


def test_responses_and_probabilities_are_not_counted_as_one():
    table = frame([("a", "x", 0.0, 1), ("net", "x", 0.0, np.nan)]).assign(p_target=[np.nan, 0.5])
    with pytest.raises(TableError, match="counted apart"):
        count_responses(table)
    assert len(count_responses(table[table["observer"] == "net"])) == 1


def test_curves_can_be_split_only_by_columns_that_are_there_and_are_no_measure():
    table = frame([("a", "x", 0.0, 1)])
    with pytest.raises(OptionError, match="'level'"):
        count_responses(table, by=["level"])
    with pytest.raises(TableError, match=r"no 'conditon'.*did you mean 'condition'"):
        count_responses(table, by=["conditon"])
