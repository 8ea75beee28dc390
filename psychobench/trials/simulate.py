"""A simulated human cohort whose fitted PSEs have a wanted mean and standard error."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from psychobench.arguments import check_number, check_whole
from psychobench.errors import OptionError, all_of
from psychobench.stimuli.levels import HUMAN_LEVELS

Floats = NDArray[np.float64]

TESTED = ("ok", "step")  # the statuses whose PSEs make up a cohort's mean
FURTHEST = 2.5  # true PSEs lie within so many standard deviations of their mean
WIDTH_MEDIAN, WIDTH_SPREAD = 0.6, 0.25  # share of the range of levels; SD of its logarithm
LAPSE_BETA = (1.0, 40.0)
MODEL = {
    "pse": f"normal, cut at {FURTHEST:g} SD, scaled until the fitted PSEs meet the target",
    "width": f"log-normal, median {WIDTH_MEDIAN:g} of the range of levels, log SD {WIDTH_SPREAD:g}",
    "guess": "Beta({:g}, {:g})".format(*LAPSE_BETA),
    "lapse": "Beta({:g}, {:g})".format(*LAPSE_BETA),
    "response": "psi = guess + (1 - guess - lapse) F, F a cumulative Gaussian; Bernoulli per trial",
}
_DRAWS, _ROUNDS = 20, 10
_STEP = 0.7  # fitted PSEs jump where an answer flips: full steps can circle
_MEAN_TOLERANCE, _SEM_TOLERANCE = 1 / 50, 1 / 100  # in units of the wanted SEM


class Fitted(Protocol):
    """What `psychobench.fit` returns: a table with `pse` and `status`."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per participant."""


@dataclass(frozen=True)
class _People:
    """All that chance decides about `n` people; only the PSEs' mean and spread are still open."""

    z: Floats  # standardised PSEs, (n,)
    width: Floats  # (n,)
    guess: Floats  # (n,)
    lapse: Floats  # (n,)
    luck: Floats  # uniform, (n, levels, repetitions)
    order: NDArray[np.int64]  # of presentation, (n, levels * repetitions)


def simulate_people(
    fit: Callable[[pd.DataFrame], Fitted],
    *,
    people: int = 50,
    mean_pse: float = 0.532,
    sem_pse: float = 0.018,
    levels: Sequence[float] = HUMAN_LEVELS,
    stimuli: Sequence[str] | None = None,
    repetitions: int = 30,
    seed: int = 0,
) -> pd.DataFrame:
    """Simulate people whose *fitted* PSEs have a given mean and standard error of the mean.

    Each person has a cumulative-Gaussian psychometric function with a PSE, a width, a guess and a
    lapse rate of their own (distributions in `MODEL`) and answers every trial by chance with the
    probability it gives. Fitting adds error to PSEs; so the mean and spread of the true PSEs are
    adjusted, all else that chance decided staying fixed, until the fitted ones meet the targets:
    the mean to a fiftieth and the SEM to a hundredth of `sem_pse`. People with whom that cannot be
    done in ten rounds are drawn anew. The defaults are the published
    cohort's figures [1]_.

    Parameters
    ----------
    fit : callable
        Fits a table of counts: `psychobench.fit`, or that with other options.
    people : int, default 50
        Number of people, at least 2.
    mean_pse, sem_pse : float
        Mean of the fitted PSEs and its standard error, in level units.
    levels : sequence of float
        Levels that are judged, at least 3.
    stimuli : sequence of str, optional
        Id of the stimulus shown at each level.
    repetitions : int, default 30
        Trials of each person at each level.
    seed : int, default 0
        The same seed gives the same table.

    Returns
    -------
    DataFrame
        Trials in each person's own random order: `observer` (``sim01``, ...), `trial` (from 1),
        `stimulus` (if given), `level`, `response` (int), and `simulated`, which is 1 in every row,
        so that the table says by itself what it is. ``attrs["reached"]`` has the fitted PSEs'
        `mean_pse` and `sem_pse`, and the number of people with each status.

    Raises
    ------
    OptionError
        If an argument cannot be used, or the targets cannot be met.

    References
    ----------
    .. [1] Ying, Li & Chen, arXiv 2310.13674, section 2.2: 50 people, 7 levels x 30 repetitions,
       mean PSE .532, SEM .018.

    Examples
    --------
    >>> import psychobench
    >>> table = simulate_people(psychobench.fit, people=20, sem_pse=0.03, seed=2)
    >>> len(table)
    4200
    >>> abs(table.attrs["reached"]["mean_pse"] - 0.532) < 0.001
    True
    """
    _check(people, mean_pse, sem_pse, levels, stimuli, repetitions, seed)
    tested = np.asarray(levels, dtype=np.float64)
    rng = np.random.default_rng(seed)
    for _ in range(_DRAWS):
        drawn = _draw(people, tested, repetitions, rng)
        reached, responses = _adjust(fit, drawn, tested, mean_pse, sem_pse)
        if _meets(reached, mean_pse, sem_pse):
            table = _trials(drawn, responses, tested, stimuli)
            table.attrs["reached"] = reached
            return table
    raise OptionError(
        f"the fitted PSEs must be able to meet the target: {people} people with {repetitions} "
        f"repetitions came to mean {reached['mean_pse']:.4f} and SEM {reached['sem_pse']:.4f} "
        f"instead of {mean_pse:g} and {sem_pse:g}; take more repetitions or another `seed`"
    )


