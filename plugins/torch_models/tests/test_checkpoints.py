"""Interrupted work goes on where it was, or says why it cannot."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from psychobench_torch.storage import checkpoints
from psychobench_torch.storage.checkpoints import (
    Checkpoint,
    read_checkpoint,
    remove_checkpoint,
    write_checkpoint,
)

from psychobench.errors import ObserverError, ResourceError

RECIPE: dict[str, Any] = {"recipe": {"seed": 0, "stages": [{"size": 64}]}}


def state(value: float) -> Checkpoint:
    generator = torch.Generator().manual_seed(3).get_state()
    return Checkpoint(
        {"w": torch.full((1000, 300), value), "generator": generator}, {"step": int(value)}
    )


def test_a_checkpoint_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, state(7), RECIPE)
    found = read_checkpoint(tmp_path, RECIPE)
    assert found is not None
    assert found.record == {"step": 7}
    for name, value in state(7).tensors.items():
        assert torch.equal(found.tensors[name], value)


def test_where_nothing_was_written_there_is_nothing_to_go_on_from(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path / "new", RECIPE) is None


def test_a_write_that_breaks_off_leaves_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_checkpoint(tmp_path, state(1), RECIPE)

    def break_off(path: Path, data: bytes) -> None:
        if path.name == checkpoints.RECORD:  # the new tensors are there, their record is not
            raise KeyboardInterrupt
        path.write_bytes(data)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "write_whole", break_off)
        with pytest.raises(KeyboardInterrupt):
            write_checkpoint(tmp_path, state(2), RECIPE)
    found = read_checkpoint(tmp_path, RECIPE)
    assert found is not None
    assert found.record == {"step": 1}


def test_old_checkpoints_and_half_written_files_do_not_pile_up(tmp_path: Path) -> None:
    (tmp_path / ".partial-0123").write_bytes(b"half")
    for value in (1, 2, 3):
        write_checkpoint(tmp_path, state(value), RECIPE)
    assert len(list(tmp_path.iterdir())) == 2
    remove_checkpoint(tmp_path)
    assert not tmp_path.exists()


def test_a_checkpoint_of_another_training_is_refused_by_its_first_difference(
    tmp_path: Path,
) -> None:
    write_checkpoint(tmp_path, state(1), RECIPE)
    other = {"recipe": {"seed": 0, "stages": [{"size": 80}]}}
    with pytest.raises(ObserverError, match=r"recipe\.stages\[0\]\.size 64, not 80"):
        read_checkpoint(tmp_path, other)


def test_a_damaged_checkpoint_is_not_gone_on_from(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, state(1), RECIPE)
    weights = next(tmp_path.glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    with pytest.raises(ResourceError, match="hash is not the recorded one"):
        read_checkpoint(tmp_path, RECIPE)


def test_a_full_disk_is_told_with_what_was_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_checkpoint(tmp_path, state(1), RECIPE)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=20))
    with pytest.raises(ResourceError, match=r"it needs 2\.4 MB .*only 0\.0 MB are free"):
        write_checkpoint(tmp_path, state(2), RECIPE)
    found = read_checkpoint(tmp_path, RECIPE)
    assert found is not None
    assert found.record == {"step": 1}
