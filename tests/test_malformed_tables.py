"""Tables that break the column contract: one clear line for each fault."""

from __future__ import annotations

import codecs
import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from psychobench.errors import OptionError, TableError
from psychobench.trials.table import read_trials, validate_trials

TRIALS = "observer,level,response\np1,0,0\np1,0.5,1\np1,0.5,\np2,1,1\n"
COUNTS = "observer,level,n_trials,n_target\np1,0.6,10,5\n"


def workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


WORKBOOK = workbook()
MALFORMED = {
    "response 2": ("observer,level,response\nh01,0.6,2\n",
        ["response must be 0, 1 or empty", "row 2 of", "(observer 'h01', level 0.6)",
         "response=2"]),
    "response yes": ("observer,level,response\nh01,0.6,yes\n", ["response='yes'"]),
    "response -1": ("observer,level,response\nh01,0.6,-1\n", ["response=-1"]),
    "response .5": ("observer,level,response\nh01,0.6,.5\n", ["response=.5"]),
    "level of text": ("observer,level,response\nh01,0,1\nh01,high,1\n",
        ["level must be a finite number", "row 3 of", "(observer 'h01')", "level='high'"]),
    "level empty": ("observer,level,response\nh01,,1\n", ["level=''"]),
    "level nan": ("observer,level,response\nh01,nan,1\n", ["level='nan'"]),
    "level inf": ("observer,level,response\nh01,inf,1\n", ["level='inf'"]),
    "level huge": ("observer,level,response\nh01,1e999,1\n", ["level='1e999'"]),
    "level 1_0": ("observer,level,response\nh01,1_0,1\n", ["level='1_0'"]),
    "decimal comma": ('observer,level,response\nh01,"0,5",1\n', ["level='0,5'", "decimal point"]),
    "p_target above 1": ("observer,level,p_target\nnet,0,1.01\n",
        ["p_target must be a number from 0 to 1", "p_target=1.01"]),
    "p_target empty": ("observer,level,p_target\nnet,0,\nnet,1,1\n", ["row 2 of", "p_target=''"]),
    "both answers": ("observer,level,response,p_target\nnet,0,1,.5\n",
        ["a response or a p_target, not both", "response=1, p_target=.5"]),
    "observer empty": ("observer,level,response\n,0,1\n", ["observer must not be empty"]),
    "condition empty": ("observer,condition,level,response\np1,,0,1\np1,a,0,1\n",
        ["condition must not be empty", "row 2"]),
    "no answer at all": ("observer,level,response\np1,0,\np1,1,\n", ["must be answered"]),
    "no trial at all": (COUNTS.replace("10,5", "0,0"), ["must be answered"]),
    "n_target above n_trials": (COUNTS.replace("10,5", "10,12"),
        ["n_target must not exceed n_trials", "row 2", "n_target=12, n_trials=10"]),
    "n_trials negative": (COUNTS.replace("10,5", "-1,0"), ["n_trials must be a whole number"]),
    "n_target fractional": (COUNTS.replace("10,5", "10,5.5"), ["n_target must be a whole number"]),
    "n_target empty": (COUNTS.replace("10,5", "10,"), ["n_target=''"]),
    "n_trials infinite": (COUNTS.replace("10,5", "inf,5"), ["n_trials='inf'"]),
    "half the counts": ("observer,level,n_trials\np1,0,10\n", ["needs n_target"]),
    "trials and counts": ("observer,level,response,n_trials,n_target\np1,0,1,1,1\n",
        ["either trials or counts"]),
    "no observer": ("subject,level,response\np1,0,1\n",
        ["needs observer", "found: subject, level, response", "observer=subject"]),
    "no column known": ("a,b\n1,2\n", ["needs observer and level and response", "found: a, b"]),
    "another case": ("Observer,Level,Response\np1,0,1\n",
        ["observer=Observer,level=Level,response=Response"]),
    "empty file": ("", ["is empty"]),
    "blank file": ("\n  \n", ["is empty"]),
    "header only": ("observer,level,response\n", ["at least one row"]),
    "header and blanks": ("observer,level,response\n,,\n\n", ["at least one row"]),
    "a name twice": ("observer,level,level,response\np1,0,1,1\n", ["'level' more than once"]),
    "one cell too many": ("observer,level,response\np1,0,1\np1,0,1,9\n",
        ["as many cells as the header", "row 3", "has 4"]),
    "many cells too many": ("observer,level,response\np1,0,1\np1,0,1,9,9,9\n", ["row 3", "has 6"]),
    "two cells too many in every row": ("observer,level,response\np1,0,1,,9\np1,1,1,,9\n",
        ["row 2", "has 5, the header has 3"]),
    "quote never closed": ('observer,level,response\np1,0,1\n"p1,0,1\np1,1,1\n',
        ["is not at row 3", "double quote"]),
    "a title above the header": ("# my pilot\n" + TRIALS, ["several columns", "above its header"]),
    "bars between cells": (TRIALS.replace(",", "|"), ["several columns"]),
    "gzip": (b"\x1f\x8b" + bytes(64), ["unpack it first"]),
    "quote in the header": ('observer,"level,response\np1,0,1\n', []),
    "Latin-1": ("observer,level,response\nJörg,0,1\n".encode("latin-1"),
        ["UTF-8", "0xf6", "row 2"]),
    "half UTF-16": (TRIALS.encode("utf-16")[:-1], ["must be UTF-16-LE text", "save it as UTF-8"]),
    "Excel": (WORKBOOK, ["is an Excel workbook", "read it with `psychobench.import_trials()`"]),
    "a zip archive": (b"PK\x03\x04" + bytes(64), ["a zip archive; unpack it"]),
    "MATLAB": (b"MATLAB 5.0 MAT-file" + bytes(99), ["a MAT file", "`psychobench.import_trials()`"]),
    "an image": (b"\x89PNG\r\n\x1a\n\0\0\0", ["is an image"]),
    "a pickle": (pickle.dumps({"data": [1]}), ["a pickle is never opened"]),
    "binary": (TRIALS.encode() + bytes(9), ["NUL character in row 6", "a binary file"]),
}  # fmt: skip


