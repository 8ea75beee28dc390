"""Signs that what a key means depends on the trial."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from psychobench.imports.options import ImportOptions
from psychobench.imports.parsed_file import ParsedFile
from psychobench.imports.response_keys import normalise_key
from psychobench.messages import argument
from psychobench.tables.cells import as_number, is_blank

_FEWEST = 40  # answers by which keys can be called flat
_SURE = 0.05
_MOST_SIDES = 4


def advise_comparison(files: Sequence[ParsedFile], options: ImportOptions) -> str:
    """Write the advice to compare keys with a column; empty where nothing speaks for it.

    Keys that are pressed alike at all levels, or a column that holds the same values as the keys,
    are signs of a forced choice between sides or intervals.

    Parameters
    ----------
    files : sequence of ParsedFile
        The files that have trials.
    options : ImportOptions
        The user's; where keys were given a meaning, they must not follow the level.
    """
    if options.compared or options.right_or_wrong:
        return ""
    first = files[0]
    answers, levels = _answers(files)
    answer = first.origin["response"]
    if answers.nunique() < 2 or answers.nunique() > _MOST_SIDES or _follows(answers, levels):
        return ""
    sides = _columns_of_sides(first, answer)
    if sides:
        return (
            f"{sides[0]} holds the same values as {answer}; if an answer is right, or means that "
            f"the comparison was chosen, where the two agree, what a key means depends on the "
            f"trial: write {argument('correct', f'{answer}={sides[0]}')} or "
            f"{argument('chose_when', f'{answer}={sides[0]}')} instead of `map`"
        )
    if len(answers) < _FEWEST or levels.nunique() < 3:
        return ""
    return (
        f"the keys in {answer} are pressed alike at all levels; if what a key means depends on the "
        "trial, as in a choice between sides or intervals, name the column that says which is "
        f"right: {argument('correct', f'{answer}=COLUMN')}"
    )


def _answers(files: Sequence[ParsedFile]) -> tuple[pd.Series[str], pd.Series[float]]:
    """Collect the answers, in their normal form, and their levels."""
    answers = pd.concat([each.cells.loc[each.taken, "response"] for each in files])
    levels = pd.concat([each.cells.loc[each.taken, "level"] for each in files]).map(as_number)
    kept = (~answers.map(is_blank) & levels.notna()).to_numpy(np.bool_)
    return answers[kept].map(normalise_key), levels[kept]


def _follows(answers: pd.Series[str], levels: pd.Series[float]) -> bool:
    """Whether the shares of the keys differ between levels by more than chance."""
    from scipy.stats import chi2_contingency

    counts = pd.crosstab(levels.to_numpy(), answers.to_numpy())
    if min(counts.shape) < 2:
        return False
    return bool(chi2_contingency(counts.to_numpy(), correction=False).pvalue < _SURE)


def _columns_of_sides(file: ParsedFile, answer: str) -> list[str]:
    """Find the columns that hold the values of the answers, and are not the answers again."""
    cells = file.export.cells[file.taken.to_numpy()]
    if answer not in cells:
        return []
    keys = [_normal(cell) for cell in cells[answer]]
    pressed = set(keys) - {""}
    found = []
    for name in map(str, cells):
        if name == answer or name in file.origin.values():
            continue
        values = {cell: _normal(cell) for cell in set(cells[name])}
        if not set(values.values()) <= pressed | {""}:
            continue
        both = [(values[cell], key) for cell, key in zip(cells[name], keys, strict=True)]
        both = [(value, key) for value, key in both if value and key]
        if len({value for value, _ in both}) > 1 and any(value != key for value, key in both):
            found.append(name)
    return found


def _normal(cell: str) -> str:
    return "" if is_blank(cell) else normalise_key(cell)
