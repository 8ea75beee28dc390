"""A whole analysis of people's trials: what it finds is what they were simulated with."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from psychobench.analysis import analyse
from psychobench.errors import OptionError, TableError
from psychobench.reports.analysis_text import analysis_json, analysis_tables, analysis_text
from psychobench.trials.screening import parse_exclusion

LEVELS = np.tile(np.linspace(0, 1, 7), 14)


def person(rng, name, middle, *, spread=0.15, **columns):
    """One simulated person's answers, who answers 'target' above `middle`."""
    response = LEVELS + rng.normal(0, spread, len(LEVELS)) > middle
    return pd.DataFrame({"observer": name, "level": LEVELS, "response": response * 1.0, **columns})


def people(n=8, shift=0.15, seed=1, *, groups=None):
    """Simulate people in two conditions whose PSEs lie `shift` apart, in groups or not."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(0.45, 0.04, n)
    return pd.concat(
        [
            person(
                rng,
                f"p{i}",
                middle + shift * (condition == "eyes"),
                condition=condition,
                **({} if groups is None else {"group": groups[i % len(groups)]}),
            )
            for i, middle in enumerate(middles)
            for condition in ("whole", "eyes")
        ],
        ignore_index=True,
    )


def with_a_guesser(table):
    """Let p0 press keys without looking."""
    rng = np.random.default_rng(9)
    guessed = rng.integers(0, 2, len(table)).astype(float)
    return table.assign(response=table["response"].mask(table["observer"] == "p0", guessed))


def test_a_shift_between_conditions_is_found_with_its_sign_and_size():
    found = analyse(people())
    (pair,) = found.tests["pse"].pairs
    assert (pair.first, pair.second) == ("whole", "eyes")
    assert pair.low < 0.15 < pair.high
    assert pair.p < 0.01
    assert "The PSE was higher for eyes" in " ".join(found.sentences())


def test_means_are_those_of_the_fits_that_count():
    found = analyse(with_a_guesser(people()), engine="ml")
    fits = found.to_frame()
    assert not fits.loc[fits["observer"] == "p0", "status"].isin(["ok", "step"]).any()
    for row in found.descriptives.itertuples():
        of = fits[(fits["condition"] == row.condition) & found.counted(row.measure)]
        assert row.mean == pytest.approx(of[row.measure].mean())
        assert row.n + row.without == 8
        assert row.low < row.mean < row.high
    pair = found.tests["pse"].pairs[0]
    assert f"t({pair.df:.0f}) = {pair.t:.2f}" in " ".join(found.sentences())


def test_the_accounts_of_statuses_and_trials_add_up():
    table = with_a_guesser(people())
    table.loc[5, "response"] = np.nan
    found = analyse(table, engine="ml")
    fits = found.to_frame()
    assert fits["n_trials"].sum() == len(table) - 1
    said = analysis_text(found)
    assert f"{len(table) - 1} answered trials" in said
    assert all(f"{n} {status}" in said for status, n in fits["status"].value_counts().items())


def test_nobody_is_left_out_unless_a_rule_says_so_and_then_by_name():
    table = with_a_guesser(people())
    assert len(analyse(table, engine="ml").left_out) == 0
    found = analyse(table, engine="ml", rules=[parse_exclusion("ends<0.7")])
    assert found.left_out["observer"].tolist() == ["p0"]
    assert found.left_out["n_trials"].tolist() == [2 * len(LEVELS)]
    assert "p0" not in set(found.to_frame()["observer"])
    assert len(found.table) + found.left_out["n_trials"].sum() == len(table)
    assert "Left out by the rule ends<0.7: 1 of 8 participants" in analysis_text(found)


def test_groups_are_compared_beside_conditions():
    found = analyse(people(9, groups=("old", "young", "child")), between="group", engine="ml")
    assert [effect.effect for effect in found.tests["pse"].effects] == [
        "group",
        "condition",
        "condition x group",
    ]
    assert set(found.descriptives["group"]) == {"old", "young", "child"}


def test_a_forced_choice_has_thresholds_instead_of_pses():
    rng = np.random.default_rng(3)
    level = np.tile(np.linspace(0.5, 4, 7), 15)
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "observer": f"p{i}",
                    "condition": name,
                    "level": level,
                    "response": (rng.random(len(level)) < 1 - 0.5 * np.exp(-((level / at) ** 3)))
                    * 1.0,
                }
            )
            for i in range(5)
            for name, at in (("near", 1.5), ("far", 2.5))
        ]
    )
    found = analyse(table, task="2afc", engine="ml")
    assert found.to_frame()["pse"].isna().all()
    assert list(found.descriptives["measure"].unique()) == ["threshold", "jnd"]
    assert found.tests["threshold"].pairs[0].difference > 0.4
    assert "PSE" not in analysis_text(found)


def as_counts(table):
    counts = table.groupby(["observer", "condition", "level"], sort=False)["response"]
    counts = counts.agg(n_trials="size", n_target="sum").reset_index()
    return counts.astype({"n_target": int})


def test_counts_are_fitted_like_their_trials_and_only_the_checks_are_missing():
    trials = analyse(people(4), engine="ml")
    counts = analyse(as_counts(people(4)), engine="ml")
    assert counts.screening is None
    assert "nothing to look over" in counts.notes[0]
    pd.testing.assert_frame_equal(counts.descriptives, trials.descriptives)


@pytest.mark.parametrize(
    ("table", "options"),
    [
        (people(1), {}),
        (people(1).query("condition == 'eyes'"), {}),
        (people(4).query("condition == 'eyes'"), {}),
        (people(4, groups=("a", "b")).query("condition == 'eyes'"), {"between": "group"}),
        (people(2).assign(response=1.0), {}),
        (with_a_guesser(people(1)), {}),
    ],
    ids=["one person", "one curve", "one condition", "groups alone", "one key", "one guesser"],
)
@pytest.mark.parametrize("engine", ["ml", "bayes"])
def test_small_and_odd_tables_are_analysed_as_far_as_they_go(table, options, engine):
    found = analyse(table, engine=engine, **options)
    text = json.dumps(analysis_json(found, {}), allow_nan=False)
    assert len(json.loads(text)["fits"]) == len(found.to_frame())
    assert found.tests or found.notes
    assert analysis_tables(found)["descriptives"]["n"].max() <= table["observer"].nunique()


@pytest.mark.parametrize(
    ("table", "options", "error", "said"),
    [
        (people(3), {"between": "sex"}, TableError, "there is no 'sex'"),
        (people(3), {"between": "condition", "within": "condition"}, OptionError, "two columns"),
        (people(3), {"between": "condition"}, TableError, "one group per participant: 'p0'"),
        (
            people(3).assign(phase=lambda t: np.where(t.index % 2, "late", "early")),
            {"within": "phase"},
            TableError,
            "keep one with --where condition=whole",
        ),
        (
            people(3, groups=("a", None)),
            {"between": "group"},
            TableError,
            "a group for everybody: 'p1'",
        ),
        (as_counts(people(3)), {"rules": [parse_exclusion("ends")]}, TableError, "one row per tr"),
    ],
)
def test_a_design_that_the_table_does_not_hold_is_refused(table, options, error, said):
    with pytest.raises(error, match=said):
        analyse(table, **options)
