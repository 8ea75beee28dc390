"""Importing from Python: the same numbers as on the command line, in whatever form it is asked."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

import psychobench
from psychobench.errors import OptionError
from psychobench.imports import Imported
from psychobench.tables.notebook import ShownAsTable

MORPHS = "who,morph,key,stage,rt_ms,age\n"
ROWS = ["p1,0.2,f,test,512,31", "p1,0.8,j,test,430,31", "p1,0.8,j,practice,400,31"]
OPTIONS = {
    "columns": {"observer": "who", "level": "morph", "response": "key", "rt": "rt_ms"},
    "map": {"j": 1, "f": 0},
}
SEVERAL_FORMS = {
    "mappings": OPTIONS,
    "text": {"columns": "observer=who,level=morph,response=key,rt=rt_ms", "map": ["j=1", "f=0"]},
    "lists": {
        "columns": ["observer=who", "level=morph,response=key", "rt=rt_ms"],
        "map": ["j=1", "f=0"],
    },
}


@pytest.fixture
def export(write):
    return write(MORPHS + "\n".join(ROWS) + "\n", "p1.csv")


@pytest.mark.slow
def test_the_command_and_python_give_the_same_numbers_and_the_same_file(layout, put, run_cli):
    path = put(layout)
    found = psychobench.import_trials(path, **layout.options)
    typed = []
    for name, value in layout.options.items():
        for key, each in value.items():
            typed += [f"--{name.replace('_', '-')}", f"{key}={each}"]
    out = path.with_name("typed.csv")
    ran = run_cli("import", path, *typed, "--out", out, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out) == json.loads(json.dumps(found.to_json() | {"out": str(out)}))
    saved = found.save(path.with_name("saved.csv"))
    assert saved.read_bytes() == out.read_bytes()
    again = psychobench.read_trials(out)
    pd.testing.assert_frame_equal(again[list(found.trials)], found.trials)


@pytest.mark.parametrize("form", SEVERAL_FORMS)
def test_options_may_be_mappings_text_or_lists(export, form):
    found = psychobench.import_trials(export, **SEVERAL_FORMS[form])
    assert found.trials["response"].tolist() == [0, 1]
    assert found.trials["rt"].tolist() == [0.512, 0.43]
    assert found.left == {"practice": 1}


@pytest.mark.parametrize("one", ["practice", ["practice"]])
def test_one_name_need_not_be_a_list(export, one):
    kept = psychobench.import_trials(export, keep=one, also="age", **OPTIONS)
    assert kept.trials["age"].tolist() == [31, 31, 31]
    filtered = psychobench.import_trials(export, where="stage=test", **OPTIONS)
    assert filtered.left == {"not stage=test": 1}


def test_a_file_may_lie_in_the_home_folder_and_several_be_given_by_any_iterable(
    export, tmp_path, monkeypatch
):
    other = tmp_path / "p2.csv"
    other.write_text(export.read_text().replace("p1", "p2"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    home = psychobench.import_trials("~/p1.csv", **OPTIONS)
    assert home.trials["observer"].unique().tolist() == ["p1"]
    both = psychobench.import_trials((each for each in (export, "~/p2.csv")), **OPTIONS)
    assert both.trials["observer"].unique().tolist() == ["p1", "p2"]
    assert both.save("~/out/trials.csv") == tmp_path / "out" / "trials.csv"


def test_a_notebook_shows_the_account_of_all_rows(export):
    found = psychobench.import_trials(export, **OPTIONS)
    assert isinstance(found, Imported)
    assert isinstance(found, ShownAsTable)
    cells = re.findall(r"<td>(.*?)</td>", found._repr_html_())
    assert cells == [str(export), "table", "taken", "2", str(export), "table", "practice", "1"]


def test_an_import_is_never_saved_over_its_files(export):
    found = psychobench.import_trials(export, **OPTIONS)
    before = export.read_bytes()
    with pytest.raises(OptionError, match="must be another file"):
        found.save(export)
    with pytest.raises(OptionError, match=r"must end in \.csv"):
        found.save(export.with_suffix(".tsv"))
    assert export.read_bytes() == before


def test_further_columns_have_decimal_points_as_when_a_table_is_read(write):
    text = "observer;level;response;age\np1;0,5;1;31,5\np1;0,25;0;31,5\n"
    path = write(text)
    found = psychobench.import_trials(path, also="age")
    assert found.trials["age"].tolist() == psychobench.read_trials(path)["age"].tolist()
    assert "decimal commas are read as points in level, age" in found.files[0].notes[0]


@pytest.mark.slow
def test_imported_trials_are_fitted_as_they_are_with_the_same_numbers_as_from_the_file(
    all_layouts, put, tmp_path
):
    layout = all_layouts["psychopy"]
    path = put(layout)
    found = psychobench.import_trials(path, **layout.options)
    assert found.trials.attrs["source"] == str(path)
    at_once = psychobench.fit(found.trials).to_frame()
    read = psychobench.read_trials(found.save(tmp_path / "trials.csv"))
    from_file = psychobench.fit(read).to_frame()
    pd.testing.assert_frame_equal(at_once, from_file)
