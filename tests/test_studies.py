"""The main job from Python: the numbers of the command, every form of argument, files."""

from __future__ import annotations

import inspect
import json
import logging

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import psychobench as pb
from psychobench.cli.compare import compare as command
from psychobench.errors import OptionError, PsychobenchError
from psychobench.observers.protocol import ObserverInfo

LEVELS = np.arange(11) / 10


class Net:
    """Judges brightness; the seed of its training moves its criterion."""

    def __init__(self, name="net", seed=0):
        self.name, self.seed = name, seed
        self.info = ObserverInfo(name, "1", ("dark", "bright"), "bright", "mean", "a rule")

    def respond(self, images):
        criterion = 0.5 + 0.05 * np.sin(3.0 * self.seed)
        return 1 / (1 + np.exp(-12 * (images.mean(axis=(1, 2, 3)) / 255 - criterion)))

    def replicates(self, n):
        return [Net(self.name, self.seed + k) for k in range(n)]


class Far(Net):
    """Needs far brighter images."""

    def respond(self, images):
        return super().respond(np.maximum(images.astype(float) - 80, 0))


class Untouched:
    """Must not be asked."""

    info = ObserverInfo("untouched", "1", ("dark", "bright"), "bright", "mean", "a rule")

    def respond(self, images):
        raise AssertionError("asked before everything was checked")


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patches")
    for step in range(11):
        grey = np.full((8, 8, 3), round(25.5 * step), np.uint8)
        Image.fromarray(grey).save(folder / f"{step}.png")
    (folder / "masks").mkdir()
    covered = np.zeros((8, 8), np.uint8)
    covered[:2] = 255
    Image.fromarray(covered).save(folder / "masks" / "top.png")
    rows = "\n".join(f"{step}.png,{level}" for step, level in enumerate(LEVELS))
    (folder / "levels.csv").write_text(f"stimulus,level\n{rows}\n")
    return folder


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    level = np.tile(LEVELS, 20)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "observer": f"h{who}",
                    "level": level,
                    "response": (rng.random(220) < 1 / (1 + np.exp(-12 * (level - middle)))) * 1,
                }
            )
            for who, middle in enumerate(rng.normal(0.5, 0.06, 8))
        ],
        ignore_index=True,
    )


@pytest.fixture(scope="module")
def found(patches, people):
    return pb.study(Net(), humans=people, stimuli=patches, seeds=3, margin=0.1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "typed"),
    [
        ({"seeds": 1}, ("--seeds", 1)),
        ({"seeds": 2, "margin": 0.1}, ("--seeds", 2, "--margin", 0.1)),
        (
            {"seeds": 2, "trials": 20, "levels": [0, 0.3, 0.5, 0.7, 1]},
            ("--seeds", 2, "--trials", 20, "--levels", "0,.3,.5,.7,1"),
        ),
    ],
)
def test_the_command_and_the_call_give_the_same_numbers(run_cli, options, typed):
    ran = run_cli(
        "compare", "--observer", "template", "--mask", "none", "--mask", "mouth", *typed, "--json"
    )
    assert ran.code == 0, ran.err
    printed = json.loads(ran.out)
    made = pb.study("template", masks=["none", "mouth"], **options).to_json()
    for name in ("made_at", "command"):
        printed["provenance"].pop(name)
        made["provenance"].pop(name, None)
    printed["provenance"].pop("options")
    made["provenance"].pop("options")
    assert json.loads(json.dumps(made)) == printed


def test_every_default_of_the_command_is_the_call_s():
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(pb.study).parameters.items()
    }
    typed = command.make_context("compare", ["--observer", "template"]).params
    only_typed = {"observer", "mask", "out", "overwrite", "verbose", "as_json"}
    assert {*typed} - only_typed == {*defaults} - {"observers", "masks"}
    for name, ours in defaults.items():
        if name not in ("observers", "masks"):
            text = ",".join(ours) if isinstance(ours, tuple) else ours
            assert (typed[name] or None) == (text or None), name


@pytest.mark.slow
def test_nothing_is_printed_and_progress_is_noted(patches, people, capsys, caplog):
    with caplog.at_level(logging.INFO, logger="psychobench"):
        pb.study(Net(), humans=people, stimuli=patches, seeds=2)
    assert capsys.readouterr() == ("", "")
    assert "net, trained 2 times, judges 22 images ..." in caplog.messages


