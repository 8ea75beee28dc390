"""The claims of the paper's results that can be measured, each with its measure and verdict.

A claim is a number for each training of the networks, and the side of a criterion on which it must
lie. The same number is computed from the paper's own tables where they print what it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint

from psychobench.comparison import seed_summary
from psychobench.reproduction.measures import People, Replicates
from psychobench.reproduction.paper import CLASSICAL, SHOWN

Verdict = Literal["holds", "does not hold", "undecided", "not measurable here"]
COLUMNS = (
    "id", "experiment", "section", "claim", "measure", "networks", "side", "criterion", "value",
    "low", "high", "trainings", "verdict", "reason", "verdict_outside_is_pse", "verdict_balanced",
    "flips", "paper_value", "paper_supports",
)  # fmt: skip
NO_MAPS = (
    "the maps come from one training of each network, which gives no interval; see figures 3 and "
    "5, attention_slopes.csv and attention_shifts.csv"
)


@dataclass(frozen=True)
class Claim:
    """One measurable reading of one sentence.

    Attributes
    ----------
    id : str
        ``EXPERIMENT.NUMBER``, with a letter where a sentence has several readings.
    section : str
        Of the paper.
    claim : str
        What the paper says, in our words.
    measure : str
        What is measured, and when the claim holds.
    of : callable, optional
        From `Replicates` of the networks below to one number for each training; without it the
        claim cannot be measured here.
    networks : tuple of str
        Those that the claim is about.
    least : int
        How many of them it takes.
    side : {"above", "below"}
        Where the number has to lie.
    criterion : float
        Of what.
    share : bool
        Whether the number is 1 or 0 for each training.
    reason : str
        Why it cannot be measured.
    """

    id: str
    section: str
    claim: str
    measure: str = ""
    of: Callable[[Replicates], NDArray[np.float64]] | None = None
    networks: tuple[str, ...] = CLASSICAL
    least: int = 1
    side: Literal["above", "below"] = "above"
    criterion: float = 0.0
    share: bool = False
    reason: str = ""

    @property
    def experiment(self) -> int:
        """The paper's experiment; 0 for its conclusions."""
        return int(self.id.partition(".")[0])

    def on_its_side(self, value: float) -> bool:
        """Return whether a number lies on the side of the criterion that supports the claim."""
        return value > self.criterion if self.side == "above" else value < self.criterion


@dataclass(frozen=True)
class Found:
    """What was measured of a claim.

    Attributes
    ----------
    value, low, high : float
        Mean over trainings with its 95% interval: Student's, or Wilson's of a share.
    trainings : int
        Those with a value.
    verdict : str
        ``holds`` or ``does not hold`` where the whole interval lies on one side of the criterion,
        ``undecided`` where it does not or there is none, else ``not measurable here``.
    reason : str
        Why there is no verdict.
    networks : str
        Which of the claim's networks were asked.
    """

    value: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    trainings: int = 0
    verdict: Verdict = "not measurable here"
    reason: str = ""
    networks: str = ""


def evaluate_claim(claim: Claim, measures: Replicates) -> Found:
    """Measure one claim and return a verdict.

    Parameters
    ----------
    claim : Claim
        What is claimed.
    measures : Replicates
        Of all networks that were asked.
    """
    asked = [name for name in claim.networks if name in measures.observers]
    shown = ", ".join(SHOWN[name] for name in asked)
    reason = out_of_reach(claim, measures.observers)
    if claim.of is None or reason:
        return Found(reason=reason, networks="" if claim.of is None else shown)
    values = claim.of(measures.only(asked))
    values = values[np.isfinite(values)]
    if not len(values):
        return Found(reason="no training has the PSEs or answers that this needs", networks=shown)
    value, low, high = _interval(values, share=claim.share)
    found = Found(value, low, high, len(values), "undecided", "", shown)
    return Found(**{**asdict(found), **_verdict(claim, found)})


