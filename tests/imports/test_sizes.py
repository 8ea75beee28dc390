"""Numbers, brackets, columns and workbooks beyond all measure end in one line, and soon."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from psychobench.imports.patterns import Pattern

DIGITS = "9" * 5000
TRIAL = {"trial_type": "a", "trial_index": 1, "time_elapsed": 1}
FRAME = "*** Header Start ***\nSubject: 1\n*** Header End ***\nLevel: {}\n*** LogFrame Start ***\n"
HUGE = {
    "a level": (f"observer,level,response\np1,{DIGITS},1\np1,1,0\n", "level must be a finite"),
    "a time": (f"observer,level,response,rt\np1,1,1,{DIGITS}\np1,1,0,1\n", "rt must be a number"),
    "a number of JSON": (json.dumps([TRIAL]).replace(": 1,", f": {DIGITS},", 1), "must be known"),
    "brackets of JSON": (json.dumps([TRIAL])[:-2] + ',"x":' + "[" * 3000, "JSON"),
    "brackets in a cell": (json.dumps([TRIAL | {"x": "[" * 3000 + "]" * 3000}]), "must be known"),
    "a level of frames": (FRAME.format(DIGITS) + "x: 1\n*** LogFrame End ***\n", "must be known"),
    "columns": (",".join(map(str, range(10_001))) + "\n" + "1," * 10_000 + "1\n", "at most 10000"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HUGE)
def test_what_is_beyond_all_measure_ends_in_one_line(name, write, run_cli, tmp_path):
    content, words = HUGE[name]
    ran = run_cli("import", write(content, "a.csv"), "--out", tmp_path / "t.csv")
    assert ran.code == 1
    assert words in ran.err
    assert ran.err.count("\n") == 1
    assert len(ran.err) < 2000


@pytest.mark.slow
def test_a_workbook_that_unpacks_to_millions_of_rows_is_refused_unread(write, run_cli, tmp_path):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<row><c><v>1</v></c></row>" * 3_000_000)
    path = write(data.getvalue(), "big.xlsx")
    ran = run_cli("import", path, "--out", tmp_path / "t.csv")
    assert "a workbook must hold at most 60 MB of sheets" in ran.err
    assert "unpacks to 78 MB" in ran.err


def test_no_pattern_is_slow():
    pattern = Pattern("*a" * 9 + "{level}b", "level_from")
    assert pattern.match("a" * 5000) is None
    assert pattern.match("a" * 5000 + "7b") == {"level": "7"}
