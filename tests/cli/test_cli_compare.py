"""The main job from the command line, with the observer that needs no torch."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

BASE = ("compare", "--observer", "template", "--seeds", "1")


@pytest.fixture(scope="module")
def known():
    """What commands printed, by their arguments."""
    return {}


@pytest.fixture
def compared(run_cli, known):
    """Run a comparison with the bundled people, or return what it printed before."""

    def compared(*arguments):
        if arguments not in known:
            known[arguments] = run_cli(*BASE, *arguments)
        return known[arguments]

    return compared


@pytest.fixture
def own_stimuli(tmp_path):
    """A psychologist's folder: brighter and brighter patches."""
    folder = tmp_path / "patches"
    folder.mkdir()
    for name, value in (("a", 40), ("b", 120), ("c", 220)):
        Image.fromarray(np.full((48, 64, 3), value, np.uint8)).save(folder / f"{name}.png")
    (folder / "levels.csv").write_text("stimulus,level\na,0\nb,0.5\nc,1\n")
    return folder


@pytest.fixture
def own_humans(tmp_path):
    """Three people, counted."""
    rows = ["observer,level,n_trials,n_target"]
    for who, targets in (("h1", (1, 4, 9)), ("h2", (0, 6, 10)), ("h3", (1, 7, 10))):
        rows += [f"{who},{lv},10,{k}" for lv, k in zip((0, 0.5, 1), targets, strict=True)]
    file = tmp_path / "people.csv"
    file.write_text("\n".join(rows) + "\n")
    return file


@pytest.mark.slow
def test_the_json_document_holds_the_agreed_keys_and_a_row_per_mask(compared):
    ran = compared("--json")
    assert ran.code == 0
    document = json.loads(ran.out)
    assert document["cohort"]["simulated"] is True
    assert document["cohort"]["n"] == 50
    assert document["cohort"]["mean_pse"] == pytest.approx(0.532, abs=0.002)
    assert document["cohort"]["sem_pse"] == pytest.approx(0.018, abs=0.001)
    assert [row["mask"] for row in document["rows"]] == ["none", "eyes", "nose", "mouth"]
    with_test = [row for row in document["rows"] if row["t"] is not None]
    assert document["family_size"] == len(with_test)
    for row in with_test:
        cohort = document["cohort"]
        expected = (row["pse"] - cohort["mean_pse"]) / cohort["sem_pse"]
        assert row["t"] == pytest.approx(expected)
        assert row["df"] == 49
        assert row["p_bonferroni"] == pytest.approx(min(1, row["p"] * document["family_size"]))


@pytest.mark.slow
def test_a_simulated_cohort_makes_a_demonstration_and_no_claim(compared):
    for ran in (compared(), compared("--verbose")):
        first = " ".join(ran.out.split("\n\n")[0].split())
        assert first.startswith("DEMONSTRATION")
        assert "simulated" in first
        assert "no claim about people" in first


@pytest.mark.slow
def test_the_same_seed_gives_the_same_table(run_cli, own_humans):
    base = (*BASE, "--humans", own_humans, "--trials", "30", "--json", "--seed")
    one, two, other = (json.loads(run_cli(*base, seed).out) for seed in (3, 3, 4))
    assert one["rows"] == two["rows"] != other["rows"]


@pytest.mark.slow
def test_drawn_trials_scatter_about_the_probabilities_pse(run_cli, compared, own_humans):
    exact = json.loads(compared("--mask", "none", "--json").out)["rows"][0]
    drawn = (*BASE, "--humans", own_humans, "--mask", "none", "--trials", "400", "--json")
    pse = json.loads(run_cli(*drawn).out)["rows"][0]["pse"]
    assert pse == pytest.approx(exact["pse"], abs=0.03)


@pytest.mark.slow
def test_the_peoples_levels_alone_can_be_fitted(run_cli, tmp_path):
    ran = run_cli(*BASE, "--levels", "human", "--mask", "none", "--out", tmp_path / "out")
    assert ran.code == 0
    trials = pd.read_csv(tmp_path / "out" / "trials.csv")
    levels = trials.loc[trials["kind"] == "observer", "level"].tolist()
    assert levels == [0, 0.2, 0.3, 0.5, 0.7, 0.8, 1]


