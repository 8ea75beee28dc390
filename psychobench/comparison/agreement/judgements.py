"""Tables of answers to single stimuli, read and scored as correct or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.errors import ComparisonError, TableError
from psychobench.messages import shown
from psychobench.tables.cells import texts_of
from psychobench.tables.reading import TEXTS, read_cells
from psychobench.trials.table import TableLike, read_trials

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
MOST_PAIRS = 4_000_000
_FLAGS = {"1": 1.0, "1.0": 1.0, "true": 1.0, "0": 0.0, "0.0": 0.0, "false": 0.0, "": np.nan}


@dataclass(frozen=True)
class Stratum:
    """Answers to stimuli that are compared with each other, each of shape (observers, stimuli).

    Attributes
    ----------
    answered : NDArray of float
        1 where an observer answered.
    correct : NDArray of float
        Proportion of correct answers; 0 where there is no answer.
    """

    answered: NDArray[np.float64]
    correct: NDArray[np.float64]

    @property
    def size(self) -> int:
        """Number of stimuli."""
        return int(self.answered.shape[1])

    def without(self, stimulus: int) -> Stratum:
        """Return the stratum without one stimulus."""
        return Stratum(
            np.delete(self.answered, stimulus, axis=1), np.delete(self.correct, stimulus, axis=1)
        )


@dataclass(frozen=True)
class Judged:
    """The scored answers of one or several tables to the stimuli that all of them share.

    Attributes
    ----------
    strata : sequence of Stratum
        One for each level, or a single one where there are no levels.
    sides : sequence of slice
        The observers of each table, as rows of the strata.
    names : sequence of str
        The observers' names, in the order of the rows.
    """

    strata: Sequence[Stratum]
    sides: Sequence[slice]
    names: Sequence[str]

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli."""
        return sum(stratum.size for stratum in self.strata)

    @property
    def mean_size(self) -> float:
        """Mean number of stimuli in a stratum."""
        return self.n_stimuli / len(self.strata)

    @property
    def fewest(self) -> int:
        """Number of stimuli in the smallest stratum."""
        return min(stratum.size for stratum in self.strata)


def read_judged(tables: Sequence[TableLike], midpoint: float | None = None) -> Judged:
    """Read tables of answers and keep the stimuli that all of them have.

    Parameters
    ----------
    tables : sequence of DataFrame, str or path
        With `observer`, `stimulus` and either `correct`, or `response` and `truth`, or what
        `psychobench.read_trials` takes: an answer is then correct if it is on the side of the
        midpoint on which the level is.
    midpoint : float, optional
        The level between the categories; .5 by default, for levels that run from 0 to 1.

    Raises
    ------
    ComparisonError
        If there is no stimulus in common, or a single one in every level.
    """
    scored = [_scored(table, midpoint) for table in tables]
    # a table without levels cannot be matched level by level
    if any(cells["level"].eq("").any() for cells in scored):
        scored = [_merge_cells(cells.assign(level="")) for cells in scored]
    for cells in scored[1:]:
        scored = [_shared(each, cells) for each in scored]
    sided = pd.concat(
        [_shared(each, scored[0]).assign(side=side) for side, each in enumerate(scored)],
        ignore_index=True,
    )
    if len(tables) > 1 and sided.empty:
        raise ComparisonError(
            "error consistency needs stimuli that all observers judged: they have no stimulus "
            "in common away from the midpoint"
        )
    return _arranged(sided, len(tables))


def stimulus_names(stimuli: pd.Series) -> pd.Series:
    """Return stimulus names without folder and image extension: ``img/f1.png`` becomes ``f1``."""
    names = {name: PurePath(str(name)) for name in stimuli.dropna().unique()}
    return stimuli.map(
        {
            name: path.stem if path.suffix.lower() in IMAGES else path.name
            for name, path in names.items()
        }
    )


def read_classes(table: TableLike, needed: Sequence[str]) -> pd.DataFrame:
    """Read a table of answers in several classes: all named columns as text.

    Parameters
    ----------
    table : DataFrame, str or path
        The table or its file.
    needed : sequence of str
        Columns that the table must have.

    Raises
    ------
    TableError
        If it is no table, is empty or lacks a column.
    """
    cells = _open(table)
    missing = [name for name in needed if name not in cells]
    if missing:
        raise TableError(
            f"the table must have the columns {', '.join(needed)}: it has no {', '.join(missing)}; "
            f"found: {shown(cells.columns)}"
        )
    if cells.empty:
        raise TableError("a table must have at least one row: this one has none; add trials")
    texts = {name: texts_of(cells[name]).to_numpy(dtype=object) for name in needed}
    nobody = np.flatnonzero(texts["observer"] == "")
    if len(nobody):
        raise TableError(
            f"observer must not be empty: row {cells.index[nobody[0]]} has none; write who answered"
        )
    result = cells.reset_index(drop=True).assign(**texts)
    return result.assign(stimulus=stimulus_names(result["stimulus"]))


def _open(table: TableLike) -> pd.DataFrame:
    if isinstance(table, pd.DataFrame):
        return table
    if isinstance(table, (str, Path)):
        return read_cells(Path(table).expanduser(), {"truth", "correct"}, (*TEXTS, "truth"))
    raise TableError(
        f"a table must be a DataFrame, or the path of a CSV or TSV file: got "
        f"{'None' if table is None else f'a {type(table).__name__}'}; make a pandas.DataFrame"
    )


