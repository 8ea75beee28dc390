"""Networks for a reproduction: from bundled weights, and from look-alikes of licensed data sets."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from psychobench_torch.heads.features import Features
from psychobench_torch.heads.recipe import TransferRecipe
from psychobench_torch.pretraining.recipe import PretrainingRecipe, Stage
from psychobench_torch.reproduction import sources
from psychobench_torch.reproduction.answers import Store
from psychobench_torch.reproduction.prepare import Options
from psychobench_torch.reproduction.reproduce import run
from psychobench_torch.reproduction.responses import collect_responses, plan_cells
from psychobench_torch.reproduction.sources import Sources, check_sources

from psychobench.errors import OptionError, PsychobenchError
from psychobench.observers.runner import read_info
from psychobench.plugins import PaperExperiments
from psychobench.reproduction.departures import OF_NETWORKS
from psychobench.reproduction.pretraining_data import pretrained_on
from psychobench.stimuli.sets import load_stimuli

TINY = TransferRecipe(epochs=1, batch=8, average_every=0, n_identities=4, per_identity=3)
TINY_PRETRAINING = PretrainingRecipe(
    stages=(Stage(64, 16, 8),), schedule="constant", image_size=64, equalise=False, autocast=False
)


def paint(path: Path, shade: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (24, 24), (shade % 256, 40, 255 - shade % 256)).save(path)


@pytest.fixture
def affectnet(tmp_path: Path) -> Path:
    """Lay 24 and 8 images out as AffectNet's first release has them."""
    root = tmp_path / "AffectNet"
    header = (
        "subDirectory_filePath,face_x,face_y,face_width,face_height,"
        "facial_landmarks,expression,valence,arousal"
    )
    for name, n in (("training", 24), ("validation", 8)):
        rows = [header]
        for i in range(n):
            file = f"{i % 3}/{name}{i:03}.jpg"
            paint(root / "Manually_Annotated_Images" / file, 8 * i)
            rows.append(f"{file},4,2,16,16,1.0;2.0,1,{-0.4 if i % 2 else 0.4},0.1")
        (root / f"{name}.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture
def vggface2(tmp_path: Path) -> Path:
    """Lay out a handful of images of four people as VGGFace2 has them."""
    root = tmp_path / "VGGFace2"
    for person in range(4):
        for i in range(6):
            paint(root / "train" / f"n{person:06}" / f"{i:04}_01.jpg", 60 * person + i)
    return root


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr(sources, "PAPER_TRANSFER", TINY)
    monkeypatch.setattr(sources, "PAPER_PRETRAINING", TINY_PRETRAINING)


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., Sources]:
    """Check sources of a linear head on AlexNet."""

    def check(
        weights: object = "procedural-objects",
        faces: object = None,
        affectnet: Path | None = None,
        vggface2: Path | None = None,
        out: Path | None = tmp_path / "out",
    ) -> Sources:
        return check_sources(
            str(weights),
            None if faces is None else str(faces),
            affectnet,
            vggface2,
            observers=["alexnet_linear"],
            folder=out,
        )

    return check


@pytest.mark.slow
def test_heads_are_trained_on_ones_own_affectnet_once(check, affectnet, tmp_path):
    found = check(affectnet=affectnet, faces="procedural-objects")
    first, second = found.make("alexnet_linear", "object", [0, 1])
    info = read_info(first)
    assert "AffectNet" in info.weights_origin
    assert info.options["n_train"] == 24
    assert info.options["pretraining"] == "procedural-objects"
    assert info.label_log_odds == 0
    files = sorted((tmp_path / "out" / "networks").iterdir())
    assert [file.name for file in files] == [
        "alexnet_linear-object-seed0.safetensors", "alexnet_linear-object-seed1.safetensors",
    ]  # fmt: skip
    times = [file.stat().st_mtime_ns for file in files]
    again = list(found.make("alexnet_linear", "object", [0, 1]))
    assert [file.stat().st_mtime_ns for file in files] == times
    images = load_stimuli().images()[:2]
    for before, after in zip((first, second), again, strict=True):
        np.testing.assert_array_equal(before.respond(images), after.respond(images))


@pytest.mark.slow
def test_heads_on_the_same_features_share_them(check, affectnet, monkeypatch):
    computed = []
    compute = Features._compute
    monkeypatch.setattr(
        Features, "_compute", lambda self, *what: computed.append(what[0]) or compute(self, *what)
    )
    found = check(affectnet=affectnet, faces="procedural-objects")
    list(found.make("alexnet_linear", "object", [0]))
    assert computed
    once = list(computed)
    list(found.make("alexnet_linear", "object", [1]))
    assert computed == once


