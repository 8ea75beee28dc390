"""One contract at every public door: tables in any form, wrong input in one clear error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import psychobench as pb
from psychobench.errors import PsychobenchError
from psychobench.tables.positions import row_positions

LEVELS = [0.0, 0.25, 0.5, 0.75, 1.0]
REMEDIES = (";", "write", "did you mean", "must", "choose", "found:", "needs", "more faults")


def trials(conditions: tuple[str, ...] = (), people: int = 4) -> pd.DataFrame:
    """Trials of a few people, with a stimulus for every image and perhaps conditions."""
    rng = np.random.default_rng(3)
    parts = []
    for person in range(people):
        for condition in conditions or ("all",):
            table = pd.DataFrame(
                {
                    "observer": f"p{person}",
                    "condition": condition,
                    "level": np.repeat(LEVELS, 12),
                    "stimulus": [f"image_{n % 20:02d}" for n in range(60)],
                    "response": (rng.random(60) < np.repeat(LEVELS, 12)).astype(int),
                }
            )
            parts.append(table if conditions else table.drop(columns="condition"))
    return pd.concat(parts, ignore_index=True)


# every public function that takes a table: how it is called with one
TABLE_DOORS = {
    "analyse": lambda table: pb.analyse(table, engine="ml", gof=0),
    "check_trials": pb.check_trials,
    "compare_conditions": lambda table: pb.compare_conditions(table, within="condition"),
    "compare_models": lambda table: pb.compare_models(table, vary="pse"),
    "error_consistency": pb.error_consistency,
    "error_consistency(other)": lambda table: pb.error_consistency(trials(), table),
    "export_trials": lambda table: pb.export_trials(table, to="long", out="exported"),
    "fit": pb.fit,
    "fit_population": pb.fit_population,
    "load_cohort": pb.load_cohort,
    "read_trials": pb.read_trials,
}
# what else takes what a user hands in
OTHER_DOORS = {
    "compare": lambda given: pb.compare(given, given),
    "confusion_matrices": pb.confusion_matrices,
    "consistency_ceiling": pb.consistency_ceiling,
    "consistency_difference": lambda given: pb.consistency_difference(trials(), trials(), given),
    "import_trials": pb.import_trials,
    "load_observer": pb.load_observer,
    "load_stimuli": pb.load_stimuli,
    "check_stimuli": pb.check_stimuli,
    "make_trials": pb.make_trials,
    "published": pb.published,
    "recover_observers": lambda given: pb.recover_observers(given, trials()),
    "recover_observers(people)": lambda given: pb.recover_observers(trials(), given),
    "report": pb.report,
    "shape_bias": pb.shape_bias,
    "simulate_cohort(levels)": lambda given: pb.simulate_cohort(levels=given, people=2),
}
NO_INPUT = {"__version__", "list_cohorts", "list_observers", "list_stimuli"}
ELSEWHERE = {  # doors with tests of their own
    "compare_maps", "consistency_trials", "curve_distance", "demo", "find_landmarks",
    "map_attention", "mask_stimuli", "morph_stimuli", "render_stimuli",
    "read_plan", "respond", "simulate_cohort", "study",
}  # fmt: skip
TRIALS_ONLY = set(TABLE_DOORS) - {"compare_conditions", "compare_models"}  # need conditions

WRONG = {
    "None": None,
    "a number": 3,
    "a list of rows": [{"observer": "p1", "level": 0.5, "response": 1}],
    "no row": pd.DataFrame(),
    "no row under its columns": trials().head(0),
    "a missing column": trials().drop(columns="level"),
    "two rows of names": trials().set_axis(
        pd.MultiIndex.from_product([["a"], trials().columns]), axis=1
    ),
    "a column": trials()["response"],
    "a file that is not there": "no_such_file.csv",
    "a strange response": trials().assign(response="perhaps"),
}


def test_every_public_name_has_its_place_in_these_tests():
    named = {name.partition("(")[0] for name in (*TABLE_DOORS, *OTHER_DOORS)}
    assert set(pb.__all__) <= named | NO_INPUT | ELSEWHERE


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("door", TABLE_DOORS)
def test_a_wrong_table_is_one_clear_error_at_every_door(door, wrong, tmp_path, monkeypatch):
    if (door, wrong) == ("error_consistency(other)", "None"):
        pytest.skip("without other observers, pairs within the table are taken")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PsychobenchError) as caught:
        TABLE_DOORS[door](WRONG[wrong])
    for fault in caught.value.faults:
        assert "\n" not in fault
        assert any(remedy in fault for remedy in REMEDIES), fault
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", ["a number", "a list of rows", "a column", "two rows of names"])
@pytest.mark.parametrize("door", OTHER_DOORS)
def test_other_wrong_input_is_one_clear_error_too(door, wrong):
    with pytest.raises(PsychobenchError) as caught:
        OTHER_DOORS[door](WRONG[wrong])
    assert all("\n" not in fault for fault in caught.value.faults)


@pytest.mark.slow
@pytest.mark.parametrize("conditions", [(), ("whole", "hidden")])
@pytest.mark.parametrize("door", sorted(TRIALS_ONLY))
def test_a_plain_table_a_checked_one_and_a_file_are_the_same_at_every_door(
    door, conditions, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    if "error" in door and conditions:
        pytest.skip("error consistency is about one condition")
    plain = trials(conditions)
    plain.to_csv("trials.csv", index=False)
    found = []
    for table in (plain, pb.read_trials(plain), "trials.csv"):
        found.append(_frame(TABLE_DOORS[door](table)))
        for path in tmp_path.glob("exported/*"):
            path.unlink()
    pd.testing.assert_frame_equal(found[0], found[1])
    pd.testing.assert_frame_equal(found[0], found[2], check_dtype=False)


@pytest.mark.slow
def test_the_tables_that_are_handed_in_stay_as_they_were():
    table = trials(("whole", "hidden"))
    before = table.copy()
    for door in ("fit", "check_trials", "read_trials", "load_cohort"):
        TABLE_DOORS[door](table)
        pd.testing.assert_frame_equal(table, before)
        assert table.attrs == before.attrs


def _frame(found: object) -> pd.DataFrame:
    if isinstance(found, pd.DataFrame):
        return found
    return found.to_frame() if hasattr(found, "to_frame") else pd.DataFrame([vars(found)])


@pytest.mark.parametrize(
    "columns", [{"observer": "who"}, "observer=who", ["observer=who"], ("observer=who",)]
)
@pytest.mark.parametrize("where", [{"session": 1}, {"session": "1"}, "session=1", ["session=1"]])
def test_columns_and_filters_are_taken_as_mappings_texts_and_lists(columns, where):
    table = trials().rename(columns={"observer": "who"})
    table["session"] = np.where(table.index % 3, 1, 2)
    found = pb.read_trials(table, columns=columns, where=where)
    assert len(found) == (table["session"] == 1).sum()
    assert found["observer"].tolist() == table.loc[table["session"] == 1, "who"].tolist()


@pytest.mark.slow
@pytest.mark.parametrize("by", ["half", ["half"], ("half",), "half,condition"])
def test_by_is_text_or_a_list(by):
    table = trials().assign(half=lambda t: np.where(t.index % 2, "one", "two"))
    assert pb.fit(table, by=by).table["half"].tolist() == ["two", "one"] * 4


@pytest.mark.parametrize(
    "options",
    [
        {"by": 3},
        {"by": [3]},
        {"by": {"half": 1}},
        {"by": "nowhere"},
        {"columns": 3},
        {"columns": {"observer": 3.5}},
        {"columns": {"observer": ["a"]}},
        {"columns": "observer"},
        {"where": 3},
        {"where": ["session"]},
        {"where": {"session": [1, 2]}},
        {"where": {"nowhere": 1}},
        {"engine": 3},
        {"engine": ["ml"]},
        {"sigmoid": None},
        {"task": 2},
        {"bounds": 3},
        {"bounds": {"lapse": 3}},
        {"bounds": {"lapse": (0, "high")}},
        {"bounds": [("lapse", 0, 1)]},
        {"bootstrap": "many"},
        {"bootstrap": 1.5},
        {"bootstrap": True},
        {"gof": None},
        {"confidence": "95%"},
        {"confidence": None},
        {"share": 3},
        {"share": "guess"},
        {"seed": -1},
        {"seed": None},
    ],
    ids=str,
)
def test_a_wrong_option_is_one_clear_error(options):
    with pytest.raises(PsychobenchError) as caught:
        pb.fit(trials(), **options)
    for fault in caught.value.faults:
        assert "`" in fault or "column" in fault
        assert "\n" not in fault


FITS = pd.DataFrame(
    {"observer": np.repeat(list("abc"), 3), "level": [0.0, 0.5, 1.0] * 3, "n_trials": 10,
     "n_target": [0, 5, 10, 1, 7, 9, 0, 3, 10]}
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "taken"),
    [
        ([0, 2], "ac"),
        ([2, 0], "ca"),
        ([-1, -3], "ca"),
        (1, "b"),
        ([1, 1], "bb"),
        ([True, False, True], "ac"),
        (np.array([False, False, True]), "c"),
        (pd.Series([True, False, False], index=[7, 8, 9]), "a"),
        (pd.Series([True, None, False], dtype="object").eq(True), "a"),
        (range(2), "ab"),
        ([], ""),
    ],
    ids=str,
)
def test_fits_are_taken_by_mask_or_position(rows, taken):
    fits = pb.fit(FITS)
    part = fits.take(rows)
    assert part.table["observer"].tolist() == list(taken)
    np.testing.assert_array_equal(
        part.predict([0.25, 0.75]), fits.predict([0.25, 0.75])[["abc".index(t) for t in taken]]
    )
    for row, name in enumerate(taken):
        own = part.data.loc[part.data["fit"] == row, "proportion"].to_numpy()
        np.testing.assert_array_equal(own, fits.data.loc[fits.data["fit"] == "abc".index(name),
                                                         "proportion"])  # fmt: skip


@pytest.mark.parametrize(
    "rows", [[True], [True] * 4, [3], [-4], [0.5], ["a"], None, [[0, 1]], [[0], [1, 2]], "0"],
    ids=str,
)  # fmt: skip
def test_rows_that_are_not_there_are_one_clear_error(rows):
    with pytest.raises(PsychobenchError, match="`rows` must"):
        row_positions(rows, 3, "rows")
