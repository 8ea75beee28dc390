"""Data files are found, and output appears whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from psychobench import resources
from psychobench.errors import ResourceError


@pytest.fixture
def blocked(tmp_path: Path) -> Path:
    """A path below a file, where no folder can be made (for root too)."""
    (tmp_path / "file").write_text("in the way")
    return tmp_path / "file" / "results"


def stage(out: Path, *names: str, fault: type[BaseException] | None = None) -> None:
    """Stage files that read "new", then perhaps fail."""
    with resources.staged_folder(out) as folder:
        for name in names:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("new")
        if fault is not None:
            raise fault


def test_a_chosen_data_folder_comes_before_the_bundled_one(tmp_path, monkeypatch):
    (tmp_path / "stimuli").mkdir()
    monkeypatch.setenv("PSYCHOBENCH_DATA", str(tmp_path))
    assert resources.bundled("stimuli") == tmp_path / "stimuli"


def test_missing_data_name_every_place_that_was_searched(tmp_path, monkeypatch):
    monkeypatch.setenv("PSYCHOBENCH_DATA", str(tmp_path))
    with pytest.raises(ResourceError, match="bundled sounds must be on disk") as caught:
        resources.bundled("sounds")
    assert str(tmp_path / "sounds") in str(caught.value)
    assert str(resources.PACKAGE.parent / "sounds") in str(caught.value)


def test_one_changed_byte_changes_the_hash(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").write_bytes(b"abd")
    # the test vector for "abc" in FIPS 180-2, appendix B.1
    assert resources.sha256(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223")
    assert resources.sha256(tmp_path / "a") != resources.sha256(tmp_path / "b")


def test_a_file_is_written_with_the_folders_it_needs(tmp_path):
    resources.write_whole(tmp_path / "new" / "deep" / "fits.csv", b"1")
    assert (tmp_path / "new" / "deep" / "fits.csv").read_bytes() == b"1"
    assert [path.name for path in (tmp_path / "new" / "deep").iterdir()] == ["fits.csv"]


def test_an_interrupted_write_leaves_the_old_file_and_no_scrap(tmp_path, monkeypatch):
    path = tmp_path / "fits.csv"
    path.write_text("old")

    def interrupt(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        resources.write_whole(path, b"new")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"fits.csv": "old"}


def test_a_file_that_cannot_be_written_says_where_and_why(tmp_path, blocked):
    with pytest.raises(ResourceError, match=r"output must be writable: .*results.* `out`"):
        resources.write_whole(blocked, b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ResourceError, match="output must be writable"):
        resources.write_whole(tmp_path / "folder", b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions, links and devices")
def test_a_written_file_is_an_ordinary_one_that_keeps_links_and_devices(tmp_path):
    umask = os.umask(0o027)
    try:
        resources.write_whole(tmp_path / "fits.csv", b"1")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "fits.csv").stat().st_mode) == 0o640
    (tmp_path / "link.csv").symlink_to(tmp_path / "fits.csv")
    resources.write_whole(tmp_path / "link.csv", b"2")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "fits.csv").read_bytes() == b"2"
    resources.write_whole(Path("/dev/null"), b"gone")
    assert Path("/dev/null").is_char_device()


def test_staged_files_reach_the_folder_together_and_only_at_the_end(tmp_path):
    out = tmp_path / "new" / "results"
    with resources.staged_folder(out) as folder:
        (folder / "masks").mkdir()
        (folder / "masks" / "eyes.png").write_text("1")
        (folder / "fits.csv").write_text("2")
        assert not (out / "fits.csv").exists()
    files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert files == ["fits.csv", str(Path("masks", "eyes.png"))]
    assert sorted(path.name for path in out.iterdir()) == ["fits.csv", "masks"]


def test_staging_replaces_files_of_the_same_name_and_keeps_the_others(tmp_path):
    (tmp_path / "fits.csv").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    stage(tmp_path, "fits.csv")
    contents = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert contents == {"fits.csv": "new", "notes.txt": "mine"}


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_the_disk_as_it_was(tmp_path, fault):
    (tmp_path / "kept.txt").write_text("mine")
    for out in (tmp_path, tmp_path / "new" / "deep"):
        with pytest.raises(fault):
            stage(out, "half.csv", fault=fault)
    assert [path.name for path in tmp_path.rglob("*")] == ["kept.txt"]


def test_a_move_that_fails_half_way_puts_the_old_files_back(tmp_path):
    (tmp_path / "a.csv").write_text("old")
    (tmp_path / "c.csv").mkdir()  # a folder where a file must go
    (tmp_path / "c.csv" / "mine.txt").write_text("mine")
    with pytest.raises(ResourceError, match=r"c\.csv is a folder"):
        stage(tmp_path, "a.csv", "b/b.csv", "c.csv")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.csv", "c.csv", "mine.txt"]
    assert (tmp_path / "a.csv").read_text() == "old"


def test_a_fault_of_another_file_is_not_blamed_on_the_output(tmp_path):
    with pytest.raises(FileNotFoundError), resources.staged_folder(tmp_path / "out"):
        (tmp_path / "input.csv").read_text()
    with (
        pytest.raises(ResourceError, match="output must be writable"),
        resources.staged_folder(tmp_path / "out") as folder,
    ):
        (folder / "missing" / "fits.csv").write_text("1")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_found_before_any_work(blocked):
    reached = []
    with pytest.raises(ResourceError, match="output must be writable"):
        resources.check_writable(blocked)
    with (
        pytest.raises(ResourceError, match="output must be writable"),
        resources.staged_folder(blocked),
    ):
        reached.append("the block")
    assert reached == []


def test_asking_whether_a_folder_can_be_written_changes_nothing(tmp_path, monkeypatch):
    resources.check_writable(tmp_path / "new" / "deep")
    monkeypatch.chdir(tmp_path)
    resources.check_writable(Path("relative"))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "broken").symlink_to(tmp_path / "gone")
    with pytest.raises(ResourceError, match="broken is not a folder"):
        resources.check_writable(tmp_path / "broken" / "new")