def _adjust(
    fit: Callable[[pd.DataFrame], Fitted],
    people: _People,
    levels: Floats,
    mean_pse: float,
    sem_pse: float,
) -> tuple[dict[str, Any], NDArray[np.bool_]]:
    """Shift and spread the true PSEs until the fitted ones meet the targets, or rounds are over."""
    root_n = math.sqrt(len(people.z))
    mean, sd = mean_pse, sem_pse * root_n
    for _ in range(_ROUNDS):
        responses = people.luck < _psi(people, mean + sd * people.z, levels)[:, :, None]
        reached = _summary(fit(_counts(responses, levels)).table)
        if _meets(reached, mean_pse, sem_pse) or not math.isfinite(reached["sem_pse"]):
            break
        mean = _rounded(mean + _STEP * (mean_pse - reached["mean_pse"]), sem_pse)
        sd = _rounded(sd + _STEP * (sem_pse - reached["sem_pse"]) * root_n, sem_pse * root_n)
    return reached, responses


def _rounded(value: float, unit: float) -> float:
    """Round to a thousandth of `unit`, so that a fit's last digits do not change the people."""
    return round(value / unit * 1000) * unit / 1000


def _meets(reached: dict[str, Any], mean_pse: float, sem_pse: float) -> bool:
    off_mean = abs(float(reached["mean_pse"]) - mean_pse)
    off_sem = abs(float(reached["sem_pse"]) - sem_pse)
    return off_mean <= _MEAN_TOLERANCE * sem_pse and off_sem <= _SEM_TOLERANCE * sem_pse


