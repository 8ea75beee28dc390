"""Tables of trials and counts: what is read, what is refused, and in which words."""

from __future__ import annotations

import codecs
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psychobench.errors import OptionError, TableError
from psychobench.responses.columns import parse_columns, parse_where
from psychobench.responses.table import count_responses, read_trials, validate_trials

TRIALS = "observer,level,response\np1,0,0\np1,0.5,1\np1,0.5,\np2,1,1\n"


@pytest.fixture
def write(tmp_path: Path):
    """Write a file and give its path."""

    def write(text: str | bytes, name: str = "pilot.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def faults_of(path: Path, **options) -> tuple[str, ...]:
    with pytest.raises((TableError, OptionError)) as caught:
        read_trials(path, **options)
    assert all("\n" not in fault for fault in caught.value.faults)
    return caught.value.faults


# ---------------------------------------------------------------- what is read


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


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
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


def test_people_and_networks_meet_in_one_table(write):
    text = "observer,level,response,p_target\np1,0.5,1,\nnet,0.5,,0.25\np1,0.5,,\n"
    table = read_trials(write(text))
    np.testing.assert_array_equal(table["response"], [1, np.nan, np.nan])
    np.testing.assert_array_equal(table["p_target"], [np.nan, 0.25, np.nan])
    assert table.attrs["unanswered"] == 1


def test_a_table_read_is_a_valid_table_and_checking_it_again_changes_nothing(write):
    table = read_trials(write(TRIALS))
    pd.testing.assert_frame_equal(validate_trials(table), table)
    assert validate_trials(table).attrs == table.attrs


def test_checking_a_table_leaves_the_original_alone():
    table = pd.DataFrame({"observer": [1, 2], "level": ["0", ".5"], "response": [True, None]})
    before = table.copy(deep=True)
    checked = validate_trials(table)
    pd.testing.assert_frame_equal(table, before)
    assert checked["observer"].tolist() == ["1", "2"]
    np.testing.assert_array_equal(checked["response"], [1, np.nan])


# ---------------------------------------------------------------- which rows


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


# ---------------------------------------------------------------- what is refused

COUNTS = "observer,level,n_trials,n_target\np1,0.6,10,5\n"
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
        ["needs observer", "found: subject, level, response", "--columns observer=subject"]),
    "no column known": ("a,b\n1,2\n", ["needs observer and level and response", "found: a, b"]),
    "another case": ("Observer,Level,Response\np1,0,1\n",
        ["--columns observer=Observer,level=Level,response=Response"]),
    "empty file": ("", ["is empty"]),
    "blank file": ("\n  \n", ["is empty"]),
    "header only": ("observer,level,response\n", ["at least one row"]),
    "header and blanks": ("observer,level,response\n,,\n\n", ["at least one row"]),
    "a name twice": ("observer,level,level,response\np1,0,1,1\n", ["'level' more than once"]),
    "one cell too many": ("observer,level,response\np1,0,1\np1,0,1,9\n",
        ["as many cells as the header", "row 3", "has 4"]),
    "many cells too many": ("observer,level,response\np1,0,1\np1,0,1,9,9,9\n", ["row 3", "has 6"]),
    "quote never closed": ('observer,level,response\n"p1,0,1\n', ["double quote"]),
    "quote in the header": ('observer,"level,response\np1,0,1\n', []),
    "Latin-1": ("observer,level,response\nJörg,0,1\n".encode("latin-1"),
        ["UTF-8", "0xf6", "row 2"]),
    "UTF-16": (codecs.BOM_UTF16_LE + TRIALS.encode("utf-16-le"), ["UTF-16", "CSV UTF-8"]),
    "UTF-16 unmarked": (TRIALS.encode("utf-16-le"), ["UTF-16"]),
    "Excel": (b"PK\x03\x04" + bytes(64), ["Excel workbook"]),
    "binary": (b"\x89PNG\r\n\x1a\n\0\0\0", ["binary"]),
}  # fmt: skip


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


# ---------------------------------------------------------------- options


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
    with pytest.raises(OptionError, match=r"--columns must"):
        parse_columns(text)


@pytest.mark.parametrize("texts", [("condition",), ("=x",), ("",), ("a=1", "a=2")])
def test_a_where_option_that_says_nothing_is_refused(texts):
    with pytest.raises(OptionError, match=r"--where must"):
        parse_where(texts)


# ---------------------------------------------------------------- counts

DESIGN = st.lists(
    st.tuples(
        st.sampled_from(["h2", "h1", "h10"]),
        st.sampled_from(["whole", "eyes"]),
        st.sampled_from([0.0, 0.3, 1.0]),
        st.sampled_from([0.0, 1.0, np.nan]),
    ),
    min_size=1,
    max_size=60,
)


