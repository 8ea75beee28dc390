"""Whether answers depend on more than their levels: on time, on sessions, on the answer before.

Each question is a score test [2]_ of one more term in the log odds of the fitted curve, whose own
parameters are projected out, so that nothing is fitted again. An observer's conditions are tested
together. The terms are those of Fruend et al. [1]_, but for the history further back.

References
----------
.. [1] Fruend, I., Haenel, N. V. & Wichmann, F. A. (2011). Inference for psychometric functions in
   the presence of nonstationary behavior. Journal of Vision, 11(6), 16.
.. [2] Rao, C. R. (1948). Large sample tests of statistical hypotheses concerning several
   parameters. Mathematical Proceedings of the Cambridge Philosophical Society, 44, 50-57.
.. [3] Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian
   Journal of Statistics, 6, 65-70.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import chi2

from psychobench.fits.curves import Curves
from psychobench.fits.designs import Design
from psychobench.fits.functions import Floats
from psychobench.tables.notebook import ShownAsTable
from psychobench.trials.order import runs_in_time

ALPHA = 0.05  # of an observer: how often one whose answers depend on levels alone is flagged
LEAST_TRIALS = 20
EFFECTS = ("drift", "session", "previous")
STEP = 1e-4  # of widths and rates, in numerical derivatives
CLIP = 1e-3  # psi nearer to 0 or 1 says nothing of log odds
SCORING_STEPS = 8

STAIRCASE = (
    "the levels follow the answers, as in a staircase: trials are fitted one by one, and the slope "
    "tends to come out too steep, width and JND too small (Kaernbach, 2001); the PSE hardly suffers"
)


@dataclass(frozen=True)
class Dependence(ShownAsTable):
    """What answers depend on beside their levels.

    Parameters
    ----------
    table : DataFrame
        One row per observer and effect, ``drift`` (from the first to the last trial), ``session``
        (any difference between sessions) and ``previous`` (after a target answer, compared with
        after another): `observer`, `effect`, `n_trials`, `log_odds` (the change of the log odds of
        a target answer; missing for ``session``), `shift` (of the PSE that has the same effect at
        the PSE, in level units), `p`, `flagged` (by Holm's correction over the observer's effects)
        and `sentence`.
    staircases : tuple of str
        The fits whose levels follow the answers.
    missing : str or None
        Why nothing could be examined.
    """

    table: pd.DataFrame
    staircases: tuple[str, ...] = ()
    missing: str | None = None

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def lines(self) -> list[str]:
        """Return a sentence for each fit or observer of whom there is something to say."""
        flagged = self.table[self.table["flagged"]]
        said = [f"{name}: {STAIRCASE}" for name in self.staircases]
        said += [
            f"{observer}: {sentence}"
            for observer, sentence in zip(flagged["observer"], flagged["sentence"], strict=True)
        ]
        if len(flagged):
            observers = self.table["observer"].nunique()
            said.append(
                f"Order of the answers, flagged: {flagged['observer'].nunique()} of {observers} "
                f"{'observer' if observers == 1 else 'observers'}. "
                f"Chance alone flags 1 in {1 / ALPHA:.0f}."
            )
        return said


def examine_order(
    table: pd.DataFrame, by: Sequence[str], design: Design, curves: Curves
) -> Dependence | None:
    """Examine what the answers of fitted curves depend on beside their levels.

    Parameters
    ----------
    table : DataFrame
        The validated table that was fitted.
    by : sequence of str
        Columns that split conditions further.
    design : Design
        Made of it.
    curves : Curves
        Of the groups that were fitted.

    Returns
    -------
    Dependence or None
        None for counts and probabilities, which have no order.
    """
    if "response" not in table:
        return None
    empty = pd.DataFrame(
        columns=["observer", "effect", "n_trials", "log_odds", "shift", "p", "flagged", "sentence"]
    ).astype({"flagged": bool})
    trials, missing = runs_in_time(table, by)
    if trials is None:
        return Dependence(empty, (), missing)
    adaptive = design.groups[design.adaptive].itertuples(index=False, name=None)
    staircases = tuple(", ".join(map(str, keys)) for keys in adaptive)
    groups = design.groups.assign(_row=np.where(design.failed, -1, np.cumsum(~design.failed) - 1))
    keys = [name for name in groups if name != "_row"]
    ordered = table.iloc[trials["place"].to_numpy()].reset_index(drop=True)
    ordered["_row"] = ordered[keys].merge(groups, on=keys, how="left")["_row"].to_numpy()
    ordered["_run"] = trials["run"].to_numpy()
    rows = [
        row
        for observer, own in ordered.groupby("observer", sort=False)
        if (own["_row"] >= 0).sum() >= LEAST_TRIALS
        for row in _examine(str(observer), own, curves)
    ]
    return Dependence(pd.DataFrame(rows) if rows else empty, staircases)


def _examine(observer: str, trials: pd.DataFrame, curves: Curves) -> list[dict[str, object]]:
    """Test each effect on one observer's trials, which are in order of time."""
    parts, terms = _parts(trials, curves), _terms(trials)
    keep = trials["_row"].to_numpy() >= 0
    rows: list[dict[str, object]] = []
    for name, term in terms.items():
        statistic, change = _score_test(parts, term[keep], np.flatnonzero(keep))
        if not np.isfinite(statistic):
            continue
        odds = float(change[0]) if name != "session" else np.nan
        rows.append(
            {
                "observer": observer,
                "effect": name,
                "n_trials": int(keep.sum()),
                "log_odds": odds,
                "shift": -odds / _log_odds_per_level(curves, trials["_row"].to_numpy()[keep]),
                "p": float(chi2.sf(statistic, term.shape[1])),
            }
        )
    order, open_ = np.argsort([float(str(row["p"])) for row in rows]), True
    for rank, number in enumerate(order):
        open_ &= float(str(rows[number]["p"])) <= ALPHA / (len(rows) - rank)
        rows[number]["flagged"] = open_
        rows[number]["sentence"] = _sentence(rows[number]) if open_ else None
    return rows


