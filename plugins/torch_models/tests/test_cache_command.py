"""What is kept for later is listed, limited and cleared."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from psychobench_torch.cli.cache import cache as command
from psychobench_torch.storage.cache import clear_cache, limit_heads, list_cache

from psychobench.errors import OptionError


def keep(folder: Path, name: str, size: int, age: float = 0.0) -> Path:
    path = folder / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"0" * size)
    path.with_suffix(".json").write_text("{}")
    os.utime(path, (1e9 - age, 1e9 - age))
    return path


def test_what_is_kept_is_listed_by_kind(cache: Path) -> None:
    keep(cache, "one", 1_500_000)
    keep(cache.parent / "pixels", "two", 500_000)
    table = list_cache().set_index("kind")
    assert table.loc["heads", ["files", "megabytes"]].tolist() == [2, 1.5]
    assert table["megabytes"].sum() == 2.0
    shown = CliRunner().invoke(command, ["list", "--json"])
    assert {row["kind"]: row["files"] for row in json.loads(shown.output)}["pixels"] == 2


def test_one_kind_or_all_of_it_is_cleared(cache: Path) -> None:
    keep(cache, "one", 1_000_000)
    keep(cache.parent / "pixels", "two", 2_000_000)
    assert CliRunner().invoke(command, ["clear", "heads"]).output == "1.0 MB deleted.\n"
    assert list_cache()["files"].sum() == 2
    assert clear_cache() == 2_000_002
    assert list_cache()["files"].sum() == 0


def test_an_unknown_kind_is_refused_and_nothing_deleted(cache: Path) -> None:
    kept = keep(cache, "one", 10)
    with pytest.raises(OptionError, match=r"must be one of heads, .*: there is no 'head'"):
        clear_cache("head")
    assert kept.exists()


def test_heads_that_were_not_used_for_longest_make_room(cache: Path) -> None:
    paths = [keep(cache, str(age), 100, age) for age in (3, 1, 2)]
    limit_heads(250)
    assert [path.exists() for path in paths] == [False, True, True]
    assert not paths[0].with_suffix(".json").exists()
    limit_heads(10)  # the newest stays however large it is
    assert [path.exists() for path in paths] == [False, True, False]
