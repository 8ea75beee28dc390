"""Experiments to simulate: levels, trials, and what disturbs the answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from psychobench.fits.functions import SIGMOIDS, Floats, psi

N_LEVELS = (5, 7, 9)
N_TRIALS = (10, 30, 80)  # per level


@dataclass(frozen=True)
class Design:
    """Levels evenly spaced from 0 to 1, so that lengths are shares of the range of levels."""

    n_levels: int
    n_trials: int

    @property
    def levels(self) -> Floats:
        """The levels, shape (n_levels,)."""
        return np.linspace(0.0, 1.0, self.n_levels)

    @property
    def label(self) -> str:
        """Write the design as levels x trials."""
        return f"{self.n_levels} x {self.n_trials}"


@dataclass(frozen=True)
class Disturbance:
    """What keeps answers from following F alone."""

    lapses: bool
    overdispersion: bool

    @property
    def label(self) -> str:
        """Return its name."""
        said = [name for name in ("lapses", "overdispersion") if getattr(self, name)]
        return " + ".join(said) or "none"

    @property
    def matching_fit(self) -> dict[str, str]:
        """Options of the fit whose model holds no more and no less."""
        return {
            "asymptotes": "free" if self.lapses else "fixed",
            "likelihood": "beta-binomial" if self.overdispersion else "binomial",
        }


@dataclass(frozen=True)
class Truths:
    """True parameters of `n` simulated observers, shape (n,) each."""

    threshold: Floats
    width: Floats
    guess: Floats
    lapse: Floats
    overdispersion: Floats

    def __len__(self) -> int:
        return len(self.threshold)

    @property
    def pse(self) -> Floats:
        """Level at which psi is .5; nan where it never is."""
        share = (0.5 - self.guess) / (1 - self.guess - self.lapse)
        return SIGMOIDS["norm"].position(share, self.threshold, self.width)


def designs() -> Iterator[tuple[Design, Disturbance]]:
    """Go through all of them."""
    for n_levels, n_trials in product(N_LEVELS, N_TRIALS):
        for lapses, overdispersion in product((False, True), repeat=2):
            yield Design(n_levels, n_trials), Disturbance(lapses, overdispersion)


def answer(design: Design, truths: Truths, rng: np.random.Generator) -> pd.DataFrame:
    """Simulate answers as a table of counts, one observer after the other."""
    names = ("threshold", "width", "guess", "lapse")
    columns = (getattr(truths, name)[:, None] for name in names)
    chance = psi(SIGMOIDS["norm"], design.levels, *columns)
    hits = rng.binomial(design.n_trials, scattered(chance, truths.overdispersion[:, None], rng))
    width = len(str(len(truths)))
    return pd.DataFrame(
        {
            "observer": np.repeat(
                [f"s{index:0{width}d}" for index in range(len(truths))], design.n_levels
            ),
            "level": np.tile(design.levels, len(truths)),
            "n_trials": design.n_trials,
            "n_target": hits.ravel(),
        }
    )


def scattered(chance: Floats, overdispersion: Floats, rng: np.random.Generator) -> Floats:
    """Draw each block's own probability from Beta(psi v, (1 - psi) v), v = 1 / eta^2 - 1."""
    eta = np.broadcast_to(overdispersion, chance.shape)
    precision = 1 / np.maximum(eta, 1e-3) ** 2 - 1
    drawn = rng.beta(
        np.maximum(chance * precision, 1e-9), np.maximum((1 - chance) * precision, 1e-9)
    )
    return np.where(eta > 1e-3, drawn, chance)