def out_of_reach(claim: Claim, observers: Sequence[str]) -> str:
    """Return why no answers of these networks can measure a claim; nothing where they might."""
    if claim.of is None:
        return claim.reason
    asked = [name for name in claim.networks if name in observers]
    if len(asked) >= claim.least:
        return ""
    needed = ", ".join(claim.networks)
    return f"needs {claim.least} of {needed}; included: {', '.join(asked) or 'none'}"


def evaluate_claims(
    claims: Sequence[Claim],
    readings: Mapping[str, Replicates],
    people: People,
    paper: Replicates,
) -> pd.DataFrame:
    """Evaluate every claim on all readings of the PSE, and on the paper's own numbers.

    Parameters
    ----------
    claims : sequence of Claim
        In the paper's order.
    readings : mapping of str to Replicates
        ``none`` (a PSE beyond the levels is none), ``pse`` (it is one) and ``balanced`` (the
        training labels' log-odds removed).
    people : People
        For the claim about people.
    paper : Replicates
        The paper's printed PSEs.

    Returns
    -------
    pandas.DataFrame
        One row per claim, `COLUMNS`.
    """
    rows = [_people_row(people), *(_row(claim, readings, paper) for claim in claims)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(claim: Claim, readings: Mapping[str, Replicates], paper: Replicates) -> dict[str, object]:
    found = evaluate_claim(claim, readings["none"])
    others = {name: evaluate_claim(claim, readings[name]).verdict for name in ("pse", "balanced")}
    theirs = evaluate_claim(claim, paper).value
    known = bool(np.isfinite(theirs))
    return {
        **{name: getattr(claim, name) for name in ("id", "experiment", "section", "claim")},
        **{name: getattr(claim, name) for name in ("measure", "side", "criterion")},
        **asdict(found),
        "verdict_outside_is_pse": others["pse"],
        "verdict_balanced": others["balanced"],
        "flips": {found.verdict, *others.values()} >= {"holds", "does not hold"},
        "paper_value": theirs,
        "paper_supports": ("yes" if claim.on_its_side(theirs) else "no")
        if known
        else "not printed",
    }


def _people_row(people: People) -> dict[str, object]:
    """Evaluate the one claim about people."""
    fits, n = people.fits.to_frame(), len(people.fits.table)
    mine = int((fits["status"] == "ok").sum())
    low, high = proportion_confint(mine, n, method="wilson")
    claim = Claim(
        "1.1",
        "3.1.1",
        "Psychometric functions describe people's answers well.",
        "Share of people whose fitted curve is ok; holds above one half.",
        criterion=0.5,
    )
    verdict: Verdict = "undecided"
    if low > claim.criterion or high < claim.criterion:
        verdict = "holds" if low > claim.criterion else "does not hold"
    simulated = people.cohort.simulated
    found = Found(mine / n, low, high, 0, verdict, "", "")
    if simulated:
        found = Found(reason="the people were simulated from such functions")
    return {
        **{name: getattr(claim, name) for name in ("id", "experiment", "section", "claim")},
        **{name: getattr(claim, name) for name in ("measure", "side", "criterion")},
        **asdict(found),
        "verdict_outside_is_pse": found.verdict,
        "verdict_balanced": found.verdict,
        "flips": False,
        "paper_supports": "not printed",
    }


def _interval(values: NDArray[np.float64], *, share: bool) -> tuple[float, float, float]:
    if share:
        hits = int(values.sum())
        low, high = proportion_confint(hits, len(values), method="wilson")
        return hits / len(values), float(low), float(high)
    summary = seed_summary(values)
    return summary.mean, summary.mean_low, summary.mean_high


def _verdict(claim: Claim, found: Found) -> dict[str, str]:
    if not np.isfinite(found.low):
        return {"reason": "a single training has no interval"}
    if found.low <= claim.criterion <= found.high:
        return {"reason": "the interval includes the criterion"}
    return {"verdict": "holds" if claim.on_its_side(found.low) else "does not hold"}
