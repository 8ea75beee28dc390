"""`psychobench train`: from a folder of images to weights that judge, or to a clear error."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
from PIL import Image
from psychobench_torch.cli import options
from psychobench_torch.cli.train import train
from psychobench_torch.computing.processes import VARIABLES
from psychobench_torch.data.layouts import LAYOUTS
from psychobench_torch.heads.recipe import OWN_IMAGES, TransferRecipe
from psychobench_torch.networks.recipe_values import OPTIMIZERS
from psychobench_torch.networks.weights_origin import NAMES
from psychobench_torch.observers.designs import DESIGNS
from psychobench_torch.pretraining import PretrainingRecipe, pretrain
from psychobench_torch.pretraining.loop import Training
from psychobench_torch.pretraining.recipe import CHOICES
from psychobench_torch.training import train_head, train_network
from psychobench_torch.training.plan import PretrainingPlan, TransferPlan, make_plan

from psychobench.errors import OptionError
from psychobench.observers.registry import load_observer

Run = Callable[..., tuple[str, str]]


@pytest.fixture
def run(cache: Path, run_cli: Callable[..., Any]) -> Run:
    """Run a command; give what it printed on stdout and stderr, and check its exit status."""

    def command(*words: object, status: int = 0) -> tuple[str, str]:
        ran = run_cli("train", *words)
        assert ran.code == status, ran.err
        return ran.out, ran.err

    return command


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Give a folder of bright and dark squares that stand for happy and sad faces."""
    return folders(tmp_path / "faces", happy=9, sad=7)


def folders(root: Path, **n_images: int) -> Path:
    rng = np.random.default_rng(0)
    for i, (name, n) in enumerate(n_images.items()):
        (root / name).mkdir(parents=True)
        for number in range(n):
            noise = rng.integers(0, 60, (40, 40, 3)) + 60 * i
            Image.fromarray(noise.astype(np.uint8)).save(root / name / f"{number:04}_01.png")
    return root


@pytest.mark.slow
def test_a_head_is_trained_on_a_folder_and_judges_as_an_observer(
    run: Run, faces: Path, weights_file: Path, tmp_path: Path, cache: Path
) -> None:
    asked = ["alexnet_linear", "--data", faces, "--pretraining", weights_file, "--epochs", 1]
    printed, _ = run(*asked, "--out", tmp_path / "out", "--json")
    result = json.loads(printed)
    assert (result["n_train"], result["n_validation"]) == (13, 3)
    assert result["classes"] == ["sad", "happy"]
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"weights.safetensors", "weights.json", "log.csv", "curves.png"} <= names
    words = result["command"].split()
    assert words[:5] == ["psychobench", "compare", "--observer", "alexnet_linear", "--pretraining"]

    observer = load_observer("alexnet_linear", pretraining=words[5])
    answers = observer.respond(np.full((2, 40, 40, 3), [[[[30]]], [[[90]]]], np.uint8))
    assert ((answers > 0) & (answers < 1)).all()
    assert observer.info.label_log_odds == result["log_odds"]
    assert result["log_odds"] == pytest.approx(np.log(7 / 6))
    assert "16 images in the folder faces" in observer.info.weights_origin
    assert not cache.exists()  # nothing was trained to judge

    again, told = run(*asked, "--out", tmp_path / "out", "--json")
    assert json.loads(again) == result
    assert "already holds the result" in told
    asked[-1] = 2
    _, told = run(*asked, "--out", tmp_path / "out", status=1)
    assert "recipe.epochs 1, not 2" in told
    (tmp_path / "out" / "weights.safetensors").write_bytes(b"")
    asked[-1] = 1
    assert "must be as they were written" in run(*asked, "--out", tmp_path / "out", status=1)[1]


def people(root: Path) -> Path:
    folders(root / "train", n000002=5, n000003=5, n000004=5)
    return root


SMALL = ["--size", 64, "--epochs", 1, "--batch", 4, "--recipe", "quick"]


