"""Numbers in texts: as precise as the data, and never a zero that is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from psychobench.comparison.conditions.condition_tests import compare_conditions
from psychobench.formatting import (
    MINUS,
    column_scale,
    decimals_of,
    number_text,
    p_phrase,
    scale_of,
    verdict,
)
from psychobench.reports.sketch import Mean, sketch, table_text


@pytest.mark.parametrize("power", range(-12, 7))
@pytest.mark.parametrize("lead", [1.0, 3.5, 3.6, 9.4, 9.96])
def test_a_standard_error_is_written_with_one_or_two_of_its_digits(power, lead):
    error = lead * 10.0**power
    written = float(number_text(error, decimals_of(error)))
    assert written == pytest.approx(error, rel=0.15, abs=0.5 if error > 1 else 0)


def conditions(unit):
    rng = np.random.default_rng(2)
    first = rng.normal(0.45, 0.05, 12)
    second = first + rng.normal(0.03, 0.05, 12)
    return pd.DataFrame(
        {
            "observer": np.tile(np.arange(12).astype(str), 2),
            "condition": np.repeat(["a", "b"], 12),
            "pse": np.r_[first, second] * unit,
            "status": "ok",
        }
    )


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1.0, 1000.0])
def test_sentences_say_the_same_in_every_unit(unit):
    def digits(tests):
        said = tests.sentences()[-1]
        numbers = said.split("M = ")[1].split(",")[0]
        return numbers.replace(".", "").strip("0") or "0"

    of_unit, of_one = (compare_conditions(conditions(u), within="condition") for u in (unit, 1.0))
    mean = float(of_unit.sentences()[-1].split("M = ")[1].split(",")[0])
    assert mean == pytest.approx(of_unit.pairs[0].mean_second, rel=0.02)
    if unit < 1:
        assert digits(of_unit) == digits(of_one)


def test_minus_signs_are_real_and_zero_has_none():
    assert number_text(-0.25, 2, bounded=True) == f"{MINUS}.25"
    assert number_text(-0.0004, 2) == "0.00"
    assert p_phrase(0.0004) == "p < .001"


def test_levels_between_0_and_1_have_no_leading_zero_and_others_have():
    assert scale_of([0.016], np.linspace(0, 1, 7)).text(0.4494) == ".449"
    assert scale_of([1.4], [100, 200, 300]).text(429.748) == "429.7"
    assert scale_of([0.016], [-2, 2]).text(0.4494) == "0.449"


def test_degrees_of_freedom_are_whole_numbers_in_a_table():
    assert column_scale(np.array([26.0, 11.0])).text(26.0) == "26"


def test_a_verdict_has_a_direction_only_where_a_difference_is_found():
    assert verdict(0.01, -1.0) == "lower"
    assert verdict(0.05, -1.0) == "no difference found"
    assert verdict(np.nan, 1.0) == "no test"


@pytest.mark.parametrize("width", [60, 80])
def test_a_figure_in_characters_keeps_its_width_and_order(width):
    means = [Mean("low", 0.2, 0.1, 0.3), Mean("high", 0.8, 0.7, 0.95), Mean("none", *[np.nan] * 3)]
    lines = sketch(means, scale_of([], [0, 1]), width).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[0].index("o") < lines[1].index("o")
    assert "o" not in lines[2].removeprefix("none")


def test_a_table_is_cut_in_its_words_and_never_in_its_numbers():
    text = table_text({"who": ["x" * 90, "y"], "p": [".030", "<.001"]}, ["who"], 40)
    assert all(len(line) <= 40 for line in text.splitlines())
    assert ".030" in text
    assert "…" in text