def _check(
    people: int,
    mean_pse: float,
    sem_pse: float,
    levels: Sequence[float],
    stimuli: Sequence[str] | None,
    repetitions: int,
    seed: int,
) -> None:
    """Find everything that is wrong with the arguments."""
    all_of(
        lambda: check_whole(people, "people", least=2),
        lambda: check_whole(repetitions, "repetitions", least=1),
        lambda: check_whole(seed, "seed"),
        lambda: check_number(mean_pse, "mean_pse"),
        lambda: check_number(sem_pse, "sem_pse"),
    )
    faults = []
    if len(set(levels)) < max(3, len(levels)) or not np.isfinite(levels).all():
        listed = ", ".join(f"{level:g}" for level in levels)
        faults.append(f"`levels` must be at least three different numbers: they are {listed}")
    elif not sem_pse > 0:
        faults.append(f"`sem_pse` must be above 0: it is {sem_pse:g}")
    else:
        reach = FURTHEST * sem_pse * math.sqrt(people)
        if not min(levels) < mean_pse - reach < mean_pse + reach < max(levels):
            faults.append(
                f"PSEs must lie inside the levels: `mean_pse={mean_pse:g}` with "
                f"`sem_pse={sem_pse:g}` and {people} people puts some at {mean_pse - reach:.3g} "
                f"and {mean_pse + reach:.3g}; the levels go from {min(levels):g} to {max(levels):g}"
            )
    if stimuli is not None and len(stimuli) != len(levels):
        faults.append(
            f"`stimuli` must have one id for each level: {len(levels)} levels, {len(stimuli)} ids"
        )
    if faults:
        raise OptionError(*faults)


def _draw(n: int, levels: Floats, repetitions: int, rng: np.random.Generator) -> _People:
    tail = ndtr(-FURTHEST)
    z = ndtri(rng.uniform(tail, 1 - tail, n))
    width = np.exp(rng.normal(math.log(WIDTH_MEDIAN), WIDTH_SPREAD, n)) * np.ptp(levels)
    guess, lapse = rng.beta(*LAPSE_BETA, (2, n))
    trials = np.tile(np.arange(len(levels) * repetitions), (n, 1))
    return _People(
        z=(z - z.mean()) / z.std(ddof=1),
        width=width,
        guess=guess,
        lapse=lapse,
        luck=rng.random((n, len(levels), repetitions)),
        order=rng.permuted(trials, axis=1),
    )


def _psi(people: _People, pse: Floats, levels: Floats) -> Floats:
    """Probability of the target category, shape (n, levels), .5 at each person's PSE."""
    span = 1 - people.guess - people.lapse
    sd = people.width / (ndtri(0.95) - ndtri(0.05))
    threshold = pse - sd * ndtri((0.5 - people.guess) / span)
    rise = ndtr((levels - threshold[:, None]) / sd[:, None])
    return np.asarray(people.guess[:, None] + span[:, None] * rise)


def _names(n: int) -> list[str]:
    return [f"sim{person:0{max(2, len(str(n)))}d}" for person in range(1, n + 1)]


def _counts(responses: NDArray[np.bool_], levels: Floats) -> pd.DataFrame:
    n, n_levels, repetitions = responses.shape
    return pd.DataFrame(
        {
            "observer": np.repeat(_names(n), n_levels),
            "level": np.tile(levels, n),
            "n_trials": repetitions,
            "n_target": responses.sum(axis=2).ravel(),
        }
    )


def _summary(fits: pd.DataFrame) -> dict[str, Any]:
    pses = fits.loc[fits["status"].isin(TESTED), "pse"].to_numpy(dtype=np.float64)
    enough = len(pses) > 1
    return {
        "mean_pse": float(pses.mean()) if enough else math.nan,
        "sem_pse": float(pses.std(ddof=1) / math.sqrt(len(pses))) if enough else math.nan,
        "statuses": fits["status"].value_counts().sort_index().to_dict(),
    }


def _trials(
    people: _People, responses: NDArray[np.bool_], levels: Floats, stimuli: Sequence[str] | None
) -> pd.DataFrame:
    n, n_levels, repetitions = responses.shape
    shown = people.order // repetitions
    answers = np.take_along_axis(responses.reshape(n, -1), people.order, axis=1)
    table = pd.DataFrame(
        {
            "observer": np.repeat(_names(n), n_levels * repetitions),
            "trial": np.tile(np.arange(1, n_levels * repetitions + 1), n),
            "level": levels[shown].ravel(),
            "response": answers.ravel().astype(np.int64),
            "simulated": 1,
        }
    )
    if stimuli is not None:
        table.insert(2, "stimulus", np.asarray(stimuli)[shown].ravel())
    return table
