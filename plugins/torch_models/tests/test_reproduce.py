"""A paper's experiments run again, by observers whose answers are known beforehand."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from psychobench_torch.networks.weights_origin import stands_for
from psychobench_torch.reproduction import claim_measures as of
from psychobench_torch.reproduction import prepare
from psychobench_torch.reproduction.answers import COLUMNS, Store
from psychobench_torch.reproduction.claim_definitions import CLAIMS
from psychobench_torch.reproduction.claims import Claim, evaluate_claim
from psychobench_torch.reproduction.departures import list_departures
from psychobench_torch.reproduction.measures import (
    OBJECT,
    People,
    Replicates,
    family_sizes,
    measure,
    paper_measures,
    replicate,
)
from psychobench_torch.reproduction.paper import (
    CONDITIONS,
    CONTROLS,
    NETWORKS,
    PRETRAININGS,
    check_observers,
)
from psychobench_torch.reproduction.prepare import Options
from psychobench_torch.reproduction.pretraining_data import pretraining_lines
from psychobench_torch.reproduction.reproduce import Reproduction, run
from psychobench_torch.reproduction.responses import Maker, collect_responses, plan_cells
from psychobench_torch.reproduction.sources import Sources
from psychobench_torch.reproduction.tables import gain_table
from psychobench_torch.reproduction.text import summary
from scipy import stats
from scipy.special import expit

from psychobench.comparison import Sample
from psychobench.comparison.published import published
from psychobench.errors import OptionError, PsychobenchError
from psychobench.observers.protocol import ObserverInfo
from psychobench.stimuli.sets import load_stimuli
from psychobench.tables.output import csv_bytes

LEVELS = np.linspace(0, 1, 21)
PLACES = {  # where each network's curve is .5, by mask: none, eyes, nose, mouth
    ("alexnet", "object"): (0.80, 0.85, 1.10, 0.95),
    ("alexnet", "face"): (0.60, 0.62, 0.70, 0.75),
    ("fe_alexnet", "object"): (0.54, 0.60, 0.70, 0.75),
    ("fe_alexnet", "face"): (0.56, 0.58, 0.66, 0.70),
}
ODDS, SCALE = 0.4, 0.06


@dataclass(frozen=True)
class Known:
    """An observer of the bundled set with a known PSE under each mask, a little off by seed."""

    name: str
    pretraining: str
    seed: int
    odds: float | None = ODDS

    @property
    def info(self) -> ObserverInfo:
        return ObserverInfo(
            name=self.name,
            version="1",
            labels=("sad", "happy"),
            target="happy",
            preprocessing="none",
            weights_origin="pre-trained on nothing (a formula); head trained on 12 rendered faces",
            pretraining=f"{self.pretraining}s",
            label_log_odds=self.odds,
            options={"validation_accuracy": 0.9, "n_train": 12, "epochs": 20, "optimizer": "adam"},
        )

    def respond(self, images: np.ndarray) -> np.ndarray:
        places = PLACES.get((self.name, self.pretraining), (0.6, 0.65, 0.7, 0.75))
        centre = np.repeat(np.array(places) + 0.002 * (self.seed % 3), len(LEVELS))
        return expit((np.tile(LEVELS, len(CONDITIONS)) - centre) / SCALE)[: len(images)]


def known(observer: str, pretraining: str, seeds: Sequence[int]) -> list[Known]:
    return [Known(observer, pretraining, seed) for seed in seeds]


class Counted:
    """Makes known observers, and keeps count of them."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.asked: list[Known] = []
        self.stop_after = stop_after

    def __call__(self, observer: str, pretraining: str, seeds: Sequence[int]) -> Iterator[Known]:
        for one in known(observer, pretraining, seeds):
            if len(self.asked) == self.stop_after:
                raise KeyboardInterrupt
            self.asked.append(one)
            yield one


def again(make: Maker = known, **options: object) -> Reproduction:
    settings = {"observers": ("alexnet", "fe_alexnet"), "seeds": 3, **options}
    return run("ying2023", Options(**settings), make=make)


@pytest.fixture(scope="module", autouse=True)
def _fit_people_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "_people", functools.cache(prepare._people))
        yield


@pytest.fixture(scope="module")
def made() -> Reproduction:
    return again()


@pytest.fixture(scope="module")
def single() -> Reproduction:
    """Networks trained once, which do not say their labels' odds."""
    return again(make=lambda o, p, seeds: [Known(o, p, s, odds=None) for s in seeds], seeds=1)