@pytest.mark.slow
def test_out_holds_tables_figure_and_provenance(run_cli, tmp_path):
    out = tmp_path / "new" / "out"
    assert run_cli(*BASE, "--out", out).code == 0
    assert {path.name for path in out.iterdir()} == {
        "trials.csv",
        "fits.csv",
        "tests.csv",
        "report.html",
        "curves.pdf",
        "curves.png",
        "curves.svg",
        "summary.txt",
        "comparison.json",
        "plan.toml",
        "provenance.json",
    }
    fits = pd.read_csv(out / "fits.csv")
    assert fits["kind"].value_counts().to_dict() == {"simulated": 50, "observer": 4}
    record = json.loads((out / "provenance.json").read_text())
    assert record["seed"] == 0
    assert len(record["stimuli"]["sha256"]) == 64
    assert len(record["humans"]["sha256"]) == 64
    assert "numpy" in record["versions"]
    assert "simulated" in (out / "curves.svg").read_text()


@pytest.mark.slow
def test_ones_own_stimuli_and_people_go_through(run_cli, own_stimuli, own_humans):
    ran = run_cli(*BASE, "--stimuli", own_stimuli, "--humans", own_humans, "--json")
    assert ran.code == 0
    document = json.loads(ran.out)
    assert document["cohort"]["simulated"] is False
    assert document["stimuli"]["rendered"] is False
    assert [row["mask"] for row in document["rows"]] == ["none"]
    assert not any("DEMONSTRATION" in note for note in [document["heading"], *document["notes"]])


@pytest.mark.slow
def test_people_who_named_the_observers_images_judged_the_same_stimuli(
    run_cli, own_stimuli, own_humans
):
    table = pd.read_csv(own_humans).assign(stimulus=list("abc") * 3)
    table.to_csv(own_humans, index=False)
    arguments = ("--stimuli", own_stimuli, "--humans", own_humans, "--json")
    assert json.loads(run_cli(*BASE, *arguments).out)["stimuli"]["judged_by_cohort"] is True
    table.assign(stimulus="elsewhere.png").to_csv(own_humans, index=False)
    assert json.loads(run_cli(*BASE, *arguments).out)["stimuli"]["judged_by_cohort"] is False


@pytest.mark.slow
def test_real_people_who_judged_other_faces_are_said_to_have(run_cli, shared):
    ran = run_cli(
        *BASE,
        *("--humans", shared / "wegrzyn2015" / "trials.csv"),
        *("--columns", "observer=subject,response=chose_anger", "--where", "condition=whole"),
        "--json",
    )
    assert ran.code == 0
    document = json.loads(ran.out)
    assert document["cohort"]["simulated"] is False
    assert document["cohort"]["n"] + len(document["cohort"]["left_out"]) == 30
    assert "judged different stimuli" in " ".join(document["notes"])


@pytest.mark.slow
def test_conditions_of_real_people_are_matched_by_hand(run_cli, shared):
    arguments = (
        *BASE,
        *("--humans", shared / "wegrzyn2015" / "trials.csv"),
        *("--columns", "observer=subject,response=chose_anger"),
    )
    refused = run_cli(*arguments)
    assert refused.code == 1
    assert "whole" in refused.err
    assert "--match" in refused.err
    # their condition 'mouth' showed the lower half alone, which hides the eyes
    matched = run_cli(*arguments, "--match", "whole=none,mouth=eyes", "--json")
    assert matched.code == 0
    rows = json.loads(matched.out)["rows"]
    assert [(row["mask"], row["cohort_condition"]) for row in rows] == [
        ("none", "whole"),
        ("eyes", "mouth"),
    ]


