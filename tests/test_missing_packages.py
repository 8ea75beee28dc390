"""A package that is missing is named with a command that pip can carry out."""

from __future__ import annotations

import io
import re
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from psychobench.errors import TableError
from psychobench.imports import import_trials
from psychobench.messages import how_to_install

ROOT = Path(__file__).parents[1]


def project(path: Path) -> dict:
    return tomllib.loads(path.read_text("utf-8"))["project"]


def advised() -> set[str]:
    """Every package whose installation the core advises."""
    calls = re.compile(r"""how_to_install\(["']([\w-]+)["']\)""")
    sources = (path.read_text("utf-8") for path in (ROOT / "psychobench").rglob("*.py"))
    return {name for source in sources for name in calls.findall(source)}


def test_what_is_advised_is_an_optional_dependency_or_lies_in_the_source():
    optional = project(ROOT / "pyproject.toml")["optional-dependencies"]
    known = {re.match(r"[\w-]+", each)[0] for group in optional.values() for each in group}
    assert {"h5py", "openpyxl", "psignifit", "psychobench-torch"} <= advised()
    ours = {"psychobench-torch", "psychobench-landmarks"}
    for name in advised() - ours:
        assert name in known
        assert how_to_install(name).endswith(f"python -m pip install {name}")
    for name in ours:
        folder = how_to_install(name).split()[-1]
        assert project(ROOT / folder / "pyproject.toml")["name"] == name


def test_no_text_advises_an_extra_of_ours_which_no_index_has():
    for path in (ROOT / "psychobench").rglob("*.py"):
        assert not re.search(r"pip install ['\"]?psychobench", path.read_text("utf-8")), path


def test_a_workbook_or_a_mat_file_names_the_package_that_reads_it(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(TableError, match=r"7\.3 needs .* python -m pip install h5py, or save"):
        import_trials(write(b"\x89HDF\r\n\x1a\n" + bytes(50), "p1.mat"))
    with pytest.raises(TableError, match=r"workbook needs .* python -m pip install openpyxl, or"):
        import_trials(write(workbook(), "p1.xlsx"))


def workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()