def answer(folder: Path, make: Counted, *, seeds: int = 1, settings: str = "these") -> list[Known]:
    """Ask two networks with two pre-trainings, and say who had to answer."""
    store = Store(folder, {"stimuli": settings}, {"psychobench": "1"})
    store.open()
    cells = plan_cells(("alexnet", "fe_alexnet"), range(seeds), store)
    answers = collect_responses(cells, make, load_stimuli(), store)
    assert len(answers) == 4 * seeds
    return make.asked


def cell(made: Reproduction, table: int, observer: str, mask: str) -> pd.Series:
    rows = made.tables[table - 1].table
    return rows[(rows["observer"] == observer) & (rows["mask"] == mask)].iloc[0]


def verdicts(made: Reproduction) -> dict[str, str]:
    return dict(zip(made.claims["id"], made.claims["verdict"], strict=True))


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


def test_claims_hold_where_the_networks_were_made_so(made):
    found = verdicts(made)
    for name in ("1.3a", "1.3b", "2.1", "2.2a", "2.5", "3.1a", "3.1b", "3.3", "3.5a", "3.7"):
        assert found[name] == "holds", name
    assert found["1.5"] == "does not hold" or made.claims.set_index("id").loc["1.5", "value"] == 0


def test_claims_turn_round_with_the_pretrainings(made):
    measures = made.readings["none"]
    swapped = replace(
        measures,
        **{name: getattr(measures, name)[::-1] for name in ("pse", "distance", "answers")},
    )
    for name in ("1.3a", "1.3b"):
        before, after = evaluate_claim(claim(name), measures), evaluate_claim(claim(name), swapped)
        assert after.value == pytest.approx(-before.value)
        assert (before.verdict, after.verdict) == ("holds", "does not hold")


def test_what_was_not_asked_is_not_measured(made):
    row = made.claims.set_index("id").loc["1.4"]
    assert row["verdict"] == "not measurable here"
    assert "vgg11" in row["reason"]
    assert made.claims.set_index("id").loc["1.9", "reason"].startswith("the maps come from")


def test_simulated_people_say_nothing_of_people(made):
    assert made.claims.set_index("id").loc["1.1", "reason"].startswith("the people were simulated")


def test_one_training_decides_nothing(single):
    found = single.claims
    assert set(found["verdict"]) == {"undecided", "not measurable here"}
    assert (found.loc[found["verdict"] == "undecided", "reason"] != "").all()


def test_every_claim_is_told_apart_and_says_what_it_measures():
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    for claim in CLAIMS:
        assert (claim.of is None) == bool(claim.reason), claim.id
        assert bool(claim.measure) == (claim.of is not None), claim.id


def paper_value(name: str) -> float:
    claim = next(each for each in CLAIMS if each.id == name)
    return evaluate_claim(claim, paper_measures(published())).value


def test_the_papers_own_figures_are_read_off_its_tables():
    # by hand from tables 1 to 3, people's mean .532
    gaps = [0.169 - 0.182, 0.038 - 0.183, 0.171 - 0.090]
    assert paper_value("1.3a") == pytest.approx(np.mean(gaps))
    assert paper_value("1.5") == 1
    assert paper_value("1.2b") == pytest.approx(
        np.std([0.701, 0.494, 0.703], ddof=1) - np.std([0.670, 0.714, 0.715, 0.622], ddof=1)
    )
    assert paper_value("2.2a") == pytest.approx(7 / 12 - 1 / 12)
    assert paper_value("2.3c") == pytest.approx(3 / 8 - 1 / 8)
    assert paper_value("3.4b") == pytest.approx(4 / 6)
    assert paper_value("3.5a") == pytest.approx(0.038 - 0.031)
    assert np.isnan(paper_value("3.1b"))  # AlexNet has no PSE there


def test_the_papers_p_values_follow_from_its_pses():
    paper = published()
    ours = paper_measures(paper).corrected_p
    assert np.isfinite(ours).sum() == paper.table["pse"].notna().sum() == 29
    for _, row in paper.table.dropna(subset=["pse"]).iterrows():
        here = PRETRAININGS.index(row["pretraining"]), NETWORKS.index(row["observer"])
        p = ours[(*here, CONDITIONS.index(row["mask"]), 0)]
        assert p == pytest.approx(row["p_recomputed"])


def test_a_claim_about_one_network_is_corrected_for_its_whole_table():
    assert (paper_measures(published()).only(["fe_alexnet"]).family[:, :, 0] == 9).all()
    # by hand: FE with objects .501, people .532 with an SEM of .018; 9 tests in table 1
    critical = stats.t.isf(0.05 / 2 / 9, 49)
    assert paper_value("3.3") == pytest.approx((0.532 - 0.501) / 0.018 / critical)