@pytest.mark.slow
def test_a_folder_of_photographs_with_levels_is_judged_as_it_is(run_cli, shared, tmp_path):
    rows = ["stimulus,level"]
    for level, name in enumerate(("_female_avg.jpg", "_male_avg.jpg")):
        shutil.copy(shared / "webmorph" / name, tmp_path)
        rows.append(f"{name},{level}")
    (tmp_path / "levels.csv").write_text("\n".join(rows))
    ran = run_cli(*BASE, "--stimuli", tmp_path, "--json")
    assert ran.code == 0
    document = json.loads(ran.out)
    assert (document["stimuli"]["n"], document["stimuli"]["rendered"]) == (2, False)
    assert [row["mask"] for row in document["rows"]] == ["none"]
    assert "judged different stimuli" in document["notes"][0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--observer", "nobody"], ["'nobody'", "template"]),
        (["--stimuli", "nowhere"], ["nowhere", "rendered-average"]),
        (["--humans", "missing.csv"], ["missing.csv", "simulated"]),
        (["--mask", "ears"], ["'ears'", "eyes"]),
        (["--columns", "nonsense"], ["--columns"]),
        (["--columns", "level=morph"], ["morph"]),
        (["--where", "condition=upper"], ["condition", "found"]),
        (["--where", "nonsense"], ["--where"]),
        (["--match", "all"], ["--match", "whole=none"]),
        (["--match", "all=none,all=eyes"], ["once"]),
        (["--match", "all=none,other=none"], ["once"]),
        (["--match", "all="], ["--match", "whole=none"]),
        (["--match", "whole=none"], ["'whole'", "all"]),
        (["--engine", "magic"], ["magic", "ml", "psignifit"]),
        (["--statuses", "fine"], ["'fine'", "ok"]),
        (["--margin", "0"], ["margin", "above 0"]),
        (["--margin=-0.1"], ["margin", "above 0"]),
        (["--margin", "nan"], ["margin", "above 0"]),
        (["--margin", "inf"], ["margin", "above 0"]),
        (["--pretraining", "imagenet"], ["template", "pretraining"]),
    ],
)
def test_wrong_input_ends_in_one_clear_line_and_writes_nothing(run_cli, tmp_path, arguments, words):
    ran = run_cli(*BASE, *arguments, "--out", tmp_path / "out")
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err.startswith("Error:")
    assert len(ran.err.splitlines()) == 1
    for word in words:
        assert word in ran.err
    assert not (tmp_path / "out").exists()


def test_all_faults_come_together_before_anybody_answers(run_cli):
    ran = run_cli(*BASE, "--observer", "nobody", "--humans", "missing.csv", "--stimuli", "nowhere")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 3
    assert "judges" not in ran.err


def test_an_output_folder_that_is_a_file_is_refused_before_work(run_cli, tmp_path):
    (tmp_path / "out").write_text("mine")
    ran = run_cli(*BASE, "--out", tmp_path / "out")
    assert ran.code == 1
    assert "writable" in ran.err
    assert "judges" not in ran.err
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", ["empty"]),
        ("observer,level,response\n", ["no"]),
        ("observer,level,response\nh1,0,0\nh1,1,1\n", ["two participants"]),
        ("observer,level,response\nh1,0,2\nh1,1,1\nh2,0,0\n", ["row 2", "h1"]),
        ("observer,level,response\nh1,high,1\nh2,1,1\n", ["row 2", "high"]),
        ("observer,level,n_trials,n_target\nh1,0,5,7\nh2,1,5,5\n", ["n_target", "row 2"]),
        ("observer,level,response\nh1,0.5,1\nh2,0.5,0\n", ["level"]),
        ("who,level,response\nh1,0.5,1\n", ["observer", "who"]),
    ],
)
def test_a_faulty_cohort_names_rule_and_place(run_cli, tmp_path, table, words):
    file = tmp_path / "people.csv"
    file.write_text(table)
    ran = run_cli(*BASE, "--humans", file)
    assert ran.code == 1
    assert "people.csv" in ran.err
    for word in words:
        assert word in ran.err


@pytest.mark.slow
def test_numbers_that_do_not_exist_are_null_in_json(run_cli, own_stimuli):
    # grey patches tell the template little: whatever it says, no NaN may reach the document
    ran = run_cli(*BASE, "--stimuli", own_stimuli, "--json")
    assert ran.code == 0
    for row in json.loads(ran.out, parse_constant=pytest.fail)["rows"]:
        assert row["pse"] is None or math.isfinite(row["pse"])


