"""Hundreds of seeded corruptions of exports: none changes a count without a word.

What can be known of a damaged file is limited: a level or a key that turned into another one that
occurs in the same file is a legal cell, and nothing can tell. Everything else must be a fault, or
show in the account: in the number of rows, of rows left by reason, of answers missing, of
observers, or in a note.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from psychobench.errors import PsychobenchError
from psychobench.imports import import_trials

TIMES = 300


def flip_a_bit(data, rng):
    place = rng.integers(len(data))
    return data[:place] + bytes([data[place] ^ (1 << rng.integers(8))]) + data[place + 1 :]


def cut_a_line(data, rng):
    lines = data.split(b"\n")
    del lines[rng.integers(len(lines))]
    return b"\n".join(lines)


def truncate(data, rng):
    return data[: rng.integers(1, len(data))]


def lose_a_cell(data, rng):
    """Move all cells to the right of one a column to the left."""
    lines, row, cells, mark = some_cells(data, rng)
    del cells[rng.integers(len(cells))]
    return joined(lines, row, cells, mark)


def move_a_column(data, rng):
    """Move a cell of one row to another place in it."""
    lines, row, cells, mark = some_cells(data, rng)
    cells.insert(rng.integers(len(cells)), cells.pop(rng.integers(len(cells))))
    return joined(lines, row, cells, mark)


def swap_cells(data, rng):
    """Swap a row's cell with one of another row and, maybe, column."""
    lines, row, cells, mark = some_cells(data, rng)
    other = int(rng.integers(len(lines)))
    others = lines[other].split(mark)
    here, there = rng.integers(len(cells)), rng.integers(len(others))
    if other == row:
        return data
    cells[here], others[there] = others[there], cells[here]
    lines[other] = mark.join(others)
    return joined(lines, row, cells, mark)


def some_cells(data, rng):
    lines = data.split(b"\n")
    mark = max((b",", b"\t", b";", b":"), key=lines[len(lines) // 2].count)
    row = int(rng.integers(len(lines)))
    return lines, row, lines[row].split(mark), mark


def joined(lines, row, cells, mark):
    lines[row] = mark.join(cells)
    return b"\n".join(lines)


KINDS = (flip_a_bit, cut_a_line, truncate, lose_a_cell, move_a_column, swap_cells)


def words(found):
    """Return all that the account says, but for the counts per level."""
    (account,) = found.files
    notes = set(account.notes)
    return (account.rows, account.taken, account.unanswered, found.left, account.observers, notes)


def counts(found):
    return {tuple(row) for row in found.levels.itertuples(index=False)}


def rows_in(data, program):
    """Count the rows of a file without the importer; None where a row is no line."""
    if program in ("eprime", "presentation"):
        return None
    if program == "jspsych json":
        return len(json.loads(data))
    text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    return sum(bool(line) for line in text.split("\n")) - 1


def check(program, data, options, path, whole, seed):
    """Import a corrupted file; say how it ended, and fail if a count changed unsaid."""
    path.write_bytes(data)
    try:
        found = import_trials(path, **options)
    except PsychobenchError as error:
        return "fault" if error.faults[0].partition("\n")[2] == "" else "no clear line"
    (account,) = found.files
    assert account.rows == account.taken + sum(account.left.values()), (program, seed)
    assert found.levels["n_rows"].sum() == account.taken
    assert found.levels["n_trials"].sum() == account.taken - account.unanswered
    present = rows_in(data, program)
    assert present is None or account.rows == present, (program, seed)
    if counts(found) == counts(whole):
        return "same"
    if words(found) != words(whole):
        return "said"
    # a legal level or key in place of another: no level is new, and no more than two cells differ
    assert set(found.levels["level"]) <= set(whole.levels["level"]), (program, seed)
    changed = (found.trials[["level", "response"]] != whole.trials[["level", "response"]]) & (
        found.trials[["level", "response"]].notna() | whole.trials[["level", "response"]].notna()
    )
    assert changed.to_numpy().sum() <= 2, (program, seed)
    return "legal"


def corrupt(files, folder, times):
    ends = Counter()
    wholes = {}
    for seed in range(times):
        rng = np.random.default_rng(seed)
        program, name, data, options = files[seed % len(files)]
        path = folder / name
        if program not in wholes:
            path.write_bytes(data)
            wholes[program] = import_trials(path, **options)
        kind = KINDS[seed // len(files) % len(KINDS)]
        end = check(program, kind(data, rng), options, path, wholes[program], seed)
        ends[end] += 1
    return ends


@pytest.mark.slow
def test_no_corruption_changes_a_count_without_a_word(all_layouts, tmp_path):
    files = [(program, each.name, each.data, each.options) for program, each in all_layouts.items()]
    ends = corrupt(files, tmp_path, TIMES)
    assert sum(ends.values()) == TIMES
    assert set(ends) <= {"fault", "said", "same", "legal"}
    assert min(ends["fault"], ends["said"], ends["same"]) > TIMES // 20
    assert ends["legal"] < TIMES // 20


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "options"),
    [
        (
            "psychopy2024/demo*.csv",
            {"columns": {"level": "contrast"}, "map": {"up": 1, "down": 0}},
        ),
        ("jspsych8/p01.csv", {"map": {"a": 1, "s": 0}}),
        ("jspsych8/p01.json", {"map": {"a": 1, "s": 0}}),
        (
            "psychtoolbox/*.csv",
            {
                "columns": {"level": "ComparisonStim", "response": "BrightnessJudgement"},
                "map": {"brighter": 1, "darker": 0},
                "observer_from": "{observer}_*",
            },
        ),
    ],
)
def test_nor_does_one_of_a_real_export(shared, tmp_path, pattern, options):
    (path,) = (shared / "exports").glob(pattern)
    program = "jspsych json" if path.suffix == ".json" else ""
    ends = corrupt([(program, path.name, path.read_bytes(), options)], tmp_path, 30)
    assert ends["fault"] + ends["said"] > 0
    assert Path(tmp_path / path.name).exists()
