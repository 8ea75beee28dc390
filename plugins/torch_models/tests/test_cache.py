"""A trained head is kept whole or not at all, and read back as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest
import torch
from psychobench_torch.heads.head_types import HEADS, load_head, make_head
from psychobench_torch.heads.kept_heads import head_file, read_head, write_head
from psychobench_torch.heads.trained_head import TrainedHead
from psychobench_torch.storage.store import cache_folder, cache_key
from psychobench_torch.storage.training_log import Epoch

KEY = cache_key({"seed": 0})
FEATURES = 24


def trained_head(kind: str = "excitation") -> TrainedHead:
    """A head of random values in float16's precision, as a training gives it."""
    generator = torch.Generator().manual_seed(0)
    head = make_head(kind, FEATURES, hidden=6).to_empty(device="cpu")
    values = {
        name: torch.randn(value.shape, generator=generator).half().float()
        for name, value in head.state_dict().items()
    }
    epochs = (Epoch(0.7, 0.5, 2.0, 50.0), Epoch(0.4, 0.75, 2.0, 50.0))
    return TrainedHead(load_head(kind, values), epochs, 30, 10, kind, seed=3, log_odds=-0.25)


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("kind", HEADS)
def test_a_head_read_back_is_the_one_that_was_trained(kind: str) -> None:
    trained = trained_head(kind)
    digest = write_head(KEY, trained, {"seed": 0})
    found = read_head(KEY)
    assert found is not None
    again, read_digest = found
    assert read_digest == digest
    x = torch.rand(5, FEATURES, generator=torch.Generator().manual_seed(1))
    assert torch.equal(again.head(x), trained.head(x))
    for name in ("epochs", "n_train", "n_validation", "kind", "seed", "log_odds", "best"):
        assert getattr(again, name) == getattr(trained, name)
    assert again.epochs[0].seconds == 2.0


@pytest.mark.usefixtures("cache")
def test_there_is_no_head_where_none_was_written() -> None:
    assert read_head(KEY) is None


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("part", ["values", "record", "both", "another kind"])
def test_a_damaged_head_is_noticed_and_counts_as_not_there(
    part: str, notes: Callable[[], str]
) -> None:
    write_head(KEY, trained_head(), {})
    values, record = head_file(KEY).path, head_file(KEY).record_path
    if part in ("values", "both"):
        data = bytearray(values.read_bytes())
        data[len(data) // 2] ^= 1
        values.write_bytes(data)
    if part in ("record", "both"):
        record.write_text('{"sha256": ')
    if part == "another kind":
        record.write_text(json.dumps(json.loads(record.read_text()) | {"kind": "dense"}))
    assert read_head(KEY) is None
    assert f"the trained head in {values} is damaged" in notes()
    write_head(KEY, trained_head(), {})
    assert read_head(KEY) is not None


@pytest.mark.usefixtures("cache")
def test_a_head_without_its_record_was_not_written_to_the_end() -> None:
    write_head(KEY, trained_head(), {})
    head_file(KEY).record_path.unlink()
    assert read_head(KEY) is None


def test_an_interrupted_writing_leaves_nothing_half_written(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_head(KEY, trained_head(), {})
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_a_cache_that_cannot_be_written_costs_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notes: Callable[[], str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PSYCHOBENCH_CACHE", str(tmp_path / "file"))
    assert write_head(KEY, trained_head(), {}) is None
    assert "could not be kept" in notes()


@pytest.mark.usefixtures("cache")
def test_the_record_says_what_determined_the_head() -> None:
    write_head(KEY, trained_head(), {"seed": 3, "head": "excitation"})
    noted = json.loads(head_file(KEY).record_path.read_text())
    assert noted["determinants"] == {"seed": 3, "head": "excitation"}
    assert noted["log_odds"] == -0.25


def test_the_cache_is_in_the_users_cache_folder_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PSYCHOBENCH_CACHE", raising=False)
    assert cache_folder("heads").is_relative_to(platformdirs.user_cache_path())
    assert "psychobench" in cache_folder("heads").parts