def _scored(table: TableLike, midpoint: float | None) -> pd.DataFrame:
    """Count the answers of each observer to each stimulus: `correct` ones and all, `weight`."""
    cells = _open(table)
    if "correct" in cells or "truth" in cells:
        return _merge_cells(_score_stated(table))
    return _merge_cells(_score_by_level(read_trials(table), midpoint))


def _score_stated(table: TableLike) -> pd.DataFrame:
    """Score answers by the column `correct`, or by `response` against `truth`."""
    stated = "correct" in _open(table)
    names = ["observer", "stimulus", *(["correct"] if stated else ["response", "truth"])]
    cells = read_classes(table, names)
    _check_one_condition(cells)
    if stated:
        lowered = cells["correct"].str.lower()
        wrong = np.flatnonzero(~lowered.isin(list(_FLAGS)))
        if len(wrong):
            raise TableError(
                f"correct must be 0, 1 or empty: row {wrong[0]} of the table (observer "
                f"'{cells['observer'][wrong[0]]}') has {cells['correct'][wrong[0]]}; write 1 for a "
                "correct answer and 0 for an error"
            )
        correct = lowered.map(_FLAGS).astype(np.float64)
    else:
        known = (cells["response"] != "") & (cells["truth"] != "")
        correct = (cells["response"] == cells["truth"]).astype(np.float64).where(known)
    scored = cells[["observer", "stimulus"]].assign(
        level=_levels_of(cells), correct=correct, weight=1.0
    )
    return scored[correct.notna()]


def _levels_of(cells: pd.DataFrame) -> pd.Series | str:
    """Return the levels as numbers, or as text where they are none; empty text without levels."""
    if "level" not in cells:
        return ""
    numbers = pd.to_numeric(cells["level"], errors="coerce").round(9)
    return numbers if numbers.notna().all() else texts_of(cells["level"])


def _score_by_level(table: pd.DataFrame, midpoint: float | None) -> pd.DataFrame:
    """Score answers by the side of the midpoint; levels at the midpoint have no correct answer."""
    level = table["level"].round(9)
    if midpoint is None:
        midpoint = 0.5
        if level.min() < 0 or level.max() > 1:
            raise ComparisonError(
                "error consistency needs a `midpoint` between the categories: it is .5 for levels "
                f"from 0 to 1, but these run from {level.min():g} to {level.max():g}"
            )
    if "stimulus" not in table:
        raise ComparisonError(
            "error consistency needs the answers to single stimuli: the table has no column "
            "'stimulus'"
        )
    _check_one_condition(table)
    target, weight = _answers(table)
    return pd.DataFrame(
        {
            "observer": table["observer"],
            "stimulus": stimulus_names(table["stimulus"]),
            "level": level,
            "correct": np.where(level > midpoint, target, weight - target),
            "weight": weight,
        }
    )[(level != midpoint) & (weight > 0)]


def _answers(table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the number of answers 'target', and of all answers, in each row."""
    if "n_trials" in table:
        target, weight = table["n_target"], table["n_trials"]
    elif "response" in table:
        target, weight = table["response"], table["response"].notna()
    else:
        decided = table["p_target"].where(table["p_target"] != 0.5)
        target, weight = (decided > 0.5).where(decided.notna()), decided.notna()
    return target.astype(np.float64).fillna(0.0), weight.astype(np.float64)


def _check_one_condition(table: pd.DataFrame) -> None:
    if "condition" in table and table["condition"].nunique() > 1:
        raise ComparisonError(
            "error consistency is measured within one condition: the table has "
            f"{', '.join(map(str, table['condition'].unique()))}"
        )


def _merge_cells(cells: pd.DataFrame) -> pd.DataFrame:
    """Add up repeated answers of an observer to a stimulus: correct ones and all."""
    keys = ["observer", "level", "stimulus"]
    return cells.groupby(keys, sort=False, as_index=False)[["correct", "weight"]].sum()


def _shared(cells: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    keys = ["level", "stimulus"]
    return cells.merge(others[keys].drop_duplicates(), on=keys)


def _arranged(cells: pd.DataFrame, n_sides: int) -> Judged:
    """Arrange the answers by level, with the observers in the same order throughout."""
    who = pd.MultiIndex.from_frame(cells[["side", "observer"]].drop_duplicates())
    if len(who) ** 2 > MOST_PAIRS:
        raise ComparisonError(
            f"error consistency compares every pair: {len(who)} observers are too many; pass fewer "
            "of them"
        )
    if len(who) < 2:
        raise ComparisonError(
            "error consistency needs at least two observers with answers away from the midpoint: "
            f"there are {len(who)}"
        )
    strata = []
    cells = cells.assign(correct=cells["correct"] / cells["weight"])
    for _, rows in cells.groupby("level"):
        grid = rows.pivot(index=["side", "observer"], columns="stimulus", values="correct")
        shares = grid.reindex(who).to_numpy(dtype=np.float64)
        if shares.shape[1] > 1:
            answered = np.isfinite(shares)
            strata.append(Stratum(answered.astype(np.float64), np.where(answered, shares, 0.0)))
    if not strata:
        raise ComparisonError(
            "error consistency needs several stimuli per level: no level has more than one"
        )
    ends = np.cumsum([(who.get_level_values(0) == side).sum() for side in range(n_sides)])
    sides = [slice(int(start), int(end)) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    return Judged(strata, sides, [str(name) for name in who.get_level_values(1)])
