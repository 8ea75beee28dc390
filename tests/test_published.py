"""Published tables recomputed: what a printed figure can and cannot stand for."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from psychobench.comparison.published import (
    COLUMNS,
    PrintedCohort,
    possible_t,
    published,
    rounded,
)
from psychobench.errors import OptionError
from psychobench.resources import bundled

HEAD = "table,pretraining,mask,observer,pse,t,p"


@pytest.fixture(scope="module")
def ying():
    return published("ying2023").table


def print_paper(folder, cells, mean="0.532", sem="0.018", n=50):
    """Print cells and a cohort as a paper would, and recompute them."""
    data = folder / "human_data"
    data.mkdir(exist_ok=True)
    lines = [f"1,object,none,net{i},{cell}" for i, cell in enumerate(cells)]
    (data / "published_mine.csv").write_text("\n".join([HEAD, *lines, ""]))
    record = {"source": "nobody", "cohort": {"mean": mean, "sem": sem, "n": n}}
    (data / "published_mine.csv.json").write_text(json.dumps(record))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PSYCHOBENCH_DATA", str(folder))
        return published("mine")


@pytest.fixture
def paper(tmp_path):
    return partial(print_paper, tmp_path)


def print_p(p):
    return "<.001" if p < 0.001 else f"{p:.3f}"


def test_every_t_is_the_distance_from_the_printed_mean_in_printed_standard_errors(ying):
    rows = ying.dropna(subset=["pse"])
    np.testing.assert_allclose(rows["t_recomputed"], (rows["pse"] - 0.532) / 0.018)
    assert (np.sign(rows["t_printed"]) == np.sign((rows["pse"] - 0.5321).round(4))).all()


def test_p_is_bonferroni_corrected_for_the_cells_of_its_table_that_have_a_pse(ying):
    assert ying.groupby("table")["family_size"].unique().map(list).to_dict() == {
        1: [9], 2: [7], 3: [13],
    }  # fmt: skip
    rows = ying.dropna(subset=["pse"])
    alone = 2 * stats.t.sf(rows["t_recomputed"].abs(), 49)
    np.testing.assert_allclose(rows["p_recomputed"], np.minimum(1, alone * rows["family_size"]))


def test_all_forty_cells_have_a_row_and_those_without_a_pse_no_verdict(ying):
    assert len(ying) == 40
    empty = ying[ying["pse"].isna()]
    assert len(empty) == 11
    assert empty[["agrees", "t_printed", "p_printed", "single_case_t"]].isna().all(axis=None)
    assert empty["family_size"].notna().all()


def test_one_printed_p_cannot_come_from_its_t(ying):
    # t(49) = -2.116 has p = .039 before any correction, so "<.001" cannot be right
    (row,) = ying[ying["agrees"] == False].to_dict("records")  # noqa: E712
    assert (row["table"], row["pretraining"], row["observer"]) == (1, "object", "vgg13")
    assert (row["t_agrees"], row["p_agrees"]) == (True, False)
    assert row["p_low"] == pytest.approx(9 * 2 * stats.t.sf(2.1165, 49))


def test_verdicts_are_those_of_a_search_over_all_that_rounding_allows(ying):
    rng = np.random.default_rng(0)
    mean, sem = rng.uniform(0.5315, 0.5325, 200_000), rng.uniform(0.0175, 0.0185, 200_000)
    for row in ying.dropna(subset=["pse"]).to_dict("records"):
        t = (row["pse"] + rng.uniform(-0.0005, 0.0005, len(mean)) - mean) / sem
        assert row["t_low"] <= t.min() <= t.max() <= row["t_high"]
        t = t[np.abs(t - row["t_printed"]) <= 0.0005]
        p = np.minimum(1, 2 * stats.t.sf(np.abs(t), 49) * row["family_size"])
        fits = p < 0.001 if row["p_printed"] == "<.001" else abs(p - float(row["p_printed"])) < 5e-4
        assert fits.any() == row["agrees"], row


@pytest.mark.slow
@settings(max_examples=40)
@given(
    pse=st.floats(0, 1),
    mean=st.floats(0.4, 0.6),
    sem=st.floats(0.004, 0.05),
    n=st.integers(3, 300),
    digits=st.integers(2, 4),
)
def test_figures_that_were_computed_and_then_rounded_always_agree(pse, mean, sem, n, digits):
    t = (pse - mean) / sem
    p = min(1.0, 2 * stats.t.sf(abs(t), n - 1))
    cell = f"{pse:.{digits}f},{t:.3f},{print_p(p)}"
    with TemporaryDirectory() as folder:
        paper = print_paper(Path(folder), [cell], f"{mean:.3f}", f"{sem:.{digits + 1}f}", n)
    assert paper.table["agrees"].all()


@pytest.mark.parametrize(
    ("cell", "t_agrees", "p_agrees"),
    [
        ("0.701,9.389,<.001", True, True),
        ("0.701,9.714,<.001", True, True),  # (.7015 - .5315) / .0175
        ("0.701,9.716,<.001", False, True),
        ("0.701,-9.389,<.001", False, True),
        ("0.568,2.000,0.051", True, True),  # p of t(49) = 2 is .0511
        ("0.568,2.000,0.052", True, False),
        ("0.568,2.000,<.001", True, False),
    ],
)
def test_t_and_p_are_marked_each_for_its_own_inputs(paper, cell, t_agrees, p_agrees):
    row = paper([cell]).table.iloc[0]
    assert (row["t_agrees"], row["p_agrees"]) == (t_agrees, p_agrees)
    assert row["agrees"] == (t_agrees and p_agrees)


def test_a_cell_agrees_only_if_one_t_does_for_all_its_figures(paper):
    # the PSE allows the lower end of the printed t, the printed p only its upper end
    computed = possible_t("0.600", PrintedCohort("0.532", "0.018", 50))
    assert rounded("4").low < computed.high < 4.45 < rounded("4").high
    p = f"{2 * stats.t.sf(4.45, 49):.6f}"
    row = paper([f"0.600,4,{p}"]).table.iloc[0]
    assert (row["t_agrees"], row["p_agrees"], row["agrees"]) == (True, True, False)


def test_a_p_that_was_corrected_for_another_family_does_not_agree(paper):
    t, alone = "2.500", 2 * stats.t.sf(2.5, 49)
    cells = [f"0.577,{t},{alone * k:.3f}" for k in (1, 2, 3)] + [",,"]
    assert paper(cells).table["agrees"].tolist() == [False, False, True, None]


def test_the_single_case_test_takes_the_spread_of_people_not_of_their_mean(ying):
    rows = ying.dropna(subset=["pse"])
    sd = 0.018 * np.sqrt(50)
    t = (rows["pse"] - 0.532) / (sd * np.sqrt(51 / 50))
    np.testing.assert_allclose(rows["single_case_t"], t)
    p = np.minimum(1, 2 * stats.t.sf(t.abs(), 49) * rows["family_size"])
    np.testing.assert_allclose(rows["single_case_p_bonferroni"], p)


def test_at_the_smallest_margin_the_larger_one_sided_p_is_the_corrected_level(ying):
    for row in ying.dropna(subset=["pse"]).to_dict("records"):
        outer = (abs(row["pse"] - 0.532) - row["smallest_margin"]) / 0.018
        assert stats.t.cdf(outer, 49) * row["family_size"] == pytest.approx(0.05)


def test_a_single_cohort_is_found_that_gives_every_printed_t(ying):
    (low, high), (least, most) = published("ying2023").consistent_cohorts()
    mean, sem = (low + high) / 2, (least + most) / 2
    rows = ying.dropna(subset=["pse"])
    t_low, t_high = ((rows["pse"] + side - mean) / sem for side in (-5e-4, 5e-4))
    assert (t_low <= rows["t_printed"] + 5e-4).all()
    assert (t_high >= rows["t_printed"] - 5e-4).all()


def test_no_single_cohort_is_claimed_where_there_is_none(paper):
    cells = ["0.700,9.100,<.001", "0.700,9.600,<.001"]  # each alone agrees
    assert paper(cells[:1]).table["agrees"].all()
    assert paper(cells[1:]).table["agrees"].all()
    assert paper(cells).consistent_cohorts() is None


def test_the_bundled_cells_are_as_printed():
    table = pd.read_csv(bundled("human_data") / "published_ying2023.csv", dtype=str)
    assert table.groupby("table").size().tolist() == [10, 15, 15]
    figures = table.dropna(subset=["pse"])
    assert figures["pse"].str.fullmatch(r"0\.\d{3}").all()
    assert figures["t"].str.fullmatch(r"-?\d+\.\d{3}").all()
    assert figures["p"].str.fullmatch(r"<\.001|[01]\.\d{3}").all()


def test_an_unknown_paper_lists_those_there_are():
    with pytest.raises(OptionError, match="one of ying2023: got 'ying2024'"):
        published("ying2024")


def test_the_page_describes_every_column():
    page = (Path(__file__).parents[1] / "docs" / "published-tables.md").read_text("utf-8")
    assert all(f"`{name}`" in page for name in COLUMNS)
