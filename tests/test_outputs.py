"""Results never replace what a user made or edited, nor what is being read."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import psychobench as pb
from psychobench.cli.main import main
from psychobench.errors import ResourceError
from psychobench.outputs import RECORD, _record_text, output_folder, read_record, write_output
from psychobench.resources import sha256, staged_folder, write_whole


def write(out: Path, overwrite: bool = False, kind: str = "analysis", **files: str) -> None:
    """Write files into a folder as a command does."""
    with output_folder(out, kind=kind, overwrite=overwrite) as staged:
        for name, text in files.items():
            (staged / name).parent.mkdir(parents=True, exist_ok=True)
            (staged / name).write_text(text)


def contents(folder: Path) -> dict[str, str]:
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != RECORD]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


@pytest.fixture
def trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's raw trials, alone in the current folder."""
    monkeypatch.chdir(tmp_path)
    levels = [0.1, 0.3, 0.5, 0.7, 0.9] * 12
    answers = [int((i * 7) % 12 / 12 + 0.04 < level) for i, level in enumerate(levels)]
    rows = pd.DataFrame({"observer": "p1", "level": levels, "response": answers})
    rows.to_csv("raw.csv", index=False)
    return tmp_path / "raw.csv"


def refused(*arguments: str) -> bool:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    return stopped.value.code == 1


def test_a_rerun_replaces_its_own_files_and_removes_those_it_no_longer_writes(tmp_path):
    write(tmp_path, **{"report.html": "1", "goodness.csv": "1", "maps/a.npz": "1"})
    (tmp_path / "mine.txt").write_text("mine")
    write(tmp_path, **{"report.html": "2"})
    assert contents(tmp_path) == {"report.html": "2", "mine.txt": "mine"}
    assert not (tmp_path / "maps").exists()


def test_a_users_file_is_not_replaced_and_nothing_else_is_written(tmp_path):
    (tmp_path / "fits.csv").write_text("mine")
    with pytest.raises(ResourceError, match=r"must not replace your files: \S*fits.csv is not as"):
        write(tmp_path, **{"fits.csv": "new", "report.html": "new"})
    assert contents(tmp_path) == {"fits.csv": "mine"}
    write(tmp_path, overwrite=True, **{"fits.csv": "new"})
    assert contents(tmp_path) == {"fits.csv": "new"}


def test_an_edited_result_counts_as_the_users(tmp_path):
    write(tmp_path, **{"fits.csv": "1", "old.csv": "1"})
    (tmp_path / "fits.csv").write_text("1, edited")
    with pytest.raises(ResourceError, match="`overwrite=True`"):
        write(tmp_path, **{"fits.csv": "2"})
    assert contents(tmp_path) == {"fits.csv": "1, edited", "old.csv": "1"}


def test_an_edited_result_that_a_rerun_no_longer_writes_stays(tmp_path):
    write(tmp_path, **{"report.html": "1", "goodness.csv": "1"})
    (tmp_path / "goodness.csv").write_text("with my notes")
    write(tmp_path, **{"report.html": "2"})
    assert contents(tmp_path)["goodness.csv"] == "with my notes"


def test_an_edited_record_is_not_believed(tmp_path):
    write(tmp_path, **{"fits.csv": "1"})
    record = json.loads((tmp_path / RECORD).read_text())
    (tmp_path / "raw.csv").write_text("mine")
    record["files"]["raw.csv"] = sha256(tmp_path / "raw.csv")
    (tmp_path / RECORD).write_text(json.dumps(record))
    assert read_record(tmp_path / RECORD) is None
    with pytest.raises(ResourceError, match=r"provenance\.json"):
        write(tmp_path, **{"fits.csv": "2"})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 1, "record_sha256": 2}', "[" * 9999])
def test_what_is_no_record_lists_nothing(tmp_path, text):
    (tmp_path / RECORD).write_text(text)
    assert read_record(tmp_path / RECORD) is None


