"""A whole analysis of people's trials: what it finds is what they were simulated with."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from psychobench.analysis import analyse
from psychobench.analysis.tables import analysis_tables
from psychobench.errors import ComparisonError, OptionError, ResourceError, TableError
from psychobench.trials.screening import Exclusion

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


@pytest.mark.slow
def test_a_shift_between_conditions_is_found_with_its_sign_and_size():
    found = analyse(people(), gof=0)
    (pair,) = found.tests["pse"].pairs
    assert (pair.first, pair.second) == ("whole", "eyes")
    assert pair.low < 0.15 < pair.high
    assert pair.p < 0.01
    assert "The PSE was higher for eyes" in " ".join(found.sentences())


@pytest.mark.slow
def test_means_are_those_of_the_included_fits():
    found = analyse(with_a_guesser(people()), engine="ml", gof=0)
    fits = found.to_frame()
    assert not fits.loc[fits["observer"] == "p0", "status"].isin(["ok", "step"]).any()
    for row in found.descriptives.itertuples():
        of = fits[(fits["condition"] == row.condition) & found.included(row.measure)]
        assert row.mean == pytest.approx(of[row.measure].mean())
        assert row.n + row.without == 8
        assert row.low < row.mean < row.high
    pair = found.tests["pse"].pairs[0]
    assert f"t({pair.df:.0f}) = {pair.t:.2f}" in " ".join(found.sentences())


@pytest.mark.slow
def test_the_accounts_of_statuses_and_trials_add_up():
    table = with_a_guesser(people())
    table.loc[5, "response"] = np.nan
    found = analyse(table, engine="ml", gof=0)
    fits = found.to_frame()
    assert fits["n_trials"].sum() == len(table) - 1
    said = found.summary(verbose=True)
    assert f"{len(table) - 1} answered trials" in said
    assert all(f"{n} {status}" in said for status, n in fits["status"].value_counts().items())


@pytest.mark.slow
def test_nobody_is_excluded_unless_a_rule_says_so_and_then_by_name():
    table = with_a_guesser(people())
    assert len(analyse(table, engine="ml", gof=0).left_out) == 0
    found = analyse(table, engine="ml", exclude="ends<0.7", gof=0)
    assert found.left_out["observer"].tolist() == ["p0"]
    assert found.left_out["n_trials"].tolist() == [2 * len(LEVELS)]
    assert "p0" not in set(found.to_frame()["observer"])
    assert len(found.table) + found.left_out["n_trials"].sum() == len(table)
    assert "Excluded by the rule ends<0.7: 1 of 8 participants" in found.summary(verbose=True)


@pytest.mark.slow
def test_the_answer_comes_first_and_fits_a_terminal():
    found = analyse(with_a_guesser(people(9, groups=("old", "young", "child"))), between="group",
                    engine="ml", gof=39)  # fmt: skip
    lines = found.summary().splitlines()
    assert lines[0].startswith("The PSE depended on") or lines[0].startswith("No effect of group")
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    missing = found.descriptives.query("measure == 'pse' and group == 'old'")["missing"]
    assert (missing == "1 never").all()
    assert "1 never" in found.summary()
    assert found.tests["pse"].family == "planned"
    # 1 + 3 marginal means, and the conditions within each of three groups
    assert found.tests["pse"].family_size == 1 + 3 + 3


@pytest.mark.slow
def test_groups_are_compared_beside_conditions():
    found = analyse(
        people(9, groups=("old", "young", "child")), between="group", engine="ml", gof=0
    )
    assert [effect.effect for effect in found.tests["pse"].effects] == [
        "group",
        "condition",
        "condition x group",
    ]
    assert set(found.descriptives["group"]) == {"old", "young", "child"}


@pytest.mark.slow
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
    found = analyse(table, task="2afc", engine="ml", gof=0)
    assert found.to_frame()["pse"].isna().all()
    assert list(found.descriptives["measure"].unique()) == ["threshold", "jnd"]
    assert found.tests["threshold"].pairs[0].difference > 0.4
    assert "PSE" not in found.summary()


def as_counts(table):
    counts = table.groupby(["observer", "condition", "level"], sort=False)["response"]
    counts = counts.agg(n_trials="size", n_target="sum").reset_index()
    return counts.astype({"n_target": int})


@pytest.mark.slow
def test_counts_are_fitted_like_their_trials_and_only_the_checks_are_missing():
    trials = analyse(people(4), engine="ml", gof=0)
    counts = analyse(as_counts(people(4)), engine="ml", gof=0)
    assert counts.screening is None
    assert "no single trials" in counts.notes[0]
    pd.testing.assert_frame_equal(counts.descriptives, trials.descriptives)


@pytest.mark.slow
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
    found = analyse(table, engine=engine, gof=0, **options)
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert len(json.loads(text)["fits"]) == len(found.to_frame())
    assert found.tests or found.notes
    assert analysis_tables(found)["descriptives"]["n"].max() <= table["observer"].nunique()


@pytest.mark.parametrize(
    ("table", "options", "error", "said"),
    [
        (people(3), {"between": "sex"}, TableError, "there is no 'sex'"),
        (
            people(3),
            {"between": "condition", "within": "condition"},
            OptionError,
            "different columns",
        ),
        (people(3), {"between": "condition"}, TableError, "one group per participant: 'p0'"),
        (
            people(3).assign(phase=lambda t: np.where(t.index % 2, "late", "early")),
            {"within": "phase"},
            TableError,
            'keep one, like `where="condition=whole"`',
        ),
        (
            people(3, groups=("a", None)),
            {"between": "group"},
            TableError,
            "a group for everybody: 'p1'",
        ),
        (as_counts(people(3)), {"exclude": "ends"}, TableError, "one row per trial"),
    ],
)
def test_a_design_that_the_table_does_not_hold_is_refused(table, options, error, said):
    with pytest.raises(error, match=said):
        analyse(table, **options)


@pytest.mark.slow
@pytest.mark.parametrize("columns", [["condition"], []], ids=["without conditions", "with"])
def test_a_plain_data_frame_is_analysed_as_the_file_it_is_written_to(columns, tmp_path):
    table = people(3).query("condition == 'eyes'" if columns else "level >= 0")
    table = table.drop(columns=columns).astype({"response": int})
    file = tmp_path / "trials.csv"
    table.to_csv(file, index=False)
    of_frame, of_file = (analyse(each, engine="ml", gof=0) for each in (table, file))
    pd.testing.assert_frame_equal(of_frame.to_frame(), of_file.to_frame())
    assert of_frame.to_dict()["descriptives"] == of_file.to_dict()["descriptives"]
    assert of_file.provenance["data"]["file"] == "trials.csv"
    assert of_frame.provenance["data"] == {}


@pytest.mark.slow
def test_foreign_names_rows_and_rules_are_given_as_text_lists_mappings_or_objects():
    foreign = with_a_guesser(people(4, groups=("a", "b"))).rename(
        columns={"observer": "subject", "condition": "mask"}
    )
    forms = [
        {
            "columns": {"observer": "subject", "condition": "mask"},
            "where": {"group": "a"},
            "within": ["mask"],
            "exclude": [Exclusion("ends", "<", 0.7)],
            "statuses": ["ok"],
        },
        {
            "columns": "observer=subject,condition=mask",
            "where": "group=a",
            "within": "condition",
            "exclude": "ends<0.7",
            "statuses": "ok",
        },
        {
            "columns": ["observer=subject", "condition=mask"],
            "where": ["group=a"],
            "exclude": ["ends<0.7"],
            "statuses": ("ok",),
        },
    ]
    found = [analyse(foreign, engine="ml", gof=0, **each) for each in forms]
    first, *others = [
        {key: value for key, value in each.to_dict().items() if key != "provenance"}
        for each in found
    ]
    assert all(other == first for other in others)
    assert first["within"] == ["condition"]
    assert {row["observer"] for row in first["left_out"]} == {"p0"}
    assert {row["observer"] for row in first["fits"]} == {"p2"}


@pytest.mark.slow
def test_two_factors_within_people_are_described_tested_and_drawn():
    parts = [people(3, seed=4, shift=0.1 * k).assign(time=f"t{k}") for k in range(2)]
    table = pd.concat(parts, ignore_index=True)
    found = analyse(table, within="condition,time", engine="ml", gof=0)
    assert found.factors == ["condition", "time"]
    assert len(found.descriptives) == 2 * 4
    assert [pair.where for pair in found.tests["pse"].pairs] == [
        "averaged over time",
        "averaged over condition",
        "time=t0",
        "time=t1",
    ]
    assert "whole, t1" in [tick.get_text() for tick in found.plot().axes[-1].get_xticklabels()]
    with pytest.raises(TableError, match="name condition in `within`, too"):
        analyse(table, within="time", engine="ml", gof=0)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"within": ["condition", "group"]}, "'group' is the same in all rows of each"),
        ({"exclude": 0.2}, "`exclude` must hold text or Exclusion objects: got 0.2"),
        ({"statuses": ["fine"]}, "'fine'"),
        ({"where": "condition=nose"}, "`where` must leave at least one row"),
        ({"columns": {"level": "morph"}}, "no 'morph'"),
    ],
)
def test_anything_else_is_one_clear_error(options, rule):
    with pytest.raises((OptionError, TableError)) as caught:
        analyse(people(2, groups=("a", "b")), **options)
    (fault,) = caught.value.faults
    assert rule in fault


def test_a_table_of_another_kind_is_refused():
    with pytest.raises(TableError, match="the path of a CSV or TSV file: got a list"):
        analyse([1, 2])


def test_probabilities_are_analysed_without_simulations_unless_these_are_asked_for():
    levels = np.linspace(0, 1, 7)
    table = pd.DataFrame(
        {"observer": np.repeat(["a", "b"], 7), "level": np.tile(levels, 2)}
    ).assign(p_target=lambda t: 1 / (1 + np.exp(12 * (0.5 - t["level"]))))
    found = analyse(table, engine="ml")
    assert found.fits.goodness is None
    assert found.provenance["options"]["gof"] == 0
    with pytest.raises(OptionError, match="gof"):
        analyse(table, engine="ml", gof=39)


@pytest.mark.slow
def test_a_folder_is_saved_whole_or_not_at_all(tmp_path, monkeypatch):
    found = analyse(people(3), engine="ml", gof=0)
    found.save(tmp_path / "new" / "results")
    saved = {path.name for path in (tmp_path / "new" / "results").iterdir()}
    assert {"report.html", "summary.txt", "analysis.json", "fits.csv", "groups.pdf"} <= saved
    document = json.loads((tmp_path / "new" / "results" / "analysis.json").read_text("utf-8"))
    assert document == json.loads(json.dumps(found.to_dict()))
    found.report().save(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_bytes()
    assert page == (tmp_path / "new" / "results" / "report.html").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("psychobench.draw.figures.save_figure", full)
    with pytest.raises(ResourceError, match="No space left"):
        found.save(tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_one_measure_is_drawn_when_it_is_named():
    found = analyse(people(3), engine="ml", gof=0)
    (axis,) = found.plot(measure="jnd").axes
    assert axis.get_ylabel() == "JND (level)"
    assert [each.get_ylabel() for each in found.plot().axes] == ["PSE (level)", "JND (level)"]
    with pytest.raises(ComparisonError, match="did you mean 'jnd'"):
        found.plot(measure="jndd")


@pytest.mark.slow
def test_curves_are_one_row_a_point():
    curves = analyse(people(2), engine="ml", gof=0).curves()
    assert list(curves)[:6] == ["observer", "condition", "level", "p", "low", "high"]
    assert curves["p"].between(0, 1).all()
    assert set(curves["observer"]) == {"p0", "p1"}


@pytest.mark.slow
def test_the_provenance_is_plain_even_where_numbers_are_numpys():
    table = people(2).assign(part=1)
    found = analyse(table, engine="ml", gof=0, seed=np.int64(3), where={"part": np.int64(1)})
    options = json.loads(json.dumps(found.to_dict()))["provenance"]["options"]
    assert (options["seed"], options["where"]) == (3, {"part": "1"})


@pytest.mark.slow
def test_a_shared_lapse_rate_is_fitted_without_simulations_by_default():
    found = analyse(people(2), engine="ml", share="lapse")
    assert found.fits.goodness is None
    assert found.to_frame().groupby("observer")["lapse"].nunique().eq(1).all()