def test_all_faults_come_together_and_before_anybody_is_asked(patches):
    with pytest.raises(PsychobenchError) as raised:
        pb.study(
            {"mine": Untouched()},
            humans="missing.csv",
            stimuli="nowhere",
            match="whole",
            levels="some",
            trials=0,
            seeds=0,
            margin=-1,
            family="some",
            statuses="fine",
            engine="magic",
        )
    said = "\n".join(raised.value.faults)
    for word in (
        "missing.csv",
        "nowhere",
        "`match`",
        "`levels`",
        "`trials`",
        "`seeds`",
        "`margin`",
    ):
        assert word in said
    for word in ("`family`", "'fine'", "magic"):
        assert word in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"masks": "ears"}, ["'ears'", "top"]),
        ({"match": {"whole": "none"}}, ["'whole'", "all"]),
        ({"task": "2afc"}, ["`task` must be yes-no", "2afc"]),
        ({"levels": [0, 0.55]}, ["0.55"]),
        ({"share": "lapse", "trials": 5, "masks": "none"}, ["`share`", "two masks"]),
        ({"pretraining": "imagenet"}, ["`pretraining`", "registered"]),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line_before_anybody_is_asked(
    patches, people, options, words
):
    with pytest.raises(PsychobenchError) as raised:
        pb.study({"mine": Untouched()}, humans=people, stimuli=patches, **options)
    assert len(raised.value.faults) == 1
    for word in words:
        assert word in raised.value.faults[0]


def test_a_forced_choice_is_refused_by_the_command_in_one_line(run_cli):
    ran = run_cli("compare", "--observer", "template", "--task", "2afc")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith("Error: --task must be yes-no")


@pytest.mark.slow
def test_observers_are_names_objects_or_both(patches, people):
    made = {"humans": people, "stimuli": patches, "seeds": 1, "masks": "none"}
    alone = pb.study(Net(), **made).to_frame()
    named = pb.study({"mine": Net()}, **made).to_frame()
    mixed = pb.study(["template", Net()], **made).to_frame()
    assert alone["observer"].tolist() == ["net"]
    assert named["observer"].tolist() == ["mine"]
    assert mixed["observer"].tolist() == ["template", "net"]
    assert alone["pse"].tolist() == named["pse"].tolist() == mixed["pse"].tolist()[1:]


@pytest.mark.slow
def test_observers_of_one_name_or_none_are_refused(patches, people):
    made = {"humans": people, "stimuli": patches}
    with pytest.raises(OptionError, match="two are called 'net'"):
        pb.study([Net(), Net()], **made)
    with pytest.raises(PsychobenchError, match="`observers` must name at least one"):
        pb.study([], **made)
    with pytest.raises(PsychobenchError, match="with `info` and `respond`: got a int"):
        pb.study([3], **made)
    with pytest.raises(PsychobenchError, match="there is no 'nobody'") as raised:
        pb.study(["nobody", "noone"], **made)
    assert len(raised.value.faults) == 2


@pytest.mark.slow
def test_people_are_a_table_a_file_or_a_cohort(patches, people, tmp_path):
    people.rename(columns={"response": "said"}).to_csv(tmp_path / "people.csv", index=False)
    made = {"stimuli": pb.load_stimuli(patches), "seeds": 1}
    columns = {"columns": "response=said"}
    table = pb.study(Net(), humans=people, **made)
    file = pb.study(Net(), humans=tmp_path / "people.csv", **columns, **made)
    cohort = pb.load_cohort(tmp_path / "people.csv", **columns)
    loaded = pb.study(Net(), humans=cohort, **made)
    for other in (file, loaded):
        pd.testing.assert_frame_equal(table.to_frame(), other.to_frame())
    assert len(table.provenance["humans"]["sha256"]) == 64
    with pytest.raises(PsychobenchError, match="left out with a cohort that is loaded"):
        pb.study(Net(), humans=cohort, **columns, **made)


@pytest.mark.slow
def test_conditions_are_matched_to_masks_by_a_text_or_a_mapping(patches, people):
    both = pd.concat([people.assign(condition=name) for name in ("whole", "lower")])
    made = {"humans": both, "stimuli": patches, "seeds": 1}
    mapped = pb.study(Net(), match={"whole": "none", "lower": "top"}, **made).to_frame()
    text = pb.study(Net(), match="whole=none,lower=top", **made).to_frame()
    pd.testing.assert_frame_equal(mapped, text)
    assert mapped["cohort_condition"].tolist() == ["whole", "lower"]
    with pytest.raises(PsychobenchError, match='match them with `match="NAME=none"`'):
        pb.study(Net(), **made)


@pytest.mark.slow
def test_options_of_fitting_reach_people_and_observers(patches, people):
    made = pb.study(
        Net(), humans=people, stimuli=patches, seeds=1, trials=10, sigmoid="logistic",
        bounds="lapse=0:0.02", confidence=0.9,
    )  # fmt: skip
    for fits in (made.cohort_fits, made.observer_fits):
        assert set(fits.table["sigmoid"]) == {"logistic"}
        assert (fits.table["lapse"] <= 0.02 + 1e-9).all()
        assert fits.options["confidence"] == 0.9


