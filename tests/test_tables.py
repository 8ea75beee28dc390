"""Tables of trials and counts: what is read and how, whatever program wrote it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psychobench.errors import OptionError
from psychobench.trials.columns import parse_columns, parse_where
from psychobench.trials.table import count_responses, read_trials, validate_trials

TRIALS = "observer,level,response\np1,0,0\np1,0.5,1\np1,0.5,\np2,1,1\n"


def test_trials_are_read_with_canonical_types_and_unanswered_trials_are_kept_and_counted(write):
    table = read_trials(write(TRIALS))
    assert list(table) == ["observer", "condition", "level", "response"]
    assert table["observer"].tolist() == ["p1", "p1", "p1", "p2"]
    assert set(table["condition"]) == {"all"}
    np.testing.assert_array_equal(table["response"], [0, 1, np.nan, 1])
    assert table.attrs["unanswered"] == 1


@pytest.mark.parametrize(
    "text",
    [
        TRIALS.replace(",", "\t"),
        TRIALS.replace(",", ";"),
        TRIALS.replace(",", ";").replace("0.5", "0,5"),
        "\ufeff" + TRIALS,
        TRIALS.replace("\n", "\r\n"),
        TRIALS.replace("\n", "\r"),
        TRIALS.replace("\n", ",\n"),
        TRIALS.replace("response\n", "response,,\n"),
        TRIALS.rstrip("\n"),
        "\n\n" + TRIALS + "\n,,\n  \n",
        TRIALS.replace("p1,0,0\n", "p1,0,0\n\n"),
        TRIALS.replace(",", " , "),
        TRIALS.replace("p1", '"p1"').replace("observer", '"observer"'),
        TRIALS.replace(",1\n", ",1.0\n").replace(",0\n", ",0.0\n"),
        TRIALS.replace(",1\n", ",TRUE\n").replace(",0\n", ",FALSE\n"),
        TRIALS.replace("0.5,\n", "0.5,NA\n"),
        TRIALS.replace("0.5,\n", "0.5,null\n"),
        TRIALS.replace("0.5,\n", "0.5,None\n"),
        TRIALS.replace("0.5,\n", "0.5\n"),
    ],
    ids=[
        "tabs", "semicolons", "decimal commas", "byte-order mark", "Windows line ends",
        "old Mac line ends", "delimiter at the end of every line", "nameless empty columns",
        "no last line end", "blank rows around", "a blank row within", "blanks around cells",
        "quotes", "responses as 1.0", "responses as TRUE", "NA", "null", "None", "a short last row",
    ],
)  # fmt: skip
def test_the_same_table_is_read_however_a_program_wrote_it(write, text):
    pd.testing.assert_frame_equal(read_trials(write(text)), read_trials(write(TRIALS, "plain.csv")))


def test_the_delimiter_is_found_from_the_header_not_from_the_file_name(write):
    table = read_trials(write("observer;note, or not;level;response\np1;a,b,c;1;0\n", "x.tsv"))
    assert table["note, or not"].tolist() == ["a,b,c"]


def test_observers_stay_text_so_that_01_and_1_are_two_people(write):
    table = read_trials(write("observer,level,response\n01,0,0\n1,0,1\nNA,0,1\n"))
    assert table["observer"].tolist() == ["01", "1", "NA"]


@pytest.mark.slow
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_levels_are_parsed_to_the_last_bit(tmp_path, levels):
    path = tmp_path / "levels.csv"
    pd.DataFrame({"observer": "p", "level": levels, "response": 1}).to_csv(path, index=False)
    np.testing.assert_array_equal(read_trials(path)["level"], levels)


def test_foreign_names_are_mapped_and_further_columns_are_kept(write):
    text = "subject,age,group,code,chose,level\np1,31,a,007,1,0.5\np2,,b,12,0,0.5\n"
    table = read_trials(write(text), columns={"observer": "subject", "response": "chose"})
    assert list(table) == ["observer", "condition", "level", "response", "age", "group", "code"]
    assert table["age"].dtype == np.float64
    assert table["code"].tolist() == ["007", "12"]


def test_a_mapping_wins_over_a_column_of_that_name_which_is_kept_and_noted(write):
    text = "observer,level,response,said_happy\np1,0,a,true\np1,1,s,false\n"
    table = read_trials(write(text), columns={"response": "said_happy"})
    assert table["response"].tolist() == [1, 0]
    assert table["response_file"].tolist() == ["a", "s"]
    assert "response_file" in table.attrs["notes"][0]


def test_two_columns_can_trade_their_names(write):
    text = "observer,level,response\n1,0.5,0\n0,0.7,1\n"
    columns = {"observer": "response", "response": "observer"}
    table = read_trials(write(text), columns=columns)
    assert table["observer"].tolist() == ["0", "1"]
    assert table["response"].tolist() == [1, 0]


def test_an_empty_condition_column_counts_as_absent(write):
    table = read_trials(write("observer,condition,level,response\np1,,0,1\np1,,1,1\n"))
    assert set(table["condition"]) == {"all"}


def test_a_condition_called_none_is_a_mask_not_a_blank(write):
    table = read_trials(write("observer,condition,level,response\np1,none,0,1\np1,none,1,none\n"))
    assert set(table["condition"]) == {"none"}
    assert table.attrs["unanswered"] == 1


def test_people_and_networks_meet_in_one_table(write):
    text = "observer,level,response,p_target\np1,0.5,1,\nnet,0.5,,0.25\np1,0.5,,\n"
    table = read_trials(write(text))
    np.testing.assert_array_equal(table["response"], [1, np.nan, np.nan])
    np.testing.assert_array_equal(table["p_target"], [np.nan, 0.25, np.nan])
    assert table.attrs["unanswered"] == 1


def test_a_table_read_is_a_valid_table_and_checking_it_again_changes_nothing(write):
    table = read_trials(write(TRIALS))
    again = validate_trials(table, source=table.attrs["source"])
    pd.testing.assert_frame_equal(again, table)
    assert again.attrs == table.attrs


def test_checking_a_table_leaves_the_original_alone():
    table = pd.DataFrame({"observer": [1, 2], "level": ["0", ".5"], "response": [True, None]})
    before = table.copy(deep=True)
    checked = validate_trials(table)
    pd.testing.assert_frame_equal(table, before)
    assert checked["observer"].tolist() == ["1", "2"]
    np.testing.assert_array_equal(checked["response"], [1, np.nan])


@pytest.mark.parametrize(
    ("where", "trials"),
    [
        ({"condition": "whole"}, [1, 2]),
        ({"part": "1"}, [1, 3]),
        ({"part": "1.0"}, [1, 3]),
        ({"observer": "01"}, [1]),
        ({"observer": "1"}, [2, 3, 4]),
        ({"level": ".5"}, [1]),
        ({"level": 0.5}, [1]),
        ({"note": ""}, [2, 3]),
        ({"condition": "whole", "part": "2"}, [2]),
    ],
)
def test_where_keeps_equal_rows_as_text_first_and_as_numbers_else(write, where, trials):
    text = (
        "trial,observer,condition,level,response,part,note\n"
        "1,01,whole,0.50,1,1,x\n2,1,whole,0.7,0,2,\n3,1,eyes,0.9,,1,\n4,1,eyes,0.9,1,3,x\n"
    )
    assert read_trials(write(text + "5,2,nose,1,1,4,x\n"), where=where)["trial"].tolist() == trials


def test_rows_that_where_leaves_out_are_not_checked(write):
    text = "observer,task,level,response\np1,instructions,,space\np1,face,0.5,1\n"
    assert len(read_trials(write(text), where={"task": "face"})) == 1


def test_where_also_takes_a_mapped_column_by_its_name_in_the_file(write):
    text = "subject,level,response\np1,0,1\np2,0,0\n"
    columns = {"observer": "subject"}
    table = read_trials(write(text), columns=columns, where={"subject": "p2"})
    assert table["observer"].tolist() == ["p2"]


def test_columns_and_filters_are_read_from_the_command_line():
    assert parse_columns(None) == {}
    assert parse_columns(" observer = id , response=a=b") == {"observer": "id", "response": "a=b"}
    assert parse_columns('"response=happy, or not"') == {"response": "happy, or not"}
    assert parse_where(()) == {}
    assert parse_where(("response=", "a=b=c")) == {"response": "", "a": "b=c"}


@pytest.mark.parametrize(
    "text", ["", "observer", "=subject", "observer=", "subject=observer", "level=a,level=b", ","]
)
def test_a_columns_option_that_says_nothing_is_refused(text):
    with pytest.raises(OptionError, match=r"`columns` must"):
        parse_columns(text)


@pytest.mark.parametrize("texts", [("condition",), ("=x",), ("",), ("a=1", "a=2")])
def test_a_where_option_that_says_nothing_is_refused(texts):
    with pytest.raises(OptionError, match=r"`where` must"):
        parse_where(texts)


def test_the_morph_judgements_of_thirty_people_are_read(shared):
    table = read_trials(
        shared / "wegrzyn2015" / "trials.csv",
        columns={"observer": "subject", "response": "chose_anger"},
    )
    assert len(table) == 39_600
    assert table["observer"].nunique() == 30
    assert len(count_responses(table)) == 30 * 3 * 11
    assert table.attrs["unanswered"] == 0
    assert table["response"].sum() == 21_024


def test_the_quickpsy_example_is_read(shared):
    table = read_trials(
        shared / "quickpsy" / "qpdat.csv",
        columns={
            "observer": "participant", "condition": "cond", "level": "phase", "response": "resp"
        },
    )  # fmt: skip
    counts = count_responses(table)
    assert len(table) == 1280
    assert counts["n_trials"].sum() == 1280
    assert counts.groupby(["observer", "condition"])["level"].nunique().unique().tolist() == [8]


def test_a_jspsych_export_is_read_without_changing_it(shared):
    table = read_trials(
        shared / "exports" / "jspsych8" / "p01.csv",
        columns={"observer": "participant", "response": "said_happy"},
        where={"task": "response"},
    )
    assert len(table) == 21
    assert table.attrs["unanswered"] == 3
