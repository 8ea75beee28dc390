"""Cohorts: the bundled one is simulated and says so, and has the published mean and spread."""

from __future__ import annotations

import json
import math
import shutil

import numpy as np
import pandas as pd
import pytest

from psychobench.errors import OptionError, ResourceError, TableError
from psychobench.fits.cohort_simulation import fit_pses
from psychobench.resources import bundled
from psychobench.stimuli import load_stimuli
from psychobench.trials import simulate
from psychobench.trials.cohort import list_cohorts, load_cohort
from psychobench.trials.simulate import simulate_people
from psychobench.trials.table import count_responses, validate_trials

PUBLISHED_MEAN, PUBLISHED_SEM = 0.532, 0.018  # Ying, Li & Chen, arXiv 2310.13674


@pytest.fixture(scope="module")
def cohort():
    return load_cohort()


@pytest.fixture(scope="module")
def small():
    return simulate_people(fit_pses, people=6, mean_pse=0.4, sem_pse=0.03, repetitions=40, seed=3)


def test_the_bundled_cohort_is_fifty_people_at_seven_levels_thirty_times(cohort):
    counts = count_responses(cohort.table)
    assert cohort.n == 50
    assert sorted(set(counts["level"])) == [0, 0.2, 0.3, 0.5, 0.7, 0.8, 1]
    assert len(counts) == 50 * 7
    assert set(counts["n_trials"]) == {30}


@pytest.mark.slow
def test_the_bundled_cohorts_fitted_pses_have_the_published_mean_and_sem(cohort):
    fits = fit_pses(cohort.table).to_frame()
    assert set(fits["status"]) <= {"ok", "step"}
    assert fits["pse"].mean() == pytest.approx(PUBLISHED_MEAN, abs=0.002)
    assert fits["pse"].sem() == pytest.approx(PUBLISHED_SEM, abs=0.001)


def test_the_bundled_cohort_says_that_it_is_simulated(cohort):
    assert cohort.simulated
    assert "SIMULATED" in cohort.title
    assert (cohort.table["simulated"] == 1).all()
    assert "SIMULATED" in (cohort.path.parent / "README.md").read_text(encoding="utf-8")
    assert list_cohorts()["name"].tolist() == ["simulated"]


def test_the_bundled_cohort_judged_the_bundled_stimuli(cohort):
    shown = cohort.table[["stimulus", "level"]].drop_duplicates()
    known = load_stimuli().table[["stimulus", "level"]]
    assert len(shown) == 7
    assert len(shown.merge(known)) == 7


def test_each_person_saw_the_stimuli_in_an_order_of_their_own(cohort):
    first = cohort.table[cohort.table["trial"] <= 20].groupby("observer")["level"].apply(tuple)
    assert first.nunique() == 50


@pytest.mark.slow
def test_the_record_of_the_bundled_cohort_agrees_with_its_table(cohort):
    record = json.loads((cohort.path.parent / "trials.csv.json").read_text(encoding="utf-8"))
    assert record["sha256"] == cohort.sha256
    assert record["simulated"] is True
    pses = fit_pses(cohort.table).to_frame()["pse"]
    assert record["reached"]["mean_pse"] == pytest.approx(pses.mean(), abs=1e-4)
    assert record["reached"]["sem_pse"] == pytest.approx(pses.sem(), abs=1e-4)


def test_a_bundled_cohort_that_was_changed_is_refused(tmp_path, monkeypatch):
    shutil.copytree(bundled("human_data"), tmp_path / "human_data")
    monkeypatch.setenv("PSYCHOBENCH_DATA", str(tmp_path))
    assert load_cohort().n == 50
    file = tmp_path / "human_data" / "simulated" / "trials.csv"
    file.write_bytes(file.read_bytes().replace(b"sim01,1,", b"sim01,2,", 1))
    with pytest.raises(ResourceError, match="as it was shipped"):
        load_cohort()


# ---------------------------------------------------------------- one's own


def write(path, observers, **columns):
    table = pd.DataFrame({"observer": observers, "level": 0.5, "response": 1, **columns})
    table.to_csv(path, index=False)
    return str(path)


def test_ones_own_file_is_a_cohort_of_real_people(tmp_path):
    file = write(tmp_path / "pilot.csv", ["h01", "h02", "h03"])
    cohort = load_cohort(file, where={"response": "1"})
    assert not cohort.simulated
    assert (cohort.name, cohort.title, cohort.n) == ("pilot.csv", "3 people in pilot.csv", 3)