@pytest.mark.slow
def test_a_lapse_rate_is_shared_between_masks_and_never_between_trainings(patches, people):
    both = pd.concat([people.assign(condition=name) for name in ("whole", "lower")])
    made = {
        "humans": both, "stimuli": patches, "match": "whole=none,lower=top", "trials": 20,
        "share": "lapse",
    }  # fmt: skip
    once, twice = (pb.study(Net(), seeds=seeds, **made) for seeds in (1, 2))
    fits = twice.trainings.fits.table
    assert (fits.groupby("seed")["lapse"].nunique() == 1).all()
    pd.testing.assert_frame_equal(once.observer_fits.table, twice.observer_fits.table)


@pytest.mark.slow
def test_curves_are_tidy_and_are_the_fitted_ones(found):
    curves = found.curves()
    assert curves.columns.tolist() == ["observer", "condition", "level", "p", "low", "high"]
    assert curves.groupby(["observer", "condition"], sort=False).ngroups == 2
    none = curves[curves["condition"] == "none"]
    assert none["level"].agg(["min", "max"]).tolist() == [0, 1]
    at_pse = np.interp(found.table["pse"][0], none["level"], none["p"])
    assert at_pse == pytest.approx(0.5, abs=0.002)
    everyone = found.curves(people=True)
    assert everyone["observer"].nunique() == 9
    assert set(everyone["condition"]) == {"none", "top", "all"}


def test_a_notebook_shows_heading_and_answers_escaped(found):
    shown = found._repr_html_()
    assert found.heading in shown
    assert "equivalent?" in shown
    assert f"<td>{found.scale.text(found.table['pse'][0])}" in shown
    assert "<table" in found.comparison._repr_html_()
    assert "<table" in found.trainings._repr_html_()


def test_one_mask_is_drawn_into_axes_of_one_s_own_in_a_colour_of_one_s_own(found):
    from matplotlib.colors import to_hex
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert found.plot(ax, mask="top", colours={"net": "#123456"}) is ax.figure
    assert "#123456" in {to_hex(line.get_color()) for line in ax.lines}
    with pytest.raises(OptionError, match="`ax` holds one mask"):
        found.plot(ax)
    with pytest.raises(OptionError, match="`mask` must be one of none, top"):
        found.plot(mask="eyes")
    assert len(found.plot().axes) == 2


@pytest.mark.slow
def test_a_study_is_saved_whole_or_not_at_all(found, tmp_path, monkeypatch):
    found.save(tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "report.html", "trials.csv", "fits.csv", "tests.csv", "curves.png", "curves.svg",
        "curves.pdf", "summary.txt", "comparison.json", "plan.toml", "provenance.json",
    }  # fmt: skip
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert record["options"]["margin"] == 0.1
    assert record["options"]["observers"] == ["net"]
    assert "command" not in record

    def fail(*_):
        raise OSError("no space")

    monkeypatch.setattr("psychobench.studies.result.write_study", fail)
    with pytest.raises(OSError, match="no space"):
        found.save(tmp_path / "lost")
    assert not (tmp_path / "lost").exists()


def test_the_report_is_a_page_with_every_question(found):
    page = pb.report(found)
    assert page.title.startswith("People and observers")
    text = page.html()
    for question in ("Could it be one of these people?", "Is its PSE equivalent to"):
        assert question in text
    assert "Seed of the random number generator: 0." in text


def test_a_published_table_is_a_call_and_the_command_prints_the_same(run_cli):
    rows = json.loads(run_cli("published", "ying2023", "--json").out)
    assert pb.published("ying2023").to_json_rows() == rows


@pytest.mark.slow
def test_a_study_asks_whether_its_best_observer_would_be_found(patches, people):
    two = {"net": Net(), "like it": Net("like it", 1), "far": Far()}
    with_recovery = pb.study(
        two, humans=people, stimuli=patches, seeds=1, masks="none", recovery=50
    )
    table = with_recovery.to_frame().set_index("observer")
    assert table["recovery_best"].sum() == 1
    assert table.loc["far", "recovered"] == 1
    assert not table.loc["far", "recovery_best"]
    assert "Model recovery" in with_recovery.summary(verbose=True)
    # and nothing else changes
    without = pb.study(two, humans=people, stimuli=patches, seeds=1, masks="none").to_frame()
    pd.testing.assert_frame_equal(with_recovery.to_frame()[without.columns], without)
    with pytest.raises(OptionError, match="at least two observers"):
        pb.study(Untouched(), humans=people, stimuli=patches, recovery=50)
