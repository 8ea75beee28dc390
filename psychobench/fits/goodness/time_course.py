"""Answers in the order in which they came: each block divided into cells by time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from psychobench.fits.designs import Design
from psychobench.fits.functions import Floats
from psychobench.fits.options import FitOptions
from psychobench.trials.table import count_responses

STRETCHES = 10  # of equal numbers of answers, into which a curve's trials are divided
_STRETCH = "_stretch"

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Cells:
    """Answers of one block within one stretch of time, in the order of curves and stretches.

    Parameters
    ----------
    row, block : ndarray of int, shape (c,)
        Curve, and column of its `Blocks`.
    stretch : ndarray of int, shape (c,)
        Rank in time within the curve, from 0.
    trials, hits : ndarray, shape (c,)
        Answers and target answers.
    """

    row: Indices
    block: Indices
    stretch: Indices
    trials: Floats
    hits: Floats

    def of(self, row: int) -> Cells:
        """Select one curve's cells."""
        one = slice(*np.searchsorted(self.row, [row, row + 1]))
        return Cells(
            self.row[one], self.block[one], self.stretch[one], self.trials[one], self.hits[one]
        )

    def distribute(self, hits: Floats, seed: int) -> Cells:
        """Distribute simulated target answers of one curve's blocks over its cells.

        Under the fitted curve all orders of a block's answers are equally likely, so that the
        cells' counts are hypergeometric.

        Parameters
        ----------
        hits : ndarray, shape (m, b)
            Target answers of `m` simulated data sets.
        seed : int
            Of the draws.

        Returns
        -------
        Cells
            With `hits` of shape (m, c).
        """
        rng = np.random.default_rng([seed, 1])  # apart from the stream that drew `hits`
        trials = np.bincount(self.block, self.trials, minlength=hits.shape[1]).astype(np.int64)
        left = hits.astype(np.int64)
        dealt = np.empty((len(hits), len(self.row)))
        for stretch in np.unique(self.stretch):
            here = self.stretch == stretch
            blocks, size = self.block[here], self.trials[here].astype(np.int64)
            some = rng.hypergeometric(left[:, blocks], trials[blocks] - left[:, blocks], size)
            dealt[:, here] = some
            left[:, blocks] -= some
            trials[blocks] -= size
        return replace(self, hits=dealt)


def cells_by_time(
    table: pd.DataFrame, by: Sequence[str], design: Design, options: FitOptions
) -> tuple[Cells | None, str]:
    """Divide the blocks of a design by the time at which their answers came.

    Trials with a number in the column `trial` are sorted by it, session after session, and divided
    into `STRETCHES` stretches of equal numbers of answers per curve. Without it each session is a
    stretch, in order of appearance.

    Parameters
    ----------
    table : DataFrame
        Validated trials or counts, of which `design` was made.
    by : sequence of str
        Columns that split conditions further.
    design : Design
        The design whose blocks are divided.
    options : FitOptions
        What is asked for.

    Returns
    -------
    cells : Cells or None
        None where the order is not known.
    origin : str
        The column from which the order was found, or why it is not known.
    """
    groups = design.groups.assign(_row=np.where(design.failed, -1, np.cumsum(~design.failed) - 1))
    answered = _answered(table)
    stretch, origin = _stretches(table[answered], groups)
    if stretch is None:
        return None, origin
    table = table.assign(**{_STRETCH: 0})
    table.loc[answered, _STRETCH] = stretch
    counts = count_responses(table, [*by, _STRETCH])
    split = options.likelihood == "beta-binomial" and "session" in counts
    counts["_row"] = _rows_of(counts, groups)
    # with beta-binomial likelihood the sessions of a level are blocks of their own
    counts["_session"] = _first_seen(table[answered], counts, "session") if split else 0
    counts = counts[counts["_row"] >= 0]
    blocks = counts[["_row", "level", "_session"]].drop_duplicates()
    blocks = blocks.sort_values(["_row", "level", "_session"])
    blocks["_block"] = blocks.groupby("_row").cumcount()
    cells = counts.merge(blocks).sort_values(["_row", _STRETCH, "_block"], kind="stable")
    keys = (cells[name].to_numpy(np.intp) for name in ("_row", "_block", _STRETCH))
    return Cells(*keys, *cells[["n_trials", "n_target"]].to_numpy(np.float64).T), origin


def _answered(table: pd.DataFrame) -> NDArray[np.bool_]:
    found = table["n_trials"] > 0 if "n_trials" in table else table["response"].notna()
    return found.to_numpy(np.bool_)


def _rows_of(table: pd.DataFrame, groups: pd.DataFrame) -> Indices:
    keys = [name for name in groups if name != "_row"]
    return table[keys].merge(groups, on=keys, how="left")["_row"].to_numpy(np.intp)


def _first_seen(table: pd.DataFrame, counts: pd.DataFrame, name: str) -> Indices:
    """Rank each value by its first place in the table."""
    return np.asarray(pd.Index(table[name].unique()).get_indexer(counts[name]))


def _stretches(answers: pd.DataFrame, groups: pd.DataFrame) -> tuple[Indices | None, str]:
    """Rank each answer's stretch within its curve; or None, and the reason."""
    frame = pd.DataFrame({"row": _rows_of(answers, groups), "place": np.arange(len(answers))})
    frame["session"] = answers["session"].to_numpy() if "session" in answers else ""
    frame["begun"] = frame.groupby(["row", "session"])["place"].transform("min")
    missing = "the table has no column trial and no column session"
    if "trial" in answers and "response" in answers:
        frame["trial"] = pd.to_numeric(answers["trial"], errors="coerce").to_numpy()
        missing = "numbers in the column trial are missing or repeated: name a column session"
        if frame["trial"].notna().all() and not frame.duplicated(["row", "begun", "trial"]).any():
            frame = frame.sort_values(["row", "begun", "trial"])
            size = frame.groupby("row")["place"].transform("size")
            rank = frame.groupby("row").cumcount()
            stretch = rank * np.minimum(STRETCHES, size) // size
            return np.asarray(stretch.sort_index(), dtype=np.intp), "trial"
    if "session" in answers:
        rank = frame.groupby("row")["begun"].rank(method="dense") - 1
        return np.asarray(rank, dtype=np.intp), "session"
    return None, missing