def test_a_record_that_points_out_of_its_folder_removes_nothing(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    write(tmp_path / "out", **{"a.csv": "1"})
    files = {"../mine.txt": sha256(tmp_path / "mine.txt")}
    (tmp_path / "out" / RECORD).write_text(_record_text({}, "analysis", files))
    (tmp_path / "out" / "a.csv").unlink()
    write(tmp_path / "out", **{"a.csv": "2"})
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_another_kind_of_result_is_not_replaced(tmp_path):
    write(tmp_path, **{"report.html": "1"})
    with pytest.raises(ResourceError, match="holds psychobench's analysis"):
        write(tmp_path, kind="comparison with people", **{"report.html": "2"})
    assert contents(tmp_path) == {"report.html": "1"}


def test_a_file_that_is_the_same_already_stays_the_users(tmp_path):
    (tmp_path / "levels.csv").write_text("mine")
    write(tmp_path, **{"levels.csv": "mine", "a.png": "1"})
    write(tmp_path, **{"a.png": "2"})
    assert contents(tmp_path) == {"levels.csv": "mine", "a.png": "2"}


def test_a_single_file_is_replaced_only_as_it_was_written(tmp_path):
    path = tmp_path / "fits.csv"
    write_output(path, b"1", kind="table of fits")
    write_output(path, b"2", kind="table of fits")
    assert path.read_bytes() == b"2"
    path.write_bytes(b"2, edited")
    with pytest.raises(ResourceError, match=r"fits\.csv is not as psychobench wrote it"):
        write_output(path, b"3", kind="table of fits")
    assert path.read_bytes() == b"2, edited"
    write_output(path, b"3", kind="table of fits", overwrite=True)
    write_output(path, b"4", kind="table of fits")


def test_fits_never_replace_the_trials_they_are_made_from(trials, capsys):
    before = trials.read_bytes()
    assert refused("fit", "raw.csv", "--out", "raw.csv")
    assert "must not replace what is read: raw.csv is an input" in capsys.readouterr().err
    assert refused("fit", "raw.csv", "--out", "raw.csv", "--overwrite")
    assert trials.read_bytes() == before


@pytest.mark.parametrize("link", [os.symlink, os.link], ids=["symbolic", "hard"])
def test_a_link_to_the_input_is_the_input(trials, link):
    link(trials, trials.with_name("out.csv"))
    before = trials.read_bytes()
    assert refused("fit", "raw.csv", "--out", "out.csv", "--overwrite")
    assert trials.read_bytes() == before


def test_an_analysis_does_not_replace_its_input_or_what_lies_beside_it(trials, capsys):
    Path("raw.csv").rename("fits.csv")
    before = Path("fits.csv").read_bytes()
    options = ["--engine", "ml", "--gof", "0"]
    assert refused("analyse", "fits.csv", *options, "--out", ".")
    assert refused("analyse", "fits.csv", *options, "--out", ".", "--overwrite")
    Path("summary.txt").write_text("my notes")
    Path("fits.csv").rename("raw.csv")
    assert refused("analyse", "raw.csv", *options, "--out", ".")
    assert "summary.txt is not as psychobench wrote it here" in capsys.readouterr().err
    assert Path("raw.csv").read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == ["raw.csv", "summary.txt"]


@pytest.mark.slow
def test_a_rerun_of_an_analysis_leaves_no_table_of_the_last_one(trials):
    found = [pb.analyse("raw.csv", engine="ml", gof=gof) for gof in (20, 0)]
    found[0].save("out")
    assert Path("out/goodness.csv").exists()
    found[1].save("out")
    assert not Path("out/goodness.csv").exists()
    listed = json.loads(Path("out", RECORD).read_text())["files"]
    assert set(listed) == {path.name for path in Path("out").iterdir()} - {RECORD}


@pytest.mark.slow
def test_an_input_among_earlier_results_is_not_removed(trials):
    pb.analyse("raw.csv", engine="ml", gof=20).save("out")
    Path("raw.csv").replace("out/goodness.csv")
    record = json.loads(Path("out", RECORD).read_text())
    record["files"]["goodness.csv"] = sha256(Path("out/goodness.csv"))
    Path("out", RECORD).write_text(_record_text({}, "analysis", record["files"]))
    pb.analyse("out/goodness.csv", engine="ml", gof=0).save("out")
    assert Path("out/goodness.csv").exists()


FAULTS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your disk quota is used up",
    errno.EFBIG: "the file is larger than",
    errno.EIO: "reported an input/output error",
}


@pytest.mark.parametrize("number", FAULTS)
def test_a_fault_of_the_disk_is_said_plainly(tmp_path, number):
    with (
        pytest.raises(ResourceError, match=FAULTS[number]),
        staged_folder(tmp_path / "out"),
    ):
        raise OSError(number, os.strerror(number))
    assert not (tmp_path / "out").exists()


def test_too_long_names_are_said_plainly(trials, capsys):
    long = "a" * 300
    with pytest.raises(ResourceError, match="its name is too long"):
        write_whole(Path(f"{long}.csv"), b"1")
    assert refused("fit", "raw.csv", "--out", f"{long}.csv")
    assert refused("analyse", "raw.csv", "--out", long)
    assert refused("fit", f"{long}.csv")
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_standard_output_ends_in_one_line(trials):
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "psychobench", "fit", "raw.csv", "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    assert "Error: standard output must take what is printed: it does not" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
