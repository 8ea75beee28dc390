"""Columns that nobody used, copies, and other things that an import must not pass over."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from psychobench.errors import TableError
from psychobench.imports import import_trials

LEVELS = np.tile([0.0, 0.5, 1.0], 8)


def table(**columns):
    rng = np.random.default_rng(1)
    rows = {
        "observer": np.repeat(["p1", "p2", "p3", "p4"], 6),
        "level": LEVELS,
        "response": (LEVELS > 0.5).astype(int),
        "rt": rng.uniform(0.3, 0.9, 24).round(4),
    }
    return pd.DataFrame(rows | columns)


@pytest.fixture
def saved(tmp_path):
    def save(frame, name="trials.csv"):
        frame.to_csv(tmp_path / name, index=False)
        return tmp_path / name

    return save


def test_an_unused_column_is_kept_and_listed_with_what_would_use_it(saved):
    orientation = np.tile(["upright", "inverted", "upright"], 8)
    group = np.repeat(["old", "young"], 12)
    found = import_trials(saved(table(orientation=orientation, group=group)))
    assert found.trials["orientation"].tolist() == orientation.tolist()
    assert found.trials["group"].tolist() == group.tolist()
    assert [(each.name, each.within) for each in found.unused] == [
        ("orientation", True),
        ("group", False),
    ]
    within, between = found.notes
    assert "vary within people and are not used: orientation (upright, inverted)" in within
    assert '`columns="condition=orientation"`' in within
    assert "vary between people and are not used: group (old, young)" in between
    assert json.loads(json.dumps(found.to_json()))["unused"][1]["values"] == ["old", "young"]


def test_following_the_advice_makes_it_the_condition(saved, run_cli, tmp_path):
    path = saved(table(orientation=np.tile(["upright", "inverted", "upright"], 8)))
    out = tmp_path / "t.csv"
    ran = run_cli("import", path, "--out", out)
    assert "--columns condition=orientation" in ran.out
    assert "orientation" in pd.read_csv(out)
    ran = run_cli("import", path, "--columns", "condition=orientation", "--out", out)
    assert set(pd.read_csv(out)["condition"]) == {"upright", "inverted"}
    assert "are not used" not in ran.out


@pytest.mark.parametrize(
    "cells",
    [
        ["same"] * 24,
        [f"row {i}" for i in range(24)],
        LEVELS * 100,
        np.repeat(["a", "b", "c", "d"], 6),
    ],
    ids=["constant", "another in each row", "the level again", "the observer again"],
)
def test_a_column_that_says_nothing_new_is_not_listed(saved, cells):
    assert import_trials(saved(table(further=cells))).unused == ()


def test_a_column_of_an_observers_own_name_is_kept_under_another(saved):
    found = import_trials(saved(table(n_trials=np.tile([1, 2, 2], 8))))
    assert "n_trials_file" in found.trials


def test_trials_that_were_pasted_twice_are_noted(saved):
    once = table()
    twice = import_trials(saved(pd.concat([once, once])))
    assert any("24 of 48 trials stand there twice" in note for note in twice.files[0].notes)
    each = import_trials(saved(once.loc[once.index.repeat(2)], "b.csv"))
    assert any("24 of 48 trials stand there twice" in note for note in each.files[0].notes)


def test_coarse_reaction_times_are_no_copies(saved):
    rng = np.random.default_rng(2)
    n = 600
    rows = {"observer": "p1", "level": rng.choice(5, n), "response": rng.choice(2, n)}
    found = import_trials(saved(pd.DataFrame(rows | {"rt": rng.uniform(0.3, 0.9, n).round(2)})))
    assert not any("twice" in note for note in found.files[0].notes)


def test_a_level_that_is_one_for_each_person_is_noted(saved):
    found = import_trials(saved(table(level=np.repeat([20.0, 31.0, 25.0, 44.0], 6))))
    assert any("every observer has one level" in note for note in found.notes)


def test_a_date_is_nobody(tmp_path, saved):
    path = saved(table().drop(columns="observer"), "2024-05-01_14h11_p02.csv")
    with pytest.raises(TableError, match=r'`observer_from="\*_\{observer\}\.csv"`'):
        import_trials(path)
    assert set(import_trials(path, observer_from="*_{observer}.csv").trials["observer"]) == {"p02"}
    found = import_trials(path, observer_from="{observer}_*")
    assert any("'2024-05-01' looks like a date" in note for note in found.notes)


@pytest.mark.parametrize("name", ["sub", "vp", "pp", "VPN"])
def test_proposals_are_columns_that_could_be_right(saved, name):
    rows = table().rename(columns={"observer": name, "level": "stim", "response": "said"})
    rows = rows.assign(stim_time=np.arange(24) / 7, stim_id=np.arange(24), resp_side="left")
    with pytest.raises(TableError, match=f'`columns="level=stim,response=said,observer={name}"`'):
        import_trials(saved(rows))


def test_several_columns_are_read_out_of_a_text(saved):
    names = [f"m{i % 2}_{'eyes' if i % 4 < 2 else 'whole'}_0p{i % 3}5.png" for i in range(24)]
    rows = table(file=names).drop(columns="level")
    found = import_trials(saved(rows), fields_from="file={identity}_{condition}_{level}.png")
    assert found.trials["level"].tolist() == [float(f"0.{i % 3}5") for i in range(24)]
    assert set(found.trials["condition"]) == {"eyes", "whole"}
    assert set(found.trials["identity"]) == {"m0", "m1"}
    same = import_trials(saved(rows), level_from="file={identity}_{condition}_{level}.png")
    pd.testing.assert_frame_equal(found.trials, same.trials)


def test_text_in_another_encoding_gets_advice_that_succeeds(tmp_path):
    path = tmp_path / "p.csv"
    path.write_bytes("observer,level,response\n男,0,0\n女,1,1\n".encode("cp932"))
    for failed in (None, "cp1252"):
        with pytest.raises(TableError, match='`encoding="cp932"`') as caught:
            import_trials(path, encoding=failed)
        assert failed is None or f'"{failed}"' not in str(caught.value)
    assert set(import_trials(path, encoding="cp932").trials["observer"]) == {"男", "女"}
