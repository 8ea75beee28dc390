"""Delimited text gives back the cells that were written, whatever is in them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychobench.errors import TableError
from psychobench.tables.delimited import split_table
from psychobench.tables.headers import find_header

FILE = Path("pilot.csv")
CELL = st.text(st.sampled_from("ab1.,;\t\n\"\\' é\u2028"), max_size=6)
ROWS = st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8)


def written(rows, **dialect) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n", **dialect).writerows([("x", "y", "z"), *rows])
    return file.getvalue()


@pytest.mark.slow
@given(ROWS, st.sampled_from(",;\t"))
def test_the_cells_are_those_that_python_s_csv_module_wrote(rows, delimiter):
    table = split_table(written(rows, delimiter=delimiter), FILE, delimiter=delimiter)
    assert list(table.cells.itertuples(index=False, name=None)) == rows
    assert table.cells.index.tolist() == list(range(2, len(rows) + 2))
    assert table.notes == []


@pytest.mark.slow
@given(st.from_regex(r"[ab]([ab, ]*[ab])?", fullmatch=True))
def test_quotes_need_not_be_escaped_where_a_program_does_not(note):
    table = split_table(f'x,y,z\n1,"I, "{note}" and you",3\n4,,"5"\n', FILE, quoting="bare")
    assert table.cells.to_numpy().tolist() == [["1", f'I, "{note}" and you', "3"], ["4", "", "5"]]


def test_the_delimiter_is_that_of_the_names_not_of_the_most_characters():
    text = "a, b, c, d;level;response\n1;2;3\n"
    assert find_header(text).delimiter == ","
    assert find_header(text, {"level", "response"}).delimiter == ";"


@pytest.mark.parametrize(("above", "row"), [("", 1), ("\n\n", 3), ("sep=;\n", 2), ("\nsep=;\n", 3)])
def test_rows_are_numbered_as_a_spreadsheet_shows_them(above, row):
    table = split_table(above + "x;y\n1;2\n\n3;4\n", FILE)
    assert table.cells.index.tolist() == [row + 1, row + 3]


def test_a_header_again_is_found_only_where_all_its_names_are():
    text = "x,y\n1,2\nx,y\nx,2\n x , y \n"
    assert split_table(text, FILE).headers == [3, 5]


def test_a_nameless_column_goes_by_its_place_if_it_holds_anything():
    assert list(split_table("x,,y,\n1,,2,\n", FILE).cells) == ["x", "y"]
    assert list(split_table("x,,y,\n1,3,2,\n", FILE).cells) == ["x", "column_2", "y"]
    with pytest.raises(TableError, match="'column_2' more than once"):
        split_table("column_2,,y\n1,3,2\n", FILE)