def faults_of(path: Path, **options) -> tuple[str, ...]:
    with pytest.raises((TableError, OptionError)) as caught:
        read_trials(path, **options)
    assert all("\n" not in fault for fault in caught.value.faults)
    return caught.value.faults


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_table_is_one_clear_line(write, name):
    content, words = MALFORMED[name]
    (fault,) = faults_of(write(content))
    for word in (*words, "pilot.csv", ": "):
        assert word in fault


def test_a_file_that_is_not_there_is_named_with_one_that_is_like_it(write):
    path = write(TRIALS)
    (fault,) = faults_of(path.with_name("pilott.csv"))
    assert "must exist" in fault
    assert "did you mean 'pilot.csv'" in fault


def test_a_folder_is_no_table(tmp_path):
    (fault,) = faults_of(tmp_path)
    assert "is a folder" in fault


def test_rows_are_numbered_as_in_a_spreadsheet_whatever_is_blank_or_filtered(write):
    text = "\nobserver,part,level,response\n\np1,1,0,1\np1,2,0,1\n\np1,2,0,7\n"
    (fault,) = faults_of(write(text), where={"part": "2"})
    assert "row 7 of" in fault


def test_all_faults_are_told_together_in_order_of_rows(write):
    faults = faults_of(write("observer,level,response\n,x,1\np1,0,1\np1,inf,3\n"))
    assert [fault.partition(" must")[0] for fault in faults] == [
        "observer", "level", "level", "response",
    ]  # fmt: skip


def test_after_twenty_faults_the_others_are_counted(write):
    faults = faults_of(write("observer,level,response\n" + "p1,0,left\n" * 500))
    assert len(faults) == 21
    assert "row 21 of" in faults[19]
    assert faults[20].startswith("... and 480 more faults")


