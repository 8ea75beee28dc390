"""A trained head is kept under a key of all that determines it, and never half-written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from psychobench_torch import judge, transfer
from psychobench_torch.cache import cache_folder, cache_key
from psychobench_torch.convolutions import load_convolutions
from psychobench_torch.judge import head_determinants
from psychobench_torch.observers import FEAlexNetObserver
from psychobench_torch.pretraining import choose_pretraining
from psychobench_torch.recipe import TransferRecipe

MakeObserver = Callable[[], FEAlexNetObserver]
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)


@pytest.fixture
def kept(make_observer: MakeObserver, cache: Path) -> tuple[Path, np.ndarray]:
    """Train once into a cache of its own; give the file and the answers."""
    answers = make_observer().respond(IMAGES)
    (file,) = cache.glob("*.safetensors")
    return file, answers


def forbid_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "train_head", lambda *_: pytest.fail("trained again"))


def test_a_head_read_back_answers_exactly_as_the_one_just_trained(
    kept: tuple[Path, np.ndarray], make_observer: MakeObserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_training(monkeypatch)
    np.testing.assert_array_equal(make_observer().respond(IMAGES), kept[1])


@pytest.mark.parametrize("part", ["weights", "record", "both"])
def test_a_damaged_head_is_noticed_and_trained_again(
    part: str,
    kept: tuple[Path, np.ndarray],
    make_observer: MakeObserver,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file, answers = kept
    if part in ("weights", "both"):
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    if part in ("record", "both"):
        file.with_suffix(".json").write_text('{"sha256": ')
    capsys.readouterr()
    np.testing.assert_array_equal(make_observer().respond(IMAGES), answers)
    assert f"the trained head in {file} is damaged" in capsys.readouterr().err


def test_a_head_without_its_record_was_not_written_to_the_end_and_is_trained_again(
    kept: tuple[Path, np.ndarray], make_observer: MakeObserver
) -> None:
    file, answers = kept
    file.with_suffix(".json").unlink()
    np.testing.assert_array_equal(make_observer().respond(IMAGES), answers)
    assert file.with_suffix(".json").is_file()


def test_an_interrupted_training_leaves_nothing(
    make_observer: MakeObserver, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(transfer, "_accuracy", interrupt)
    with pytest.raises(KeyboardInterrupt):
        make_observer().respond(IMAGES)
    assert not list(cache.parent.rglob("*"))


def test_an_interrupted_writing_leaves_nothing_half_written(
    make_observer: MakeObserver, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        make_observer().respond(IMAGES)
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_a_cache_that_cannot_be_written_costs_a_note_not_the_answers(
    make_observer: MakeObserver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PSYCHOBENCH_CACHE", str(tmp_path / "file"))
    assert make_observer().respond(IMAGES).shape == (3,)
    assert "could not be kept" in capsys.readouterr().err


def test_the_key_changes_with_everything_that_determines_a_head(
    weights_file: Path, small: TransferRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    convolutions = load_convolutions(choose_pretraining(str(weights_file)))
    others = dataclasses.replace(convolutions, sha256="0" * 64)
    keys = [cache_key(head_determinants(convolutions, small, 0))]
    keys.append(cache_key(head_determinants(others, small, 0)))
    keys.append(cache_key(head_determinants(convolutions, small, 1)))
    for each in dataclasses.fields(small):
        changed = dataclasses.replace(small, **{each.name: getattr(small, each.name) + 1})
        keys.append(cache_key(head_determinants(convolutions, changed, 0)))
    for name, value in {
        "RENDERER_VERSION": "other",
        "RECIPE_VERSION": "other",
        "fast_dtype": lambda device: "another precision",
    }.items():
        with monkeypatch.context() as patch:
            patch.setattr(judge, name, value)
            keys.append(cache_key(head_determinants(convolutions, small, 0)))
    for key, value in {"device": "cuda", "torch_version": "0.1"}.items():
        keys.append(cache_key(head_determinants(convolutions, small, 0) | {key: value}))
    assert len(set(keys)) == len(keys)
    assert keys[0] == cache_key(head_determinants(convolutions, small, 0))


def test_the_cache_is_in_the_users_cache_folder_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PSYCHOBENCH_CACHE", raising=False)
    assert cache_folder().is_relative_to(Path.home())
    assert "psychobench" in cache_folder().parts
