"""The measure behind each check: one function each.

Each takes trials with ``observer, condition, level, response`` and perhaps ``rt``, ``session`` and
``trial``, in the order in which they were given, and returns one number per observer, nan where
the trials cannot tell.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pandas as pd

FASTEST = 0.15  # seconds; no one can see, decide and press a key faster
SLOW = 3.0  # scaled median absolute deviations of log RT above an observer's median
MAD_TO_SD = 1.4826

Numbers: TypeAlias = "pd.Series[Any]"  # one float per observer


def missing_answers(trials: pd.DataFrame) -> Numbers:
    """Share of trials without an answer."""
    return trials["response"].isna().groupby(trials["observer"], sort=False).mean()


def short_cells(trials: pd.DataFrame) -> Numbers:
    """Share of the design's cells, condition x level, in which an observer lacks trials.

    A cell should have as many trials as it has for the median observer among those who have any.
    """
    counts = trials.groupby(["observer", "condition", "level"], sort=False).size()
    cells = counts.unstack(["condition", "level"], fill_value=0)
    usual = cells.where(cells > 0).median()
    short: Numbers = (cells < usual).mean(axis=1)
    return short


def odd_rts(trials: pd.DataFrame) -> Numbers:
    """Share of reaction times under `FASTEST` or `SLOW` deviations above the observer's median."""
    if "rt" not in trials:
        return _none(trials)
    rt = trials["rt"].where(trials["rt"] > 0).dropna()
    who = trials["observer"].loc[rt.index]
    log = np.log(rt)
    offset = log - log.groupby(who).transform("median")
    spread = MAD_TO_SD * offset.abs().groupby(who).transform("median")
    odd = (rt < FASTEST) | (offset > SLOW * spread.clip(lower=1e-9))
    share: Numbers = odd.groupby(who, sort=False).mean()
    return share


def longest_run(trials: pd.DataFrame) -> Numbers:
    """Longest run of one answer, in units of the run that chance would rarely exceed.

    With q the share of the more frequent answer among n, a run of length L starts somewhere with
    a probability of at most n q^L; the unit is the L for which that is .001.
    """
    answered = trials.dropna(subset="response")
    who = answered["observer"]
    changes = (answered["response"] != answered["response"].shift()) | (who != who.shift())
    runs = answered.groupby(changes.cumsum()).agg(who=("observer", "first"), n=("level", "size"))
    longest = runs.groupby("who", sort=False)["n"].max()
    answers = answered["response"].groupby(who, sort=False)
    n, share = answers.size(), answers.mean()
    frequent = share.where(share > 0.5, 1 - share).clip(upper=1 - 1e-9)
    unlikely = np.log(0.001 / n) / np.log(frequent)
    run: Numbers = longest / unlikely.where(unlikely < n, n)
    return run


def target_share(trials: pd.DataFrame) -> Numbers:
    """Share of target answers, all levels weighted equally."""
    shares = trials.groupby(["observer", "condition", "level"], sort=False)["response"].mean()
    return shares.groupby("observer", sort=False).mean()


def switching(trials: pd.DataFrame) -> Numbers:
    """How many standard deviations more often answers change than the levels explain.

    An observer's own share of target answers at each level says how often two neighbouring trials
    should differ.
    """
    answered = trials.dropna(subset="response")
    cell = ["observer", "condition", "level"]
    share = answered.groupby(cell)["response"].transform("mean")
    together = answered["observer"].eq(answered["observer"].shift())
    before, last = share.shift(), answered["response"].shift()
    expected = (share * (1 - before) + before * (1 - share))[together]
    changed = answered["response"].ne(last)[together].astype(float)
    who = answered["observer"][together]
    spread = (expected * (1 - expected)).groupby(who, sort=False).sum()
    excess: Numbers = (changed - expected).groupby(who, sort=False).sum()
    return excess / spread.where(spread > 0) ** 0.5


def right_at_ends(trials: pd.DataFrame) -> Numbers:
    """Share of correct answers at the lowest and the highest level of each condition."""
    lowest = trials.groupby("condition")["level"].transform("min")
    highest = trials.groupby("condition")["level"].transform("max")
    ends = trials[(trials["level"] == lowest) | (trials["level"] == highest)]
    ends = ends.dropna(subset="response")
    right = ends["response"].eq((ends["level"] == highest.loc[ends.index]).astype(float))
    return (
        right.groupby([ends["observer"], ends["level"]], sort=False).mean().groupby(level=0).mean()
    )


def halves(trials: pd.DataFrame) -> Numbers:
    """Change in target answers from the first to the last half, in standard deviations.

    Levels and conditions are strata: the statistic is Cochran's, Mantel's and Haenszel's, signed.

    References
    ----------
    Mantel, N. & Haenszel, W. (1959). Statistical aspects of the analysis of data from
    retrospective studies of disease. Journal of the National Cancer Institute, 22, 719-748.
    """
    answered = trials.dropna(subset="response")
    trial = answered.groupby("observer", sort=False)["response"]
    late = (trial.cumcount() >= trial.transform("size") / 2).astype(float)
    strata = [answered[name] for name in ("observer", "condition", "level")]
    table = pd.DataFrame({"n": 1.0, "late": late, "hits": answered["response"]})
    table["late_hits"] = table["late"] * table["hits"]
    sums = table.groupby(strata, sort=False).sum()
    n, hits, later = sums["n"], sums["hits"], sums["late"]
    excess = sums["late_hits"] - later * hits / n
    spread = later * (n - later) * hits * (n - hits) / (n**2 * (n - 1).where(n > 1))
    both = pd.DataFrame({"excess": excess, "spread": spread.fillna(0.0)})
    total = both.groupby("observer", sort=False).sum()
    change: Numbers = total["excess"] / total["spread"].where(total["spread"] > 0) ** 0.5
    return change


def repeated_rows(trials: pd.DataFrame) -> Numbers:
    """Share of trials that are the same as an earlier one in every column.

    Without a trial number or a reaction time, different trials look the same, too.
    """
    if not {"trial", "rt"} & set(trials):
        return _none(trials)
    return trials.duplicated().groupby(trials["observer"], sort=False).mean()


def same_as_another(trials: pd.DataFrame) -> Numbers:
    """Count the other observers with exactly the same levels and answers in the same order."""
    compared = [name for name in ("condition", "level", "response", "rt") if name in trials]
    hashes = pd.util.hash_pandas_object(trials[compared], index=False)
    whole = hashes.groupby(trials["observer"], sort=False).agg(tuple)
    return whole.map(whole.value_counts()) - 1.0


def _none(trials: pd.DataFrame) -> Numbers:
    names = trials["observer"].unique()
    return pd.Series(np.nan, index=pd.Index(names, name="observer"))