@pytest.mark.slow
def test_only_vggface2_makes_weights_face_based_and_heads_on_them_inherit_that(
    run: Run, faces: Path, tmp_path: Path
) -> None:
    asked = ["alexnet", "--phase", "pretraining", *SMALL, "--json"]
    said = {}
    for name, data in (("own", faces), ("vgg", people(tmp_path / "vgg"))):
        printed, _ = run(*asked, "--data", data, "--out", tmp_path / f"{name}-net")
        said[name] = json.loads(printed)
    assert said["vgg"]["stands_for"] == "face-based, as in Ying et al. (2023): VGGFace2"
    assert said["vgg"]["n_train"] == 12
    assert said["own"]["stands_for"].startswith("neither object- nor face-based")
    head = ["alexnet_linear", "--data", faces, "--epochs", 1, "--json"]
    for name, card in said.items():
        out = tmp_path / f"{name}-head"
        printed, _ = run(*head, "--pretraining", card["weights"], "--out", out)
        assert json.loads(printed)["stands_for"] == card["stands_for"]
        with safetensors.safe_open(out / "weights.safetensors", "pt") as file:
            record = json.loads(file.metadata()["psychobench"])
        assert record["stands_for"] == card["stands_for"]


@pytest.mark.slow
def test_an_interrupted_pretraining_goes_on_and_ends_with_the_same_weights(
    run: Run, faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["alexnet", "--phase", "pretraining", *SMALL, "--data", faces]
    whole, _ = run(*asked, "--out", tmp_path / "whole", "--json")
    steps: list[int] = []

    def update(self: object, *rest: object) -> object:
        if len(steps) == 2:
            raise KeyboardInterrupt
        steps.append(1)
        return one_step(self, *rest)

    with monkeypatch.context() as patch:
        one_step = Training._update
        patch.setattr(Training, "_update", update)
        patch.setattr(train_network, "pretrain", partial(pretrain, checkpoint_seconds=0))
        run(*asked, "--out", tmp_path / "cut", status=1)
    assert (tmp_path / "cut" / "checkpoints").is_dir()
    _, told = run(*asked, "--seed", 1, "--out", tmp_path / "cut", status=1)
    assert "recipe.seed 0, not 1" in told
    resumed, _ = run(*asked, "--out", tmp_path / "cut", "--json")
    assert json.loads(resumed)["sha256"] == json.loads(whole)["sha256"]
    assert not (tmp_path / "cut" / "checkpoints").exists()


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["nonsense"], "OBSERVER must be one of alexnet, vgg11"),
        (["alexnet", "--data", "nowhere"], "there is nothing at"),
        (["alexnet", "--pretraining", "nothing.pth"], "file of pre-trained weights must exist"),
        (["alexnet", "--learning-rate", "0"], "--learning-rate must be above 0"),
        (["alexnet", "--data", "procedural-objects"], "must go with --phase pretraining"),
        (["alexnet", "--size", "64"], "--size must go with --phase pretraining"),
        (["alexnet", "--phase", "pretraining"], "--data must say what to pre-train on"),
        (["alexnet", "--phase", "pretraining", "--views", "2"], "--views must go with --phase"),
        (["alexnet", "--data", "."], "must have a known layout"),
        (["torchvision:resnet18", "--phase", "pretraining", "--data", "."], "in pre-training"),
        (["torchvision:resnet19"], "there is no 'resnet19' (did you mean 'resnet18'"),
        (["torchvision:resnet18", "--pretraining", "rendered-faces"], "must be imagenet or a file"),
    ],
)
def test_wrong_input_is_told_before_anything_is_loaded(
    words: list[str], fault: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(train_head, "load_extractor", None)
    monkeypatch.setattr(train_network, "pretrain", None)
    _, told = run(*words, "--out", "out", status=1)
    assert told.startswith("Error:")
    assert fault in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("phase", ["transfer", "pretraining"])
def test_a_device_that_is_not_there_is_told_before_images_are_looked_at(
    phase: str, run: Run, faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setenv("PSYCHOBENCH_DEVICE", "cuda")
    monkeypatch.setattr("psychobench_torch.data.load.select", None)
    asked = ["alexnet", "--phase", phase, "--data", faces, "--out", tmp_path / "out"]
    assert "PSYCHOBENCH_DEVICE=cuda needs a CUDA device" in run(*asked, status=1)[1]
    assert not (tmp_path / "out").exists()


def test_more_faces_than_memory_holds_are_refused_before_one_is_rendered(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psychobench_torch.computing.device._free_memory", lambda: 16 * 10**9)
    monkeypatch.setattr("psychobench_torch.stand_in_weights.sources.identity_set", None)
    asked = ["alexnet", "--phase", "pretraining", "--data", "rendered-faces", "--recipe", "paper"]
    _, told = run(*asked, "--out", tmp_path / "out", status=1)
    assert "326,480 images of 256 px needs about 71.1 GB of memory: 16.0 GB are free" in told
    assert "--limit" in told
    assert not (tmp_path / "out").exists()


TO_RENDER = ["alexnet", "--phase", "pretraining", "--data", "rendered-faces"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["alexnet"], ["--limit", "100"]),
        (["alexnet"], ["--happy-class", "zzz"]),
        (TO_RENDER, ["--people", "10"]),
        *(
            (asked, words)
            for asked in (["alexnet"], TO_RENDER)
            for words in (
                ["--layout", "csv"],
                ["--validation", "nowhere"],
                ["--data-seed", "7"],
                ["--skip-broken"],
            )
        ),
    ],
)
def test_an_option_that_would_do_nothing_with_rendered_images_is_refused(
    asked: list[str], words: list[str]
) -> None:
    with pytest.raises(OptionError, match=f"^`{name_of(words[0])}` must go with images on disk"):
        plan(*asked, *words)


def test_the_rendered_images_of_a_pretraining_may_be_limited() -> None:
    recipe = plan(*TO_RENDER, "--limit", "100").recipe
    assert isinstance(recipe, PretrainingRecipe)
    assert recipe.n_images == 100


def test_every_option_that_would_do_nothing_has_its_line() -> None:
    with pytest.raises(OptionError) as error:
        plan("alexnet", "--limit", "9", "--skip-broken")
    assert [line.split()[0] for line in str(error.value).splitlines()] == [
        "`limit`",
        "`skip_broken`",
    ]


def test_people_are_drawn_from_vggface2_alone(faces: Path, tmp_path: Path) -> None:
    asked = ["alexnet", "--phase", "pretraining", "--people", "2", "--data"]
    with pytest.raises(OptionError, match=r"must go with VGGFace2: .* has the layout imagefolder"):
        plan(*asked, str(faces))
    chosen = plan(*asked, str(people(tmp_path / "vgg"))).choice
    assert chosen is not None
    assert chosen.people == 2


def test_one_head_is_not_trained_by_several_processes(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    _, told = run("alexnet", "--out", tmp_path / "out", status=1)
    assert "--phase transfer must run in one process: torchrun started 2" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_corrupt_image_stops_the_training_or_is_left_out(
    run: Run, faces: Path, weights_file: Path, tmp_path: Path
) -> None:
    (faces / "happy" / "0003_01.png").write_bytes(b"\x89PNG broken")
    asked = ["alexnet_linear", "--data", faces, "--pretraining", weights_file, "--epochs", 1]
    _, told = run(*asked, "--out", tmp_path / "out", status=1)
    assert "1 of 16" in told
    assert "0003_01.png" in told
    assert not (tmp_path / "out").exists()
    printed, _ = run(*asked, "--skip-broken", "--out", tmp_path / "out", "--json")
    result = json.loads(printed)
    assert result["n_train"] + result["n_validation"] == 15
    assert any("left out as broken: 1 of 16" in note for note in result["notes"])


def test_a_folder_with_other_weights_is_left_alone(run: Run, faces: Path, tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(b"mine")
    _, told = run("alexnet_linear", "--data", faces, "--out", tmp_path, status=1)
    assert "has weights of another" in told
    assert (tmp_path / "weights.safetensors").read_bytes() == b"mine"


def name_of(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")


def plan(*words: str) -> TransferPlan | PretrainingPlan:
    """Plan the training that a command asks for."""
    given = train.make_context("train", [*words, "--out", "x"]).params
    unused = ("out", "as_json")
    return make_plan(**{name: value for name, value in given.items() if name not in unused})


def test_the_papers_recipe_is_the_papers() -> None:
    head = plan("vgg16", "--recipe", "paper").recipe
    assert isinstance(head, TransferRecipe)
    assert (head.epochs, head.batch, head.learning_rate, head.views) == (20, 32, 5e-5, 0)
    asked = ["vgg16", "--phase", "pretraining", "--data", "vggface2"]
    network = plan(*asked, "--recipe", "paper").recipe
    assert isinstance(network, PretrainingRecipe)
    (stage,) = network.stages
    assert (stage.epochs, stage.batch, stage.size) == (60, 32, 224)
    assert (network.learning_rate, network.keep) == (5e-5, "best")
    with pytest.raises(OptionError, match="`learning_rate` must be above 0"):
        plan(*asked, "--learning-rate", "0")


@pytest.mark.parametrize("name", [*DESIGNS, "torchvision:resnet18"])
def test_a_head_that_is_trained_by_hand_is_trained_and_kept_whole(name: str) -> None:
    by_hand, observer = plan(name).recipe, load_observer(name).recipe  # type: ignore[attr-defined]
    assert isinstance(by_hand, TransferRecipe)
    assert (by_hand.rank, observer.rank) == (0, 32)
    assert plan(name, "--recipe", "paper").recipe.rank == 0  # type: ignore[union-attr]
    seen = ("n_identities", "per_identity", "face_seed", "validation_share", "crops")
    for each in seen:  # the same faces, in the same way
        assert getattr(by_hand, each) == getattr(observer, each)


def test_views_are_crops() -> None:
    recipe = plan("alexnet", "--views", "5").recipe
    assert (recipe.views, recipe.crops) == (5, True)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["vgg16", "torchvision:resnet18"])
def test_a_head_is_trained_on_what_the_observer_is_trained_on(name: str) -> None:
    planned, observer = plan(name), load_observer(name)
    assert isinstance(planned, TransferPlan)
    assert planned.pretraining == observer.pretraining  # type: ignore[attr-defined]
    expected = "imagenet" if name.startswith("torchvision") else "procedural-objects"
    assert planned.determinants()["pretraining"] == expected


def test_images_of_ones_own_are_gone_through_more_often_than_rendered_ones() -> None:
    rendered, own = plan("alexnet").recipe, plan("alexnet", "--data", "mine").recipe
    assert isinstance(rendered, TransferRecipe)
    assert own == OWN_IMAGES
    assert own.epochs > rendered.epochs
    assert (own.crops, rendered.crops) == (True, False)


def test_the_options_offer_what_there_is() -> None:
    assert set(options.LAYOUTS) == {"auto", *LAYOUTS}
    assert set(options.OPTIMIZERS) == {*OPTIMIZERS, *CHOICES["optimizer"]}


DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.skipif(not DOCS.is_dir(), reason="the pages are in the repository alone")
def test_the_page_on_training_names_every_option() -> None:
    page = (DOCS / "training.md").read_text("utf-8")
    options_there = {name for each in train.params for name in each.opts if name.startswith("--")}
    assert sorted(name for name in options_there if f"`{name}" not in page) == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="the job file is a shell script")
@pytest.mark.skipif(not DOCS.is_dir(), reason="the pages are in the repository alone")
def test_every_job_of_the_example_array_is_a_training_of_its_own(tmp_path: Path) -> None:
    stub, said = tmp_path / "psychobench", tmp_path / "said"
    stub.write_text(f'#!/bin/sh\necho "$@" >> {said}\n')
    stub.chmod(0o755)
    script = DOCS / "examples" / "sweep.slurm"
    (array,) = re.findall(r"--array=0-(\d+)", script.read_text("utf-8"))
    loop = f'for i in $(seq 0 {array}); do SLURM_ARRAY_TASK_ID=$i bash "{script}" || exit 1; done'
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["bash", "-c", loop], check=True, env={**os.environ, "PATH": path})
    jobs = [shlex.split(line) for line in said.read_text().splitlines()]
    assert all(job[0] == "train" for job in jobs)
    given = [train.make_context("train", job[1:]).params for job in jobs]
    assert len({each["out"] for each in given}) == len(jobs) == int(array) + 1 == 150
    assert len({(each["observer"], each["pretraining"], each["seed"]) for each in given}) == 150
    assert {each["observer"] for each in given} <= set(DESIGNS)
    assert {each["pretraining"] for each in given} <= set(NAMES)