def test_a_mapped_column_that_is_not_there_is_an_error_that_lists_those_that_are(write):
    (fault,) = faults_of(write(TRIALS), columns={"response": "respons"})
    assert "has no 'respons' (did you mean 'response'?); found: observer, level, response" in fault


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"observr": "observer"}, "(did you mean 'observer'?)"),
        ({"observer": "level", "level": "level"}, "one meaning"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(write, columns, words):
    (fault,) = faults_of(write(TRIALS), columns=columns)
    assert words in fault


def test_where_on_a_column_that_is_not_there_lists_those_that_are(write):
    (fault,) = faults_of(write(TRIALS), where={"levle": "1"})
    assert "(did you mean 'level'?); found: observer, level, response" in fault


def test_where_that_leaves_nothing_lists_the_values(write):
    (fault,) = faults_of(write(TRIALS), where={"observer": "p3"})
    assert "observer=p3 leaves none of the 4 rows" in fault
    assert "holds p1, p2" in fault


def test_a_frame_is_checked_like_a_file_and_its_rows_go_by_their_index():
    table = pd.DataFrame({"observer": "p", "level": [0.0, np.nan], "response": 1}, index=["a", "b"])
    with pytest.raises(TableError, match="level must be a finite number: row b of pilot"):
        validate_trials(table, source="pilot")


def test_an_empty_frame_is_refused():
    with pytest.raises(TableError, match="at least one row"):
        validate_trials(pd.DataFrame({"observer": [], "level": [], "response": []}))


@pytest.mark.parametrize("last", ["0.25", "", "NA", "12", "inf", "1e999", "fast", "007.5", " 0.5 "])
def test_a_column_of_many_numbers_reads_as_it_would_cell_by_cell(write, monkeypatch, last):
    pytest.importorskip("pandas", minversion="3")  # before, the last bit may differ
    times = np.random.default_rng(0).gamma(3, 0.2, 400).tolist()
    rows = [f"p{i % 3},0{i % 2},{i % 5},{i % 2},{rt!r}" for i, rt in enumerate(times)]
    header = "observer,condition,level,response,rt"
    path = write("\n".join([header, *rows, f"NA,01,1,0,{last}", ""]))
    quick = read_trials(path)
    monkeypatch.setattr("psychobench.tables.delimited._MANY", 10**9)
    careful = read_trials(path)
    numeric = last not in ("fast", "inf", "007.5")
    assert pd.api.types.is_numeric_dtype(quick["rt"]) == numeric or last == "007.5"
    if last != "007.5":  # a padded number below the first rows is read as the number that it is
        pd.testing.assert_frame_equal(quick, careful)
    assert quick["rt"][:400].astype(float).tolist() == times


def test_a_short_row_is_told_and_a_file_cut_in_its_last_row_refused(write):
    table = read_trials(write("observer,level,response,note\np1,0,1\np1,1,0,x\n"))
    assert "1 row has fewer cells than the header (row 2)" in table.attrs["notes"][0]
    (fault,) = faults_of(write("observer,level,response\np1,0,1\np1,0.5"))
    assert "ends in the middle of row 3, after 2 of 3 cells" in fault


def test_a_separator_line_and_decimal_commas_are_told(write):
    table = read_trials(write("sep=;\nobserver;level;response\np1;0,5;1\n"))
    assert table["level"].tolist() == [0.5]
    separator, commas = table.attrs["notes"]
    assert "sep=;" in separator
    assert "decimal commas are read as points in level" in commas


def test_commas_that_may_part_thousands_are_no_decimal_commas(write):
    (fault,) = faults_of(write("observer;level;response\np1;1,250;1\n"))
    assert "level='1,250'" in fault


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF16_LE + TRIALS.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TRIALS.encode("utf-16-be"),
        TRIALS.encode("utf-16-le"),
    ],
    ids=["little end first", "big end first", "without its mark"],
)
def test_utf_16_is_read_as_the_same_table_and_noted(write, data):
    table = read_trials(write(data, "wide.csv"))
    pd.testing.assert_frame_equal(table, read_trials(write(TRIALS)))
    (note,) = table.attrs["notes"]
    assert "read as UTF-16 text" in note


def test_a_header_repeated_where_two_files_were_joined_is_left_out_and_noted(write):
    table = read_trials(write(TRIALS + TRIALS))
    once = read_trials(write(TRIALS, "once.csv"))
    pd.testing.assert_frame_equal(table, pd.concat([once, once], ignore_index=True))
    assert "1 row repeats the header (row 6); left out" in table.attrs["notes"][0]


def test_what_cannot_be_seen_in_the_cells_is_noted(write):
    mixed, unclosed = TRIALS.replace("\n", "\r\n", 2), TRIALS.rstrip("\n")
    assert "line ends of several kinds" in read_trials(write(mixed)).attrs["notes"][0]
    assert "no line end after the last row" in read_trials(write(unclosed)).attrs["notes"][0]
    beside = "observer;level;response;rt\np1;0,5;1;0.4\n"
    _, points = read_trials(write(beside)).attrs["notes"]
    assert "points in rt are read as decimal points, too" in points


def test_cells_of_any_length_are_read_quoted_or_not(write):
    drawing = "x" * 200_000
    table = read_trials(write(f'observer,level,response,drawing\np1,0.5,1,"{drawing},"\n'))
    assert table["drawing"].tolist() == [drawing + ","]


def test_empty_cells_beyond_the_header_in_every_row_are_no_fault(write):
    table = read_trials(write(TRIALS.replace("\n", ",,\n").replace("response,,", "response")))
    pd.testing.assert_frame_equal(table, read_trials(write(TRIALS, "plain.csv")))
