"""A paper's experiments run again: who is asked, what is kept, by observers known beforehand."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd
import pytest
from known_networks import ODDS, Known
from psychobench_torch.reproduction.answers import COLUMNS, Store
from psychobench_torch.reproduction.prepare import Options
from psychobench_torch.reproduction.reproduce import run
from psychobench_torch.reproduction.responses import collect_responses, plan_cells
from psychobench_torch.reproduction.sources import Sources

from psychobench.errors import OptionError, PsychobenchError
from psychobench.plugins import PaperExperiments
from psychobench.reproduction import experiments
from psychobench.stimuli.sets import load_stimuli
from psychobench.tables.output import csv_bytes
from psychobench.trials.cohort import load_cohort


def known(observer: str, pretraining: str, seeds: Sequence[int]) -> list[Known]:
    return [Known(observer, pretraining, seed) for seed in seeds]


@pytest.fixture(scope="module", autouse=True)
def _fit_people_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiments, "_people", functools.cache(experiments._people))
        yield


@functools.cache
def prepared() -> PaperExperiments:
    return PaperExperiments.prepare()


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


@pytest.fixture
def known_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sources, "make", lambda _, *cell: known(*cell))
    monkeypatch.setattr(PaperExperiments, "map_attention", lambda *_: None)  # nothing inside


def answer(folder: Path, make: Counted, *, seeds: int = 1, settings: str = "these") -> list[Known]:
    """Ask two networks with two pre-trainings, and say who had to answer."""
    store = Store(folder, {"stimuli": settings}, {"psychobench": "1"})
    store.open()
    cells = plan_cells(("alexnet", "fe_alexnet"), range(seeds), store)
    answers = collect_responses(cells, make, prepared(), store)
    assert len(answers) == 4 * seeds
    return make.asked


@pytest.mark.slow
def test_a_stopped_run_goes_on_where_it_was(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        answer(tmp_path, Counted(stop_after=7), seeds=3)
    assert len(answer(tmp_path, Counted(), seeds=3)) == 12 - 7
    assert answer(tmp_path, Counted(), seeds=3) == []


def test_answers_read_back_are_those_that_were_given(tmp_path):
    store = Store(tmp_path, {}, {})
    [given] = collect_responses(plan_cells(("alexnet",), [4], store)[:1], known, prepared(), store)
    read = store.read("alexnet", "object", 4)
    pd.testing.assert_frame_equal(read.table, given.table[COLUMNS], check_dtype=False)
    assert read.info["label_log_odds"] == ODDS


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "controls"), [(("alexnet_linear,alexnet_fresh",), False), ((), True)]
)
def test_controls_alone_are_refused_before_they_are_asked(names, controls):
    nobody = Counted()
    with pytest.raises(PsychobenchError, match="must include one of the paper's networks"):
        run("ying2023", Options(names, controls=controls), make=nobody)
    assert nobody.asked == []


@pytest.mark.slow
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


@pytest.mark.slow
def test_people_and_faces_of_ones_own_are_taken(
    run_cli: Callable, tmp_path: Path, known_networks: None
):
    people = load_cohort().table[["observer", "level", "response"]]
    mine = people.rename(columns={"response": "said_happy"})
    (tmp_path / "people.csv").write_bytes(csv_bytes(mine))
    code, out, err = run_cli(
        "reproduce", "ying2023", "--seeds", 1, "--observer", "fe_alexnet",
        "--humans", tmp_path / "people.csv", "--columns", "response=said_happy",
        "--stimuli", load_stimuli().folder, "--json",
    )  # fmt: skip
    assert code == 0, err
    found = json.loads(out)
    assert not found["cohort"]["simulated"]
    one = next(row for row in found["claims"] if row["id"] == "1.1")
    assert one["verdict"] == "holds"


@pytest.mark.slow
def test_a_run_hands_on_what_networks_say_of_themselves():
    result = run("ying2023", Options(("alexnet", "fe_alexnet"), seeds=2, seed=5), make=known)
    assert result.seeds == (5, 6)
    assert list(result.infos) == [
        "alexnet, object", "alexnet, face", "fe_alexnet, object", "fe_alexnet, face",
    ]  # fmt: skip
    answers = result.measured.answers
    assert (answers[["label_log_odds", "accuracy"]].drop_duplicates() == [ODDS, 0.9]).all(axis=None)
    assert result.provenance["options"]["seeds"] == 2
    assert result.provenance["seed"] == 5
    assert result.attention is None