def test_controls_are_no_part_of_the_papers_tables():
    pse = np.full((2, 6, 4, 1), 0.6)
    sizes = family_sizes(pse, (*NETWORKS, CONTROLS[0]))
    assert (sizes[:, :, 0] == 10).all()
    assert (sizes[:, :, 1:] == 15).all()


def arrays(**given: np.ndarray) -> Replicates:
    """Four classical networks and FE, five trainings, all alike but for what is given."""
    shape = (2, 5, 4, 5)
    same = {name: np.full(shape, 0.6) for name in ("pse", "distance", "residual", "accuracy")}
    same["family"] = np.full(shape, 10.0)
    answers = np.tile(LEVELS, (*shape, 1))
    people = Sample(0.532, 0.127, 50)
    return Replicates(NETWORKS, **{**same, "answers": answers, **given}, people=people)


def claim(name: str) -> Claim:
    return next(each for each in CLAIMS if each.id == name)


def jittered(rng: np.random.Generator, shift: np.ndarray) -> np.ndarray:
    return shift + 0.6 + 0.01 * rng.standard_normal((2, 5, 4, 5))


@pytest.mark.parametrize("name", ["1.3b", "2.2c", "2.3a", "2.4a", "3.1a", "3.5b"])
def test_a_distance_claim_holds_or_fails_with_the_sign_of_the_effect(name):
    rng, effect = np.random.default_rng(0), np.zeros((2, 5, 4, 5))
    effect[OBJECT] += 0.1
    effect[:, 0] += 0.3
    effect[:, :, 2:] += 0.1
    effect[:, 4] -= 0.5
    assert evaluate_claim(claim(name), arrays(distance=jittered(rng, effect))).verdict == "holds"
    turned = evaluate_claim(claim(name), arrays(distance=jittered(rng, -effect)))
    assert turned.verdict == "does not hold"


def test_a_claim_without_an_effect_is_mostly_undecided():
    rng = np.random.default_rng(1)
    found = [
        evaluate_claim(
            claim("1.3b"), arrays(distance=jittered(rng, np.zeros((2, 5, 4, 5))))
        ).verdict
        for _ in range(200)
    ]
    assert found.count("undecided") / len(found) == pytest.approx(0.95, abs=0.04)


@pytest.mark.parametrize("side", ["above", "below"])
def test_a_tie_refutes_no_claim(side):
    """An interval that is the criterion itself has it inside."""
    tied = Claim("9.9", "0", "", "", lambda _: np.zeros(3), side=side, least=0)
    assert evaluate_claim(tied, arrays()).verdict == "undecided"


def test_effects_of_masks_correlate_with_themselves():
    rng = np.random.default_rng(2)
    answers = np.clip(rng.random((2, 5, 4, 5, 21)), 0, 1)
    answers[:, 4] = answers[:, 0]
    assert of.effects_alike(arrays(answers=answers).only(("alexnet", "fe_alexnet"))) == (
        pytest.approx(np.ones(5))
    )
    other = rng.random(answers.shape)
    other[:, 4] = rng.random(answers[:, 4].shape)
    assert abs(of.effects_alike(arrays(answers=other).only(("alexnet", "fe_alexnet")))).max() < 0.4


def test_controls_show_how_much_nearer_than_alexnet_each_head_is():
    distance = np.full((2, 5, 4, 5), 0.3)
    distance[0, 4] = 0.1
    named = replace(arrays(distance=distance), observers=(*CONTROLS, "alexnet", "fe_alexnet"))
    gain = gain_table(named).set_index(["pretraining", "observer"])
    assert len(gain) == 10
    assert gain.loc[("object", "fe_alexnet"), "gain"] == pytest.approx(0.2)
    assert gain.loc[("face", "fe_alexnet"), "gain"] == pytest.approx(0)
    assert np.isnan(gain.loc[("object", "alexnet"), "gain"])


def test_without_controls_there_is_no_table_of_gains(made):
    assert gain_table(made.readings["none"]) is None


