"""Files that are broken, or saved in an odd way: one clear line, or a repair said aloud."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import pickle
import zipfile

import pytest

from psychobench.errors import TableError
from psychobench.imports import import_trials
from psychobench.trials.table import count_responses, read_trials

HEADER = "observer,level,response,rt\n"
GOOD = HEADER + "p1,0,0,0.5\np1,0.5,1,0.6\np1,0.5,,\np1,1,1,0.4\n"
SEMICOLON = GOOD.replace(",", ";").replace("0.", "0,")
PSYCHOPY = "level,trials.thisN,k.keys,participant,date,psychopyVersion,\n0,0,a,p,d,1,\n"
FRAME = "*** LogFrame Start ***\nSubject: 1\nlevel: 0\n"


def zipped(name: str, text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, text)
    return file.getvalue()


def level(cell: str) -> str:
    return GOOD.replace("0.5,1", f"{cell},1")


REFUSED = {
    "empty": ("", "is empty"),
    "a mark and nothing": ("\ufeff", "is empty"),
    "blank lines": ("\n \n\r\n", "is empty"),
    "a header alone": (HEADER, "at least one row below its header"),
    "one column": ("level\n0\n1\n", "several columns"),
    "parted by bars": (GOOD.replace(",", "|"), "several columns"),
    "parted by spaces": (GOOD.replace(",", " "), "several columns"),
    "an image": (b"\x89PNG\r\n\x1a\n\0\0", "is an image"),
    "a PDF": (b"%PDF-1.7\n", "is a PDF"),
    "a zip archive": (zipped("p1.csv", GOOD), "a zip archive; unpack it"),
    "a gzip archive": (gzip.compress(GOOD.encode()), "gzip-compressed; unpack it"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9, "old Excel workbook"),
    "a broken workbook": (zipped("xl/workbook.xml", "<w"), "a workbook must open"),
    "a database": (b"SQLite format 3\0" + bytes(99), "is a database"),
    "an R file": (b"RDX3\nX\n" + bytes(9), "an R data file"),
    "a pickle": (pickle.dumps({"data": [1]}), "a pickle is never opened"),
    "a broken MAT file": (b"MATLAB 5.0 MAT-file, Platform" + bytes(120), "MAT file must"),
    "a broken MAT file of 7.3": (b"\x89HDF\r\n\x1a\n" + bytes(50), "a MAT file must be whole"),
    "random bytes": (bytes(range(256)), "which is not"),
    "a NUL inside": (GOOD.replace("0.6", "0\0006"), "NUL character in row 3"),
    "NULs from a crash": (GOOD + "\0" * 40, "NUL character"),
    "Latin-1": (GOOD.replace("p1,1", "Jörg,1").encode("latin-1"), "like --encoding cp1252"),
    "half UTF-16": (GOOD.encode("utf-16")[:-1], "which is not; save it as UTF-8"),
    "a name twice": (GOOD.replace("rt", "level"), "'level' more than once"),
    "one cell too many": (GOOD.replace("p1,0.5,1", "p1,0,5,1"), "row 3"),
    "many cells too many": (GOOD + "p1,0,0,1,2,3,4\n", "has 7, the header has 4"),
    "a comma too many": (GOOD.replace("p1,0,0,0.5", "p1,0,0,0.5,"), "row 2"),
    "cut in a row": (GOOD[:-8], "ends in the middle of row 5"),
    "a quote never closed": (GOOD.replace("p1,0.5,1", '"p1,0.5,1'), "is not at row 3"),
    "a quote in the header": (GOOD.replace("level", '"level'), "double quote"),
    "text after a quote": (GOOD.replace("p1,0.5,1", '"p"1,0.5,1'), "double quote"),
    "decimal comma in quotes": (level('"0,5"'), "level='0,5'; write a number with a decimal"),
    "thousands": (level('"1,250"'), "level='1,250'"),
    "thousands and semicolons": (HEADER.replace(",", ";") + "p1;0;0;\np1;1.250,5;1;\n",
        "level='1.250,5'"),
    "a date": (level("5-May"), "a spreadsheet made this of it"),
    "a long date": (level("2024-05-01 00:00:00"), "a spreadsheet made this of it"),
    "a formula": (level("=A1/2"), "a spreadsheet made this of it"),
    "a formula's error": (level("#DIV/0!"), "a spreadsheet made this of it"),
    "a unit": (level("0.5%"), "level='0.5%'"),
    "another minus": (level("−0.5"), "level must be a finite number"),
    "an underscore": (level("1_0"), "level must be a finite number"),
    "infinity": (level("inf"), "level must be a finite number"),
    "a control character": (level("0.\x015"), "level must be a finite number"),
    "nobody": (GOOD.replace("p1,0.5,1", ",0.5,1"), "observer must not be empty"),
    "no answer at all": (HEADER + "p1,0,,\np1,1,,\n", "at least one trial must be answered"),
    "a time of text": (GOOD.replace("0.6", "fast"), "rt must be a number or empty: row 3"),
    "a time with two points": (GOOD.replace("0.6", "0.6.1"), "rt must be a number or empty"),
    "milliseconds called rt": (GOOD.replace("0.6", "600").replace("0.5\n", "500\n"), "--rt-unit"),
    "no level": (GOOD.replace("level", "lvl"), "level=NAME"),
    "a million columns": (",".join(["a"] * 10**6) + "\n" + "1," * 10**6, "at most 10000 columns"),
    "JSON of no program": ('[{"observer": "p1", "level": 0.5}]', "JSON must be jsPsych's"),
    "JSON cut short": ('[{"trial_type": 1, "trial_index": 0, "time_elapsed"', "whole JSON"),
    "JSON of numbers": ('["trial_type", "trial_index", "time_elapsed", 3]', "list of trials"),
    "JSON too deep": ('["trial_type", "trial_index", "time_elapsed",' + "[" * 10**5, "JSON"),
    "PsychoPy without a trial": (PSYCHOPY.replace("0,0,a", ",,"), "aborted before its first trial"),
    "PsychoPy cut short": (PSYCHOPY + "0,1,b,p", "ends in the middle of row 3"),
    "E-Prime cut short": (FRAME, "must be whole"),
    "Presentation without rows": ("Scenario -\tx\n", "Event Type, Code and Time"),
}  # fmt: skip

REPAIRED = {
    "a byte-order mark": ("\ufeff" + GOOD, ""),
    "two byte-order marks": ("\ufeff\ufeff" + GOOD, ""),
    "UTF-16": (codecs.BOM_UTF16_LE + GOOD.encode("utf-16-le"), "read as UTF-16"),
    "UTF-16, big end first": (codecs.BOM_UTF16_BE + GOOD.encode("utf-16-be"), "read as UTF-16"),
    "UTF-16 without its mark": (GOOD.encode("utf-16-le"), "read as UTF-16"),
    "Windows line ends": (GOOD.replace("\n", "\r\n"), ""),
    "old Mac line ends": (GOOD.replace("\n", "\r"), ""),
    "mixed line ends": (GOOD.replace("\n", "\r\n", 2), "line ends of several kinds"),
    "blank lines between": (GOOD.replace("\n", "\n\n"), ""),
    "rows of nothing": (GOOD + ",,,\n,,,\n", "2 empty row"),
    "a separator line": ("sep=;\n" + GOOD.replace(",", ";"), "for spreadsheets"),
    "tabs in a .csv": (GOOD.replace(",", "\t"), ""),
    "semicolons and decimal commas": (SEMICOLON, "decimal commas are read as points in level, rt"),
    "decimal commas beside points": (
        HEADER.replace(",", ";") + "p1;0;0;0,5\np1;0.5;1;0,6\np1;0.5;;\np1;1;1;0,4\n",
        "points in level are read as decimal points, too"),
    "tabs and decimal commas": (SEMICOLON.replace(";", "\t"), "decimal commas"),
    "every cell quoted": ('"' + GOOD.replace(",", '","').replace("\n", '"\n"')[:-1], ""),
    "padded cells": (GOOD.replace(",", " , "), ""),
    "hard blanks": (GOOD.replace("0.5,1", "0.5\u00a0,1"), ""),
    "a last empty column": (GOOD.replace("\n", ",\n"), ""),
    "short rows": (GOOD.replace("p1,0.5,,", "p1,0.5"), "1 row has fewer cells than the header"),
    "no last line end": (GOOD[:-1], "no line end after the last row"),
    "the header again": (GOOD.replace("p1,1", HEADER + "p1,1"), "1 the header again"),
    "NA for nothing": (GOOD.replace("0.5,,", "0.5,NA,n/a"), ""),
    "a very long cell": (GOOD.replace("\n", ",x\n", 1).replace("6\n", f"6,{'y' * 200_000}\n"),
        "3 rows have fewer cells"),
}  # fmt: skip

NEEDS = {"a broken workbook": "openpyxl", "a broken MAT file of 7.3": "h5py"}


def as_bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_a_broken_file_ends_in_one_clear_line(name, write, run_cli, tmp_path):
    pytest.importorskip(NEEDS.get(name, "psychobench"))
    content, words = REFUSED[name]
    out = tmp_path / "out.csv"
    ran = run_cli("import", write(as_bytes(content)), "--out", out)
    assert ran.code == 1
    assert ran.err.startswith("Error: ")
    assert ran.err.count("\n") == 1
    assert "pilot.csv" in ran.err
    assert words in ran.err
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", REPAIRED)
def test_an_odd_file_gives_the_same_trials_and_says_what_was_repaired(
    name, write, run_cli, tmp_path
):
    content, words = REPAIRED[name]
    out = tmp_path / "out.csv"
    ran = run_cli("import", write(as_bytes(content)), "--out", out)
    assert ran.code == 0, ran.err
    assert words in ran.out
    expected = import_trials(write(GOOD, "good.csv")).trials
    assert read_trials(out).to_csv() == expected.to_csv()


NO_MATTER = {"a time of text", "a time with two points", "milliseconds called rt"}


@pytest.mark.parametrize("name", [*REFUSED, *REPAIRED])
def test_a_table_is_refused_for_the_same_faults_or_gives_the_same_counts(name, write):
    content = {**REFUSED, **REPAIRED}[name][0]
    path = write(as_bytes(content))
    if name in REFUSED and name not in NO_MATTER:
        with pytest.raises(TableError, match=r"pilot\.csv") as caught:
            read_trials(path)
        assert all("\n" not in fault for fault in caught.value.faults)
        return
    with contextlib.suppress(TableError):  # what import repairs, reading may refuse
        assert count_responses(read_trials(path))["n_target"].tolist() == [0, 1, 1]


@pytest.mark.parametrize("name", ["run.psydat", "run.pkl", "run.pickle"])
def test_a_pickle_is_refused_by_its_name_unopened(write, run_cli, tmp_path, name):
    ran = run_cli("import", write("anything", name), "--out", tmp_path / "t.csv")
    assert ran.code == 1
    assert "a pickle is never opened, because it can run any program" in ran.err


def test_a_folder_and_a_missing_file_are_named(write, run_cli, tmp_path):
    write(GOOD)
    for path, words in ((tmp_path, "is a folder"), (tmp_path / "pilt.csv", "'pilot.csv'?")):
        ran = run_cli("import", path, "--out", tmp_path / "t.csv")
        assert ran.code == 1
        assert words in ran.err


def test_doing_what_the_message_says_succeeds(write):
    def read(content, **options):
        return len(import_trials(write(as_bytes(content)), **options).trials)

    latin = as_bytes(REFUSED["Latin-1"][0])
    assert latin != GOOD.encode()
    assert read(latin.decode("latin-1").encode("cp1252"), encoding="cp1252") == 4
    assert read(gzip.decompress(REFUSED["a gzip archive"][0])) == 4
    assert read("\n".join(REFUSED["cut in a row"][0].split("\n")[:-1]) + "\n") == 3
    assert read(GOOD.replace("level", "lvl"), columns={"level": "lvl"}) == 4
    assert read(REFUSED["milliseconds called rt"][0], rt_unit="ms") == 4
    assert read(REFUSED["one cell too many"][0].replace("0,5", '"0.5"')) == 4
    assert read(GOOD.replace("observer", "x"), observer_from="{observer}.csv") == 4
    pressed = HEADER + "p1,0,f,\np1,1,j,\n"
    assert read(pressed, map={"j": 1, "f": 0}) == 2
    both = HEADER.replace("rt", "level") + "p1,0,1,2\n"
    assert read(both.replace("level\n", "level2\n")) == 1