def frame(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["observer", "condition", "level", "response"])


@given(DESIGN)
@settings(deadline=None)
def test_counting_trials_agrees_with_counting_by_hand(rows):
    table = frame(rows)
    if table["response"].isna().all():
        return
    counts = count_responses(validate_trials(table))
    assert counts["n_trials"].sum() == table["response"].notna().sum()
    for row in counts.itertuples():
        answers = [r for o, c, x, r in rows if (o, c, x) == row[1:4] and not np.isnan(r)]
        assert (row.n_trials, row.n_target) == (len(answers), sum(answers))


@given(DESIGN)
@settings(deadline=None)
def test_counts_spelt_out_as_trials_give_the_same_counts(rows):
    table = frame(rows).dropna()
    if table.empty:
        return
    counts = count_responses(table)
    misses = counts["n_trials"] - counts["n_target"]
    spelt = pd.concat(
        [
            counts.loc[counts.index.repeat(n)].assign(response=answer)
            for n, answer in ((misses, 0), (counts["n_target"], 1))
        ]
    ).sort_index(kind="stable")
    again = count_responses(validate_trials(spelt[["observer", "condition", "level", "response"]]))
    pd.testing.assert_frame_equal(again, counts)
    pd.testing.assert_frame_equal(count_responses(validate_trials(counts)), counts)


@given(DESIGN, st.randoms())
@settings(deadline=None)
def test_the_order_of_trials_does_not_matter_to_the_counts(rows, random):
    table = frame(rows).dropna()
    if table.empty:
        return
    shuffled = table.loc[random.sample(list(table.index), len(table))]
    keys = ["observer", "condition", "level"]
    ordered = [count_responses(each).sort_values(keys) for each in (table, shuffled)]
    pd.testing.assert_frame_equal(*(each.reset_index(drop=True) for each in ordered))


def test_curves_come_in_order_of_first_appearance_and_levels_ascend():
    table = frame([("b", "y", 1.0, 1), ("a", "x", 0.0, 0), ("b", "x", 0.0, 1), ("b", "y", 0.0, 0)])
    counts = count_responses(table)
    curves = list(zip(counts["observer"], counts["condition"], counts["level"], strict=True))
    assert curves == [("b", "y", 0.0), ("b", "y", 1.0), ("a", "x", 0.0), ("b", "x", 0.0)]


def test_sessions_stay_apart_as_blocks_of_one_curve():
    table = frame([("a", "x", 0.0, 1), ("a", "x", 0.0, 0), ("a", "x", 1.0, 1)])
    counts = count_responses(table.assign(session=["2", "1", "2"]))
    assert list(counts) == ["observer", "condition", "level", "session", "n_trials", "n_target"]
    assert counts["session"].tolist() == ["2", "1", "2"]
    assert counts["level"].tolist() == [0, 0, 1]


def test_by_splits_curves_and_an_empty_cell_is_a_group_of_its_own():
    table = frame([("a", "x", 0.0, 1)] * 3).assign(group=[1.0, np.nan, np.nan])
    counts = count_responses(table, by=["group"])
    assert list(counts)[:4] == ["observer", "condition", "group", "level"]
    assert counts["n_trials"].tolist() == [1, 2]


def test_probabilities_are_averaged_over_repeats():
    table = pd.DataFrame(
        {
            "observer": "net",
            "condition": "none",
            "level": [0.5, 0.5, 0.0],
            "p_target": [0.2, 0.4, 0],
        }
    )
    counts = count_responses(table)
    assert list(counts) == ["observer", "condition", "level", "p_target"]
    np.testing.assert_allclose(counts["p_target"], [0, 0.3])


def test_levels_that_differ_by_rounding_alone_are_one_level():
    table = frame([("a", "x", 0.1 + 0.2, 1), ("a", "x", 0.3, 0), ("a", "x", 1.0, 1)])
    counts = count_responses(table)
    assert counts["level"].tolist() == [0.3, 1.0]
    assert counts["n_trials"].tolist() == [2, 1]


def test_responses_and_probabilities_are_not_counted_as_one():
    table = frame([("a", "x", 0.0, 1), ("net", "x", 0.0, np.nan)]).assign(p_target=[np.nan, 0.5])
    with pytest.raises(TableError, match="counted apart"):
        count_responses(table)
    assert len(count_responses(table[table["observer"] == "net"])) == 1


def test_curves_can_be_split_only_by_columns_that_are_there_and_are_no_measure():
    table = frame([("a", "x", 0.0, 1)])
    with pytest.raises(OptionError, match="'level'"):
        count_responses(table, by=["level"])
    with pytest.raises(TableError, match=r"no 'conditon'.*did you mean 'condition'"):
        count_responses(table, by=["conditon"])


# ---------------------------------------------------------------- real files


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