@pytest.mark.slow
def test_a_simulated_table_in_ones_own_file_is_still_called_simulated(tmp_path, small):
    file = tmp_path / "people.csv"
    small.to_csv(file, index=False)
    cohort = load_cohort(str(file))
    assert cohort.simulated
    assert cohort.title == "6 SIMULATED people in people.csv"


def test_one_participant_is_no_cohort(tmp_path):
    file = write(tmp_path / "pilot.csv", ["h01", "h01"])
    with pytest.raises(
        TableError, match=r"two participants who answered: .*pilot.csv has only 'h01'"
    ):
        load_cohort(file)


def test_a_cohort_is_not_made_of_people_who_never_answered(tmp_path):
    file = write(tmp_path / "pilot.csv", ["h01", "h02"], response=[1, None])
    with pytest.raises(TableError, match="two participants"):
        load_cohort(file)


def test_an_unknown_cohort_is_refused_and_the_bundled_ones_are_listed():
    with pytest.raises(TableError, match=r"'simulatd' is neither.*simulated \(SIMULATED people\)"):
        load_cohort("simulatd")


# ---------------------------------------------------------------- simulating


@pytest.mark.slow
def test_a_simulation_meets_the_targets_it_was_given(small):
    pses = fit_pses(small).to_frame()["pse"]
    assert pses.mean() == pytest.approx(0.4, abs=0.03 / 50 + 1e-6)
    assert pses.sem() == pytest.approx(0.03, abs=0.03 / 100 + 1e-6)
    assert small.attrs["reached"]["mean_pse"] == pytest.approx(pses.mean(), abs=1e-6)


def test_a_simulated_table_keeps_the_column_contract(small):
    assert len(validate_trials(small)) == 6 * 7 * 40
    assert small.groupby("observer")["trial"].apply(list).map(len).tolist() == [280] * 6


@pytest.mark.slow
def test_the_same_seed_simulates_the_same_people_and_another_seed_others(small):
    def again(seed):
        return simulate_people(
            fit_pses, people=6, mean_pse=0.4, sem_pse=0.03, repetitions=40, seed=seed
        )

    pd.testing.assert_frame_equal(again(3), small)
    assert not again(4)["response"].equals(small["response"])


@pytest.mark.slow
def test_scaling_the_levels_scales_the_people():
    options = {"people": 8, "repetitions": 30, "seed": 2}
    one = simulate_people(
        fit_pses, mean_pse=0.5, sem_pse=0.05, levels=(0, 0.25, 0.5, 0.75, 1), **options
    )
    ten = simulate_people(
        fit_pses, mean_pse=5.0, sem_pse=0.5, levels=(0, 2.5, 5, 7.5, 10), **options
    )
    np.testing.assert_allclose(ten["level"], one["level"] * 10)
    assert (ten["response"] == one["response"]).mean() > 0.99


def test_answers_rise_with_the_level(small):
    means = small.groupby("level")["response"].mean()
    assert means.is_monotonic_increasing
    assert means.iloc[0] < 0.2
    assert means.iloc[-1] > 0.8


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"people": 1}, "`people` must be a whole number, 2 or more"),
        ({"repetitions": 0}, "`repetitions` must be a whole number, 1 or more"),
        ({"seed": -1}, "`seed` must be a whole number, 0 or more"),
        ({"levels": (0.0, 1.0)}, "three different numbers"),
        ({"levels": (0.0, 1.0, 1.0)}, "three different numbers"),
        ({"levels": (0.0, math.nan, 1.0)}, "three different numbers"),
        ({"sem_pse": 0.0}, "above 0"),
        ({"sem_pse": math.nan}, "finite number"),
        ({"mean_pse": 0.9}, "inside the levels"),
        ({"mean_pse": math.nan}, "finite number"),
        ({"stimuli": ["a"]}, "one id for each level"),
    ],
)
def test_a_cohort_that_cannot_be_is_refused(options, words):
    with pytest.raises(OptionError, match=words):
        simulate_people(fit_pses, **options)


@pytest.mark.slow
def test_a_target_that_so_few_trials_cannot_meet_is_an_error_that_says_what_was_reached(
    monkeypatch,
):
    monkeypatch.setattr(simulate, "_DRAWS", 2)
    with pytest.raises(OptionError, match="came to mean"):
        simulate_people(fit_pses, people=2, repetitions=1, sem_pse=0.001)