@pytest.fixture
def same_faces(tmp_path):
    """Six bright-to-dark identities, and twelve people who judged the very same images."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "identities"
    folder.mkdir()
    levels, trials = ["stimulus,level"], ["observer,stimulus,level,response"]
    for identity in range(6):
        for level in (0, 0.25, 0.5, 0.75, 1):
            name = f"f{identity}_{level}.png"
            pixels = rng.normal(60 + 130 * level, 10, (48, 64, 3))
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / name)
            levels.append(f"{name},{level}")
            odd = rng.normal(level - 0.5, 0.2)
            answers = rng.random(12) < 1 / (1 + np.exp(-odd / 0.1))
            trials += [f"h{who},{name},{level},{int(said)}" for who, said in enumerate(answers)]
    (folder / "levels.csv").write_text("\n".join(levels) + "\n")
    file = tmp_path / "same.csv"
    file.write_text("\n".join(trials) + "\n")
    return "--stimuli", folder, "--humans", file


@pytest.mark.slow
def test_people_who_judged_the_same_images_are_compared_error_by_error(run_cli, same_faces):
    row = json.loads(run_cli(*BASE, *same_faces, "--json").out)["rows"][0]
    assert row["consistency_stimuli"] == 24
    assert (
        row["consistency_people_low"] < row["consistency_people"] < row["consistency_people_high"]
    )
    assert row["consistency_people"] > 0.1
    assert row["consistency_reason"] is None
    assert "Error consistency (Cohen's kappa)" in run_cli(*BASE, *same_faces, "--verbose").out


@pytest.mark.slow
def test_one_image_per_level_gives_no_error_consistency_and_says_so_in_one_line(compared):
    ran = compared("--verbose")
    lines = [line for line in ran.out.splitlines() if line.startswith("Does it err")]
    assert len(lines) == 1
    assert "Not available" in lines[0]
    assert "several stimuli per level" in lines[0]


@pytest.mark.slow
def test_every_question_stands_before_its_answers_and_the_single_case_comes_first(run_cli):
    out = run_cli(*BASE, "--margin", "0.1", "--verbose").out
    questions = [line.partition("?")[0] for line in out.splitlines() if "? " in line]
    assert questions[:3] == [
        "Could it be one of these people",
        "Does it differ from the average person",
        "Is its PSE equivalent to the average person's",
    ]
    assert "could be one of them" in out
    assert "for 4 tests of the PSE and 4 of the JND" in out
    assert "family 'valid'" in out


@pytest.mark.slow
def test_the_margin_is_the_user_s_and_kept_in_the_provenance(compared):
    without = json.loads(compared("--mask", "none", "--json").out)
    assert without["margin"] is None
    assert all(row["equivalence_p"] is None for row in without["rows"])
    asked = json.loads(compared("--mask", "none", "--margin", "0.15", "--json").out)
    assert asked["margin"] == asked["provenance"]["options"]["margin"] == 0.15
    assert all(0 <= row["equivalence_p"] <= 1 for row in asked["rows"])
    assert all(0 <= row["jnd_equivalence_p"] <= 1 for row in asked["rows"])


@pytest.mark.slow
def test_drawn_trials_give_the_pse_an_interval_that_is_printed(compared):
    ran = compared("--trials", "30", "--mask", "none", "--verbose")
    row = json.loads(compared("--trials", "30", "--mask", "none", "--json").out)["rows"][0]
    assert row["pse_low"] < row["pse"] < row["pse_high"]
    # without the zero that every PSE between 0 and 1 would begin with
    pse, low, high = (f"{row[name]:.3f}"[1:] for name in ("pse", "pse_low", "pse_high"))
    assert f"{pse} ({low} to {high})" in ran.out
    assert "known without error" in ran.out
    exact = json.loads(compared("--mask", "none", "--json").out)["rows"][0]
    assert exact["pse_low"] is None


@pytest.mark.slow
def test_the_page_on_comparing_describes_every_column(compared):
    page = Path(__file__).parents[2] / "docs" / "comparing-with-people.md"
    described = set(re.findall(r"`(\w+)`", page.read_text("utf-8")))
    described |= {f"jnd_{name}" for name in described}
    row = json.loads(compared("--mask", "none", "--json").out)["rows"][0]
    assert set(row) <= described


@pytest.mark.slow
def test_people_without_jnds_are_given_as_the_reason_for_no_test(run_cli, own_humans):
    # answers that jump between two levels leave no JND
    rows = ["observer,level,n_trials,n_target"]
    for who, middle in (("h1", 0), ("h2", 9), ("h3", 0)):
        rows += [f"{who},{lv},9,{k}" for lv, k in zip((0, 0.5, 1), (0, middle, 9), strict=True)]
    own_humans.write_text("\n".join(rows) + "\n")
    ran = run_cli(*BASE, "--humans", own_humans, "--mask", "none", "--verbose")
    assert "no test (people)" in ran.out
    assert "JND: fewer than two people have one" in ran.out
