"""A paper's tables filled by observers whose answers are known beforehand."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from known_networks import ODDS, SCALE

from psychobench.errors import OptionError, TableError
from psychobench.reproduction.measures import People, family_sizes, measure, replicate
from psychobench.reproduction.paper import CONTROLS, NETWORKS, check_observers
from psychobench.reproduction.pretraining_data import pretraining_lines
from psychobench.reproduction.result import Reproduction
from psychobench.reproduction.tables import gain_table
from psychobench.reproduction.text import summary


def cell(made: Reproduction, table: int, observer: str, mask: str) -> pd.Series:
    rows = made.tables[table - 1].table
    return rows[(rows["observer"] == observer) & (rows["mask"] == mask)].iloc[0]


def test_a_network_gets_its_pse_and_the_papers_test_of_it(made):
    row, people = cell(made, 2, "fe_alexnet", "nose"), made.people.measures.pse
    assert row["pse"] == pytest.approx(0.70, abs=2e-3)
    assert row["t"] == pytest.approx((row["pse"] - people.mean) / people.sem)
    assert row["df"] == 49
    assert row["p_bonferroni"] == pytest.approx(min(1, row["p"] * made.tables[1].family_size))


def test_every_table_has_the_papers_cells_with_its_own_figures(made):
    by_number = {each.of.number: each.table for each in made.tables}
    assert [len(by_number[n]) for n in (1, 2, 3)] == [4, 6, 6]
    assert list(by_number[2]["mask"]) == ["eyes", "eyes", "nose", "nose", "mouth", "mouth"]
    theirs = cell(made, 2, "fe_alexnet", "mouth")
    assert (theirs["paper_pse"], theirs["paper_t"], theirs["paper_p"]) == (0.532, -0.011, "1.000")
    assert [each.paper_family_size for each in made.tables] == [9, 7, 13]


def test_a_pse_beyond_the_levels_is_none_on_one_reading_and_one_on_the_other(made):
    row, table = cell(made, 2, "alexnet", "nose"), made.tables[1]
    assert row["status"] == "outside"
    assert np.isnan(row["pse"])
    assert row["pse_outside_is_pse"] == pytest.approx(1.10, abs=0.05)  # by extrapolation
    assert table.family_size_outside_is_pse == table.family_size + 1


def test_removing_log_odds_moves_each_pse_as_the_logit_says(made):
    row = cell(made, 1, "fe_alexnet", "none")
    assert row["pse_balanced"] - row["pse"] == pytest.approx(ODDS * SCALE, abs=2e-3)


def test_trainings_are_tested_as_a_sample(made):
    row = cell(made, 1, "alexnet", "none")
    assert row["seeds"] == 3
    assert row["seeds_sd_pse"] == pytest.approx(0.002, abs=2e-4)
    assert abs(row["welch_t"]) > 3


@pytest.mark.slow
def test_networks_without_log_odds_keep_their_pse(single):
    table = single.tables[0].table
    assert table["pse_balanced"].isna().all()
    assert table["verdict_flips"].isna().all()


def test_controls_are_no_part_of_the_papers_tables():
    pse = np.full((2, 6, 4, 1), 0.6)
    sizes = family_sizes(pse, (*NETWORKS, CONTROLS[0]))
    assert (sizes[:, :, 0] == 10).all()
    assert (sizes[:, :, 1:] == 15).all()


def test_without_controls_there_is_no_table_of_gains(made):
    assert gain_table(made.readings["none"]) is None


@pytest.mark.slow
def test_the_answers_of_a_run_give_the_same_measures_as_the_run(made):
    again_measured = measure(made.measured.answers, made.people)
    people: People = made.people
    ours = replicate(again_measured, people.measures.pse)
    np.testing.assert_allclose(ours.pse, made.readings["none"].pse)


def test_a_terminal_gets_all_tables_claims_and_departures(made, single):
    for text in (summary(made), summary(single)):
        assert text.startswith("DEMONSTRATION")
        assert all(f"Table {n}" in text for n in (1, 2, 3))
    assert "FLIPS" not in summary(single)


def test_tables_say_what_stands_behind_the_papers_words(made):
    for filled in made.tables:
        assert list(filled.table["weights"]) == [f"{name}s" for name in filled.table["pretraining"]]
    assert "'face' means faces here, and VGGFace2 in the paper." in summary(made)
    own = {
        "pretraining": "mine.pth",
        "options": {"stands_for": "face-based, as in Ying et al. (2023): VGGFace2"},
    }
    assert pretraining_lines({"alexnet, face": own}) == []


def test_a_misspelt_network_is_shown_controls_too():
    with pytest.raises(OptionError, match=r"'alexnet_linaer' is not among .*alexnet_linear"):
        check_observers(["alexnet_linaer"])


@pytest.mark.slow
def test_the_answers_of_a_saved_folder_give_the_same_results(made, experiments, tmp_path):
    made.save(tmp_path)
    infos = json.loads((tmp_path / "reproduction.json").read_text("utf-8"))["provenance"]
    again = experiments.compare(pd.read_csv(tmp_path / "trials.csv"), infos["observers"])
    pd.testing.assert_frame_equal(again.to_frame(), made.to_frame())
    pd.testing.assert_frame_equal(again.claims, made.claims)
    pd.testing.assert_frame_equal(again.departures, made.departures)


@pytest.mark.slow
def test_a_saved_folder_holds_tables_figures_claims_and_departures(made, tmp_path):
    made.save(tmp_path)
    pictures = {f"figure{n}.{kind}" for n in (2, 4) for kind in ("png", "svg", "pdf")}
    tables = {f"table{n}.csv" for n in (1, 2, 3)} | {"claims.csv", "departures.csv"}
    written = {path.name for path in tmp_path.iterdir()}
    assert written >= pictures | tables | {"report.html", "departures.md", "reproduction.json"}
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.count("<img ") == 2
    assert "DEMONSTRATION" in page
    svg = (tmp_path / "figure2.svg").read_text("utf-8")
    assert "50 SIMULATED people" in svg
    assert "FE-AlexNet" in svg


@pytest.mark.slow
def test_answers_of_networks_that_say_nothing_of_themselves_give_the_same_numbers(
    made, experiments
):
    silent = experiments.compare(made.measured.answers)
    pd.testing.assert_frame_equal(
        silent.to_frame().drop(columns="weights"), made.to_frame().drop(columns="weights")
    )
    assert set(silent.to_frame()["weights"]) == {"not known"}
    assert "DEMONSTRATION" in summary(silent)


@pytest.mark.slow
def test_answers_without_labels_and_accuracy_are_taken(made, experiments):
    bare = made.measured.answers.drop(columns=["label_log_odds", "accuracy"])
    found = experiments.compare(bare, made.infos).to_frame()
    np.testing.assert_array_equal(found["pse"], made.to_frame()["pse"])
    assert found["pse_balanced"].isna().all()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda t: t.drop(columns=["seed"]), "seed missing"),
        (lambda t: t.replace({"condition": {"eyes": "ears"}}), "condition ears"),
        (lambda t: t.iloc[1:], "1 of 48 cells lack some, such as alexnet, object"),
        (lambda t: t[(t["observer"] != "alexnet") | (t["seed"] != 2)], "8 of 48 cells"),
    ],
)
def test_answers_that_do_not_fill_the_tables_are_refused(made, experiments, change, fault):
    with pytest.raises(TableError, match=fault):
        experiments.compare(change(made.measured.answers))


def test_answers_of_an_observer_that_is_not_the_papers_are_refused(made, experiments):
    answers = made.measured.answers.replace({"observer": {"alexnet": "resnet"}})
    with pytest.raises(OptionError, match="'resnet' is not among"):
        experiments.compare(answers)