def test_a_stopped_run_goes_on_where_it_was(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        answer(tmp_path, Counted(stop_after=7), seeds=3)
    assert len(answer(tmp_path, Counted(), seeds=3)) == 12 - 7
    assert answer(tmp_path, Counted(), seeds=3) == []


def test_answers_read_back_are_those_that_were_given(tmp_path):
    store = Store(tmp_path, {}, {})
    [given] = collect_responses(
        plan_cells(("alexnet",), [4], store)[:1], known, load_stimuli(), store
    )
    read = store.read("alexnet", "object", 4)
    pd.testing.assert_frame_equal(read.table, given.table[COLUMNS], check_dtype=False)
    assert read.info["label_log_odds"] == ODDS


def test_more_trainings_join_those_that_are_there(tmp_path):
    answer(tmp_path, Counted(), seeds=2)
    assert {one.seed for one in answer(tmp_path, Counted(), seeds=3)} == {2}


def test_damaged_answers_are_asked_again(tmp_path):
    answer(tmp_path, Counted())
    file = tmp_path / "alexnet-face-seed0.csv"
    file.write_text(file.read_text().replace("0.0", "0.9", 1))
    repaired = answer(tmp_path, Counted())
    assert [(one.name, one.pretraining) for one in repaired] == [("alexnet", "face")]


def test_answers_from_other_versions_are_asked_again(tmp_path):
    answer(tmp_path, Counted())
    newer = Store(tmp_path, {"stimuli": "these"}, {"psychobench": "2"})
    assert [len(cell.missing) for cell in plan_cells(("alexnet",), [0], newer)] == [1, 1]


def test_a_folder_of_other_settings_is_refused(tmp_path):
    answer(tmp_path, Counted())
    with pytest.raises(OptionError, match="stimuli was these and is others"):
        answer(tmp_path, Counted(), settings="others")


def test_a_folder_belongs_to_its_settings_before_anyone_has_answered(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        answer(tmp_path, Counted(stop_after=0))
    with pytest.raises(OptionError, match="stimuli was these and is others"):
        answer(tmp_path, Counted(), settings="others")
    assert len(answer(tmp_path, Counted())) == 4


def test_all_faults_are_told_together_and_nobody_is_asked():
    nobody = Counted()
    with pytest.raises(PsychobenchError) as told:
        run(
            "ying2024",
            Options(
                observers=("alexnett",),
                stimuli="nowhere",
                humans="nobody.csv",
                object_pretraining="photos",
                affectnet=Path("nowhere"),
            ),
            make=nobody,
        )
    text = "\n".join(told.value.faults)
    for word in ("ying2024", "alexnett", "nowhere", "nobody.csv", "photos", "need a folder"):
        assert word in text
    assert nobody.asked == []


@pytest.mark.parametrize(
    ("names", "controls"), [(("alexnet_linear,alexnet_fresh",), False), ((), True)]
)
def test_controls_alone_are_refused_before_they_are_asked(names, controls):
    nobody = Counted()
    with pytest.raises(PsychobenchError, match="must include one of the paper's networks"):
        run("ying2023", Options(names, controls=controls), make=nobody)
    assert nobody.asked == []


def test_a_misspelt_network_is_shown_controls_too():
    with pytest.raises(OptionError, match=r"'alexnet_linaer' is not among .*alexnet_linear"):
        check_observers(["alexnet_linaer"])


def test_departures_are_read_off_the_networks(made):
    items = made.departures.set_index("item")
    assert items.loc["epochs", "departs"] == "no"
    assert items.loc["images to train on", "here"] == "12"
    assert items.loc["images to train on", "departs"] == "yes"
    assert items.loc["images", "here"] == "12 rendered faces"
    assert items.loc["optimiser", "departs"] == "the paper is silent"
    assert "SIMULATED" in items.loc["who", "here"]
    assert items.loc["design", "departs"] == "no"
    assert items.loc["batch", "departs"] == "not known"


def pretrained_on(made: Reproduction, shown: str, source: str) -> pd.DataFrame:
    """List the departures of networks with weights of which tables and files say this."""
    infos = {
        name: {
            **info,
            "pretraining": shown,
            "options": {**info["options"], "source": source, "stands_for": stands_for(source)},
        }
        for name, info in made.infos.items()
    }
    return list_departures(infos, made.stimuli, made.people, 1).set_index("item")


def test_networks_with_the_papers_own_weights_do_not_depart(made):
    by_name = pretrained_on(made, "imagenet", "imagenet")
    assert by_name.loc["object-based", "departs"] == "no"
    assert by_name.loc["trainings of each network", "departs"] == "no"
    source = "VGGFace2, 1,000 identities, 291,502 images to train on, 60 epochs"
    by_file = pretrained_on(made, f"{source} (mine.safetensors)", source)
    assert by_file.loc["face-based", "departs"] == "no"


@pytest.mark.parametrize(
    ("source", "item"),
    [
        ("VGGFace2, 4 identities, 12 images to train on, 60 epochs", "face-based"),
        ("VGGFace2", "face-based"),
        ("ImageNet, 10 classes", "object-based"),
        ("imagenet", "object-based"),  # of a file, not torchvision's
    ],
)
def test_weights_that_saw_something_else_depart_whatever_they_are_called(made, source, item):
    row = pretrained_on(made, f"{source} (mine.safetensors)", source).loc[item]
    assert row["departs"] == "yes"
    assert row["here"] == source


def test_networks_that_differ_are_named_apart(made):
    infos = dict(made.infos)
    infos["fe_alexnet, face"] = {
        **infos["fe_alexnet, face"],
        "options": {**infos["fe_alexnet, face"]["options"], "epochs": 3},
    }
    items = list_departures(infos, made.stimuli, made.people, 1).set_index("item")
    assert items.loc["epochs", "here"] == "20 (alexnet; fe_alexnet, object); 3 (fe_alexnet, face)"


def test_networks_without_log_odds_keep_their_pse(single):
    table = single.tables[0].table
    assert table["pse_balanced"].isna().all()
    assert table["verdict_flips"].isna().all()


def test_the_answers_of_a_run_give_the_same_measures_as_the_run(made):
    again_measured = measure(made.measured.answers, made.people)
    people: People = made.people
    ours = replicate(again_measured, people.measures.pse)
    np.testing.assert_allclose(ours.pse, made.readings["none"].pse)


@pytest.fixture
def known_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sources, "make", lambda _, *cell: known(*cell))
    monkeypatch.setattr(
        "psychobench_torch.reproduction.reproduce.map_attention", lambda *_: None
    )  # nothing inside


def test_the_command_writes_tables_figures_claims_and_departures(
    run_cli: Callable, tmp_path: Path, known_networks: None
):
    code, out, err = run_cli(
        "reproduce", "ying2023", "--seeds", 2, "--out", tmp_path / "out", "--json"
    )
    assert code == 0, err
    assert "8 to train" in err
    document = json.loads(out)
    assert [table["table"] for table in document["tables"]] == [1, 2, 3]
    assert document["cohort"]["simulated"]
    written = {path.name for path in (tmp_path / "out").iterdir()}
    pictures = {f"figure{n}.{kind}" for n in (2, 4) for kind in ("png", "svg", "pdf")}
    tables = {f"table{n}.csv" for n in (1, 2, 3)} | {"claims.csv", "departures.csv"}
    assert written >= pictures | tables | {"report.html", "departures.md", "reproduction.json"}
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert page.count("<img ") == 2
    assert "DEMONSTRATION" in page
    svg = (tmp_path / "out" / "figure2.svg").read_text("utf-8")
    assert "50 SIMULATED people" in svg
    assert "FE-AlexNet" in svg


def test_a_terminal_gets_all_tables_claims_and_departures(made, single):
    for text in (summary(made), summary(single)):
        assert text.startswith("DEMONSTRATION")
        assert all(f"Table {n}" in text for n in (1, 2, 3))
    assert "FLIPS" not in summary(single)


def test_tables_say_what_stands_behind_the_papers_words(made):
    for filled in made.tables:
        assert list(filled.table["weights"]) == [f"{name}s" for name in filled.table["pretraining"]]
    assert "'face' means faces here, and VGGFace2 in the paper." in summary(made)
    own = {"pretraining": "mine.pth", "options": {"stands_for": stands_for("VGGFace2")}}
    assert pretraining_lines({"alexnet, face": own}) == []


def test_people_and_faces_of_ones_own_are_taken(
    run_cli: Callable, tmp_path: Path, known_networks: None, made: Reproduction
):
    people = made.people.cohort.table[["observer", "level", "response"]]
    mine = people.rename(columns={"response": "said_happy"})
    (tmp_path / "people.csv").write_bytes(csv_bytes(mine))
    code, out, err = run_cli(
        "reproduce", "ying2023", "--seeds", 1, "--observer", "fe_alexnet",
        "--humans", tmp_path / "people.csv", "--columns", "response=said_happy",
        "--stimuli", made.stimuli.folder, "--json",
    )  # fmt: skip
    assert code == 0, err
    found = json.loads(out)
    assert not found["cohort"]["simulated"]
    one = next(row for row in found["claims"] if row["id"] == "1.1")
    assert one["verdict"] == "holds"
