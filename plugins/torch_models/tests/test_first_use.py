"""VGG weights are trained once, kept, and trained again only where the file is damaged."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import psychobench_torch.first_use as first_use
import pytest
import safetensors
from psychobench_torch.convolutions import load_backbone
from psychobench_torch.first_use import RECIPE, first_use_weights, read_card, weights_path
from psychobench_torch.pretrain import Stage
from psychobench_torch.pretraining import choose_pretraining

from psychobench.errors import OptionError, ResourceError
from psychobench.resources import sha256

TINY = dataclasses.replace(
    RECIPE, n_images=98, image_size=32, stages=(Stage(32, 12, 4), Stage(32, 4, 4))
)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, cache: Path) -> Path:
    """Hold few images out; keep what is trained in a folder of the test's own."""
    monkeypatch.setattr("psychobench_torch.pretrain.sources.HELD_OUT_OBJECTS", 98)
    return cache.parent / "convolutions"


def test_weights_are_trained_once_and_say_what_they_are(
    few: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = first_use_weights("vgg11", "procedural-objects", progress=False, recipe=TINY)
    told = capsys.readouterr().err
    for part in ("trained now, once", "not ImageNet", "held-out"):
        assert part in told
    assert path.parent == few
    assert sorted(file.suffix for file in few.iterdir()) == [".json", ".safetensors"]
    with safetensors.safe_open(path, "pt") as file:
        metadata = file.metadata()
    assert metadata["architecture"] == "vgg11"
    assert metadata["size"] == "32"
    assert metadata["source"] == "procedural-objects"
    card = read_card(path)
    assert 0 <= card["held_out_accuracy"] <= 1
    assert card["n_held_out"] == 98

    written = path.stat().st_mtime_ns
    assert first_use_weights("vgg11", "procedural-objects", progress=False, recipe=TINY) == path
    assert path.stat().st_mtime_ns == written
    assert capsys.readouterr().err == ""
    backbone = load_backbone("vgg11", choose_pretraining(str(path)))
    assert backbone.size == 32


def test_a_killed_training_goes_on_and_a_damaged_file_is_trained_again(
    few: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    path = weights_path(dataclasses.replace(TINY, architecture="vgg11"), "procedural-objects")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not weights")
    path.with_suffix(".json").write_text("{}")
    with monkeypatch.context() as patch:
        patch.setattr(first_use, "held_out", killed)
        with pytest.raises(KeyboardInterrupt):
            first_use_weights("vgg11", "procedural-objects", progress=False, recipe=TINY)
    assert "damaged" in capsys.readouterr().err
    began = read_checkpoint_step(path.with_suffix(""))
    assert began == TINY.steps(98)

    monkeypatch.setattr("psychobench_torch.pretrain.loop.Training._update", killed)
    first_use_weights("vgg11", "procedural-objects", progress=False, recipe=TINY)
    assert not path.with_suffix("").exists()
    assert read_card(path)["sha256"] == sha256(path)


def read_checkpoint_step(folder: Path) -> int:
    step: int = json.loads((folder / "checkpoint.json").read_text())["record"]["step"]
    return step


def test_every_determinant_has_a_file_of_its_own(cache: Path) -> None:
    recipes = [
        RECIPE,
        dataclasses.replace(RECIPE, seed=1),
        dataclasses.replace(RECIPE, architecture="vgg13"),
        dataclasses.replace(RECIPE, stages=RECIPE.stages[:1]),
    ]
    paths = {weights_path(recipe, source) for recipe in recipes for source in first_use.STANDS_IN}
    assert len(paths) == 8


def test_only_vggs_and_rendered_sources_are_trained_on_first_use(cache: Path) -> None:
    with pytest.raises(OptionError, match="vgg11, vgg13, vgg16: not for 'alexnet'"):
        first_use_weights("alexnet", "procedural-objects")
    with pytest.raises(OptionError, match="not on 'imagenet'"):
        first_use_weights("vgg11", "imagenet")


def test_nothing_is_trained_that_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PSYCHOBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(ResourceError, match="set PSYCHOBENCH_CACHE to a folder that can"):
        first_use_weights("vgg11", "procedural-objects")
