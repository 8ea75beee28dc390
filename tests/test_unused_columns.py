"""Nothing is pooled in silence: columns, repeated rows and look-alike names are all said."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

import psychobench as pb
from psychobench.cli.main import main


def people(shift: float, n: int = 4, seed: int = 1) -> pd.DataFrame:
    """People who judge upright and inverted faces, in a column that no option names."""
    rng = np.random.default_rng(seed)
    level = np.tile(np.linspace(0, 1, 7), 20)
    parts = [
        pd.DataFrame(
            {
                "observer": f"p{person}",
                "orientation": orientation,
                "level": level,
                "response": (rng.random(140) < ndtr((level - middle) / 0.15)).astype(int),
            }
        )
        for person in range(n)
        for orientation, middle in (("upright", 0.5 - shift / 2), ("inverted", 0.5 + shift / 2))
    ]
    return pd.concat(parts, ignore_index=True)


def notes(table: pd.DataFrame, **options: str) -> str:
    return " | ".join(pb.check_trials(table, **options).notes)


def test_a_forgotten_condition_is_named_with_the_option_that_uses_it():
    said = notes(people(0.3))
    assert "column 'orientation' (upright, inverted) varies within people" in said
    assert '`within="orientation"`' in said
    assert "far more than chance" in said


def test_a_column_that_makes_no_difference_is_listed_without_a_warning():
    said = notes(people(0.0))
    assert "'orientation'" in said
    assert "far more than chance" not in said


def test_a_column_that_is_used_or_tells_nothing_new_is_not_listed():
    table = people(0.3).assign(name=lambda rows: rows["observer"].str.upper(), constant="x")
    assert "column '" not in notes(table, factors="orientation")


def test_a_group_is_named_with_the_option_for_groups():
    table = people(0.0).assign(group=lambda rows: np.where(rows["observer"] < "p2", "a", "b"))
    assert '`between="group"`' in notes(table)


@pytest.mark.slow
def test_an_analysis_lists_the_column_and_finds_the_difference_when_it_is_named():
    table = people(0.3)
    alone = pb.analyse(table, engine="ml", gof=0)
    assert "orientation" in alone.summary()
    named = pb.analyse(table, engine="ml", gof=0, within="orientation")
    assert "column 'orientation'" not in named.summary(verbose=True).lower()
    assert named.tests["pse"].pairs[0].p < 0.01


@pytest.mark.slow
def test_chance_alone_rarely_raises_the_warning():
    warned = ["far more" in notes(people(0.0, n=2, seed=seed)) for seed in range(40)]
    assert sum(warned) == 0


@pytest.mark.slow
def test_a_fit_says_that_trials_were_pasted_twice(caplog):
    once = people(0.2, n=1).assign(rt=np.random.default_rng(0).uniform(0.3, 0.9, 280))
    with caplog.at_level(logging.INFO, logger="psychobench"):
        pb.fit(pd.concat([once, once]))
    assert "280 rows of 560 equal an earlier one in every column (observers p0)" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="psychobench"):
        pb.fit(once)
    assert "equal an earlier one" not in caplog.text


@pytest.mark.parametrize("twin", ["P0", "p0\u200b", "ｐ0"])
def test_names_that_look_alike_are_said(twin):
    table = people(0.2)
    table.loc[table.index[:50], "observer"] = twin
    assert "case or invisible characters" in notes(table)


def test_reaction_times_in_milliseconds_are_checked_as_such():
    rt = np.random.default_rng(0).uniform(0.3, 0.9, 1120)
    rt[:300] = 0.05  # too fast for anybody
    checked = [pb.check_trials(people(0.2).assign(rt=rt * unit)) for unit in (1, 1000)]
    flagged = [set(each.flags.query("check == 'rt'")["observer"]) for each in checked]
    assert flagged[0] == flagged[1] != set()
    assert "taken to be milliseconds" in " ".join(checked[1].notes)


@pytest.mark.slow
def test_the_command_names_its_own_option(tmp_path, capsys):
    people(0.3).to_csv(tmp_path / "trials.csv", index=False)
    with pytest.raises(SystemExit):
        main(["analyse", str(tmp_path / "trials.csv"), "--engine", "ml", "--gof", "0"])
    said = " ".join(capsys.readouterr().out.split())
    assert "--within orientation uses it" in said
    assert "far more than chance explains" in said


@pytest.mark.parametrize(
    ("typed", "meant"), [("analyze", "analyse"), ("stimuli maks", "mask"), ("ft", "fit")]
)
def test_a_mistyped_command_gets_a_suggestion(typed, meant, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(typed.split())
    assert stopped.value.code == 2
    assert f"did you mean '{meant}'?" in capsys.readouterr().err
