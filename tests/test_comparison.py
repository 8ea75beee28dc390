"""What a comparison says about an observer and a cohort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from psychobench.comparison import compare, equivalence, holm, single_case_t
from psychobench.errors import ComparisonError, OptionError


@dataclass(frozen=True)
class FakeFits:
    rows: list[dict]

    def to_frame(self) -> pd.DataFrame:
        ends = dict.fromkeys(("pse_low", "pse_high", "jnd_low", "jnd_high"), np.nan)
        empty = {**ends, "jnd": 0.1, "reason": None, "crossings": 1}
        return pd.DataFrame([{**empty, **row} for row in self.rows])


def people(pses, condition="all", status="ok"):
    return [
        {
            "observer": f"h{i}",
            "condition": condition,
            "pse": pse,
            "jnd": 0.1 + 0.01 * (i % 7),
            "status": status,
        }
        for i, pse in enumerate(pses)
    ]


def model(pse, mask="none", status="ok", name="net"):
    return {"observer": name, "condition": mask, "pse": pse, "status": status}


PSES = np.random.default_rng(1).normal(0.532, 0.127, 50)


def test_fits_without_a_pse_leave_the_valid_family_but_not_the_planned_one():
    observers = FakeFits([model(0.6), model(0.7, "eyes"), model(np.nan, "nose", "never")])
    valid = compare(observers, FakeFits(people(PSES)))
    planned = compare(observers, FakeFits(people(PSES)), family="planned")
    assert (valid.family_size, planned.family_size) == (2, 3)
    np.testing.assert_allclose(
        planned.table["p_bonferroni"][:2], np.minimum(1, valid.table["p"][:2] * 3)
    )
    assert valid.table["t"].isna().tolist() == [False, False, True]


def test_a_pse_outside_the_levels_is_neither_shown_nor_tested_unless_asked_for():
    observers = FakeFits([model(1.3, status="outside")])
    hidden = compare(observers, FakeFits(people(PSES))).table
    assert hidden[["pse", "t"]].isna().all(axis=None)
    shown = compare(observers, FakeFits(people(PSES)), statuses=("ok", "step", "outside")).table
    assert shown["pse"][0] == 1.3
    assert shown["t"][0] > 0


def test_a_reversed_fit_keeps_its_pse_but_is_not_tested():
    table = compare(FakeFits([model(0.5, status="reversed")]), FakeFits(people(PSES))).table
    assert table["pse"][0] == 0.5
    assert np.isnan(table["t"][0])


def test_participants_without_a_pse_leave_the_cohort_and_are_named():
    cohort = FakeFits(
        [*people(PSES), {**people([3.0])[0], "observer": "lost", "status": "outside"}]
    )
    result = compare(FakeFits([model(0.5)]), cohort)
    assert result.cohorts["none"].pse.n == 50
    assert result.cohorts["none"].left_out == {"lost": "outside"}


def test_conditions_meet_masks_only_by_an_explicit_match():
    cohort = FakeFits([*people(PSES, "whole"), *people(PSES + 0.1, "upper")])
    observers = FakeFits([model(0.6), model(0.6, "mouth")])
    with pytest.raises(ComparisonError, match="whole, upper"):
        compare(observers, cohort)
    table = compare(observers, cohort, match={"whole": "none", "upper": "mouth"}).table
    assert table["cohort_condition"].tolist() == ["whole", "upper"]
    assert table["t"][0] > table["t"][1]


@pytest.mark.parametrize(
    ("match", "message"),
    [({"half": "none"}, "'half' is not among"), ({"whole": "eyes"}, "'none' has none")],
)
def test_a_match_that_names_nothing_is_refused(match, message):
    with pytest.raises(ComparisonError, match=message):
        compare(FakeFits([model(0.6)]), FakeFits(people(PSES, "whole")), match=match)


@pytest.mark.parametrize("pses", [[0.5], [0.5, 0.5, 0.5]])
def test_a_cohort_that_cannot_vary_gives_no_t(pses):
    with pytest.raises(ComparisonError):
        compare(FakeFits([model(0.6)]), FakeFits(people(pses)))


def test_unknown_families_and_statuses_list_the_choices():
    with pytest.raises(OptionError, match="valid, planned"):
        compare(FakeFits([model(0.6)]), FakeFits(people(PSES)), family="all")
    with pytest.raises(OptionError, match="'fine'"):
        compare(FakeFits([model(0.6)]), FakeFits(people(PSES)), statuses=["fine"])


def test_every_question_is_answered_for_pse_and_jnd_side_by_side():
    row = compare(FakeFits([model(0.7)]), FakeFits(people(PSES)), margin=0.2).table.iloc[0]
    assert row["single_p"] == single_case_t(0.7, PSES).p
    assert row["equivalence_p"] == equivalence(0.7, PSES, 0.2).p
    jnds = np.array([each["jnd"] for each in people(PSES)])
    assert row["jnd_single_p"] == single_case_t(0.1, jnds).p
    assert row["jnd_percentile"] == single_case_t(0.1, jnds).percentile
    assert row["jnd_equivalence_p"] == equivalence(0.1, jnds, 0.2).p


def test_without_a_margin_nothing_is_tested_for_equivalence():
    table = compare(FakeFits([model(0.53)]), FakeFits(people(PSES))).table
    empty = [name for name in table if "equivalence" in name or "margin" in name]
    assert len(empty) == 8
    assert table[empty].isna().all(axis=None)


@pytest.mark.parametrize("margin", [0, -1, np.nan, np.inf])
def test_a_margin_must_be_a_positive_number(margin):
    with pytest.raises(OptionError, match="margin"):
        compare(FakeFits([model(0.53)]), FakeFits(people(PSES)), margin=margin)


def test_each_question_is_corrected_over_the_same_family():
    observers = FakeFits([model(pse, mask) for pse, mask in ((0.6, "a"), (0.7, "b"), (0.9, "c"))])
    table = compare(observers, FakeFits(people(PSES)), family="planned", margin=0.3).table
    for name in ("single_p", "p", "equivalence_p", "jnd_single_p", "jnd_p"):
        np.testing.assert_allclose(table[f"{name}_bonferroni"], np.minimum(1, 3 * table[name]))
        np.testing.assert_allclose(table[f"{name}_holm"], holm(table[name], 3))


def test_a_step_has_a_pse_to_test_but_no_jnd():
    observers = FakeFits([model(0.5, status="step"), model(0.5, "eyes")])
    cohort = [*people(PSES), {**people([0.5], status="step")[0], "observer": "steep"}]
    result = compare(observers, FakeFits(cohort))
    assert (result.family_size, result.jnd_family_size) == (2, 1)
    assert result.table["jnd_p"].isna().tolist() == [True, False]
    everyone = result.cohorts["none"]
    assert (everyone.pse.n, everyone.jnd.n) == (51, 50)
    assert everyone.jnd_left_out == {"steep": "step"}


def test_people_whose_jnds_cannot_be_tested_still_have_their_pses_tested():
    cohort = FakeFits([{**each, "jnd": 0.1} for each in people(PSES)])
    table = compare(FakeFits([model(0.7)]), cohort).table
    assert np.isfinite(table["t"][0])
    assert np.isnan(table["jnd_t"][0])


def test_a_comparison_draws_people_and_observers_where_they_lie():
    result = compare(FakeFits([model(0.7), model(np.nan, "eyes", "never")]), FakeFits(people(PSES)))
    axes = result.plot().axes[0]
    drawn = np.concatenate([line.get_xdata() for line in axes.lines])
    assert np.isin(PSES, drawn).all()
    assert 0.7 in drawn
    assert [label.get_text() for label in axes.get_yticklabels()] == ["none", "eyes"]
    assert result.plot(axes) is axes.figure