@pytest.mark.slow
def test_networks_trained_on_affectnet_answer_under_every_mask(check, affectnet, tmp_path):
    found = check(affectnet=affectnet, faces="procedural-objects")
    store = Store(tmp_path / "answers", found.settings, {})
    cells = plan_cells(["alexnet_linear"], [3], store)[:1]
    [answers] = collect_responses(cells, found.make, PaperExperiments.prepare(), store)
    assert len(answers.table) == 4 * 21
    assert answers.info["pretraining"] == "procedural-objects"


@pytest.mark.slow
def test_convolutions_pretrained_on_vggface2_say_how_much_of_it_they_saw(
    check, affectnet, vggface2, tmp_path
):
    found = check(affectnet=affectnet, vggface2=vggface2)
    [observer] = found.make("alexnet_linear", "face", [0])
    info = read_info(observer).to_dict()
    assert pretrained_on(info, "face") == "VGGFace2"  # of which kind; how much, the departures say
    assert pretrained_on(info, "object") != "ImageNet"
    [item] = (each for each in OF_NETWORKS if each.item == "face-based")
    here = "VGGFace2, 4 identities, 20 images to train on, 1 epochs"
    assert item.here({**info, "role": "face"}) == here
    file = tmp_path / "out" / "networks" / "alexnet-vggface2.safetensors"
    time = file.stat().st_mtime_ns
    list(found.make("alexnet_linear", "face", [1]))
    assert file.stat().st_mtime_ns == time
    assert not (tmp_path / "out" / "networks" / "alexnet-vggface2").exists()


def test_other_images_are_other_settings(check, affectnet):
    before = check(affectnet=affectnet).settings
    paint(affectnet / "Manually_Annotated_Images" / "0" / "more.jpg", 3)
    with (affectnet / "training.csv").open("a") as file:
        file.write("0/more.jpg,4,2,16,16,1.0;2.0,1,0.9,0.1\n")
    assert check(affectnet=affectnet).settings != before
    assert check().settings["AffectNet"] is None


@pytest.mark.parametrize("version", ["transfer recipe", "pre-training recipe"])
def test_networks_kept_by_another_recipe_are_other_settings(check, affectnet, monkeypatch, version):
    own, bundled = check(affectnet=affectnet).settings, check().settings
    monkeypatch.setitem(sources.RECIPES, version, "another")
    assert check(affectnet=affectnet).settings != own
    assert check().settings == bundled  # nothing is kept but answers, which are asked again


@pytest.mark.slow
def test_no_network_answers_that_was_trained_on_other_data(vggface2, tmp_path):
    def stopped(*_: object) -> list[object]:
        raise KeyboardInterrupt

    other = shutil.copytree(vggface2, tmp_path / "other" / "VGGFace2")
    paint(other / "train" / "n000000" / "0009_01.jpg", 3)
    mine, others = (
        Options(("alexnet",), vggface2=people, out=tmp_path / "out") for people in (vggface2, other)
    )
    with pytest.raises(KeyboardInterrupt):  # perhaps after the pre-training, before an answer
        run("ying2023", mine, make=stopped)
    with pytest.raises(OptionError, match="VGGFace2 was"):
        run("ying2023", others)


def test_all_faults_of_sources_are_told_together(check, affectnet, vggface2, tmp_path):
    with pytest.raises(PsychobenchError) as told:
        check(tmp_path / "none.pth", "rendered-faces", vggface2, affectnet, out=None)
    text = "\n".join(told.value.faults)
    for fault in (
        "must have one source", "need a folder", "none.pth", "`affectnet` must", "`vggface2` must",
    ):  # fmt: skip
        assert fault in text


def test_weights_of_another_network_are_refused_before_training(check, weights_file):
    assert check(weights_file).choices["object"] == str(weights_file)
    with pytest.raises(PsychobenchError, match="VGG11"):
        check_sources(
            str(weights_file), None, None, None, observers=["alexnet", "vgg11"], folder=None
        )


@pytest.mark.slow
def test_a_whole_observer_is_no_pretraining(check, affectnet, tmp_path):
    list(check(affectnet=affectnet).make("alexnet_linear", "object", [0]))
    whole = tmp_path / "out" / "networks" / "alexnet_linear-object-seed0.safetensors"
    with pytest.raises(PsychobenchError, match="holds a trained head"):
        check(whole)
