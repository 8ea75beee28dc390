"""How often each test of a cohort rejects what is true of the population: its type-I error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from condition_tests import condition_tests
from designs import Design, Truths, answer
from tallies import ALPHA, tally
from tqdm import tqdm

from psychobench import fit
from psychobench.comparison import equivalence, jzs_bayes_factor, one_sample_t, single_case_t
from psychobench.fits.functions import Floats

PEOPLE = 50
MEAN, SD = 0.5, 0.12  # of the population's PSEs
MARGIN = 0.05  # of equivalence, in the unit of the levels
EVIDENCE = 3.0  # Bayes factor from which people speak of evidence

Test = Callable[[float, Floats], bool]

AVERAGE = "the observer is the average person"
INDIVIDUAL = "the observer is one more person of the population"
AT_MARGIN = "the observer is one margin away from the average person"


def _bayes_factor_says_so(value: float, pses: Floats) -> bool:
    return jzs_bayes_factor(one_sample_t(value, pses).t, len(pses)).bf10 > EVIDENCE


TESTS: dict[str, tuple[Test, tuple[str, ...]]] = {
    "one-sample t": (
        lambda value, pses: one_sample_t(value, pses).p < ALPHA,
        (AVERAGE, INDIVIDUAL),
    ),
    "single-case t": (
        lambda value, pses: single_case_t(value, pses).p < ALPHA,
        (INDIVIDUAL, AVERAGE),
    ),
    "equivalence": (
        lambda value, pses: equivalence(value, pses, MARGIN).p < ALPHA,
        (AT_MARGIN, INDIVIDUAL),
    ),
    f"Bayes factor above {EVIDENCE:g}": (_bayes_factor_says_so, (AVERAGE, INDIVIDUAL)),
}


def type_one_errors(cohorts: int, fitted_cohorts: int, seed: int) -> pd.DataFrame:
    """Test observers of whom something is true: with true PSEs, and with PSEs that were fitted."""
    rows = list(_rows(_true_pses(cohorts, seed), "true"))
    rows += _rows(_fitted_pses(fitted_cohorts, seed), "fitted, 7 x 30")
    rows += condition_tests(cohorts // 5, seed)
    return pd.DataFrame(rows)


def _rows(cohorts: list[tuple[Floats, Floats]], pses: str) -> Iterator[dict[str, Any]]:
    for name, (test, truths) in TESTS.items():
        for truth in truths:
            rejected = [
                test(_observer(truth, individual), people)
                for individual, people in tqdm(cohorts, desc=f"{name}, {pses}")
            ]
            yield tally(name, truth, pses, rejected)


def _observer(truth: str, individual: float) -> float:
    return {AVERAGE: MEAN, AT_MARGIN: MEAN + MARGIN, INDIVIDUAL: individual}[truth]


def _true_pses(cohorts: int, seed: int) -> list[tuple[float, Floats]]:
    drawn = np.random.default_rng([seed, 1]).normal(MEAN, SD, (cohorts, PEOPLE + 1))
    return [(row[0], row[1:]) for row in drawn]


def _fitted_pses(cohorts: int, seed: int) -> list[tuple[float, Floats]]:
    """Simulate people who answer, and take the PSEs of their fits where they have one."""
    rng = np.random.default_rng([seed, 2])
    count = cohorts * (PEOPLE + 1)
    truths = Truths(
        rng.normal(MEAN, SD, count),
        rng.lognormal(np.log(0.6), 0.25, count),
        *rng.beta(1, 40, (2, count)),
        np.zeros(count),
    )
    table = fit(answer(Design(7, 30), truths, rng), engine="ml").table
    pses = table["pse"].where(table["status"].isin(["ok", "step"])).to_numpy(dtype=float)
    rows = pses.reshape(cohorts, PEOPLE + 1)
    return [(row[0], row[1:][~np.isnan(row[1:])]) for row in rows if np.isfinite(row[0])]