def _terms(trials: pd.DataFrame) -> dict[str, Floats]:
    """Return what each effect adds to the log odds, per unit of its size: shape (n, k) each."""
    n, run = len(trials), trials["_run"].to_numpy()
    answer = trials["response"].to_numpy(np.float64) - 0.5
    before = np.zeros(n)
    before[1:] = np.where(run[1:] == run[:-1], answer[:-1], 0.0)
    terms = {"drift": np.linspace(-0.5, 0.5, n)[:, None], "previous": before[:, None]}
    session = trials["session"] if "session" in trials else trials["_run"] * 0
    codes, names = pd.factorize(session)
    if 1 < len(names) <= n / LEAST_TRIALS:
        terms["session"] = (codes[:, None] == np.arange(1, len(names))).astype(np.float64)
    return terms


@dataclass(frozen=True)
class _Part:
    """One curve's trials: their places among the observer's, psi, and its slopes (n, 4)."""

    places: np.ndarray
    answers: Floats
    psi: Floats
    slopes: Floats


def _parts(trials: pd.DataFrame, curves: Curves) -> list[_Part]:
    rows, found = trials["_row"].to_numpy(), []
    for row in np.unique(rows[rows >= 0]):
        places = np.flatnonzero(rows == row)
        one = curves.take(np.array([row]))
        level, answer = trials[["level", "response"]].to_numpy(np.float64)[places].T
        psi = np.clip(one.psi(level)[0], CLIP, 1 - CLIP)
        found.append(_Part(places, answer, psi, _slopes(one, level)))
    return found


def _slopes(curve: Curves, level: Floats) -> Floats:
    """Differentiate one curve's psi by threshold, width and those rates that are above 0.

    A step has no width, and its threshold lies anywhere between two levels: only its rates count.
    """
    columns: list[Floats] = []
    of_curve = ("threshold", "width") if curve.width[0] > 0 else ()
    for name in (*of_curve, "guess", "lapse"):
        value, step = getattr(curve, name), STEP * curve.width
        if name in ("guess", "lapse"):
            if value[0] < STEP:
                continue
            step = np.full(1, STEP / 2)
        up, down = (replace(curve, **{name: value + sign * step}).psi(level) for sign in (1, -1))
        columns.append((up - down)[0] / (2 * step))
    return np.stack(columns, axis=1) if columns else np.empty((len(level), 0))


def _score_test(parts: Sequence[_Part], term: Floats, kept: np.ndarray) -> tuple[float, Floats]:
    """Test a term (n, k), and estimate its size by scoring: chi-squared statistic and size (k,)."""
    size, statistic = np.zeros(term.shape[1]), np.nan
    for _ in range(SCORING_STEPS):
        score, information = np.zeros(len(size)), np.zeros((len(size), len(size)))
        for part in parts:
            z = term[np.searchsorted(kept, part.places)]
            p = expit(logit(part.psi) + z @ size)
            weight = p * (1 - p)
            slopes = part.slopes * (weight / (part.psi * (1 - part.psi)))[:, None]
            mixed = slopes.T @ z
            own = np.linalg.pinv(slopes.T @ (slopes / weight[:, None]), hermitian=True)
            excess = part.answers - p
            score += z.T @ excess - mixed.T @ own @ (slopes.T @ (excess / weight))
            information += (z * weight[:, None]).T @ z - mixed.T @ own @ mixed
        if np.linalg.eigvalsh(information)[0] < 1e-6:
            break
        change = np.linalg.solve(information, score)
        if np.isnan(statistic):
            statistic = float(score @ change)
        size = size + np.clip(change, -1, 1)
    return statistic, size


def _log_odds_per_level(curves: Curves, rows: np.ndarray) -> float:
    """Return the slope of the log odds at the PSE, the median of an observer's curves."""
    slopes = 4 * curves.take(np.unique(rows)).slope()
    return float(np.median(slopes[np.isfinite(slopes)])) if np.isfinite(slopes).any() else np.nan


def _sentence(row: dict[str, object]) -> str:
    odds, shift, p = (float(str(row[name])) for name in ("log_odds", "shift", "p"))
    end = f"(log odds {odds:+.2f}, p = {p:.2g})"
    if np.isfinite(shift):
        end = f"(log odds {odds:+.2f}, as if the PSE were {shift:+.3g} away; p = {p:.2g})"
    more = "more" if odds > 0 else "less"
    return {
        "drift": f"target answers become {more} frequent from the first trial to the last {end}",
        "previous": f"target answers are {more} frequent after a target answer than after "
        f"another {end}",
        "session": f"sessions differ more than chance allows (p = {p:.2g}): fit them apart",
    }[str(row["effect"])]
