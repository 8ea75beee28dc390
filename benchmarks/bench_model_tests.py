"""How often the chi-squared test of models finds a difference between equal conditions.

Two conditions with the same curve (PSE 0, width 1, no lapses), 5 levels from -1 to 1, fixed
asymptotes; 1,000 observers for each number of trials per level.

Run with ``python benchmarks/bench_model_tests.py``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

import psychobench as pb
from psychobench.fits.functions import SIGMOIDS, psi

LEVELS, PEOPLE = np.linspace(-1, 1, 5), 1000
MODELS = ["none", "pse", "pse,jnd"]


def equal_conditions(trials: int, seed: int) -> pd.DataFrame:
    """Simulate observers whose two conditions do not differ."""
    rng = np.random.default_rng(seed)
    p = psi(SIGMOIDS["norm"], LEVELS, 0.0, 1.0, 0.0, 0.0)
    hits = rng.binomial(trials, p, (PEOPLE, 2, len(LEVELS)))
    person, condition, level = np.indices(hits.shape).reshape(3, -1)
    return pd.DataFrame(
        {
            "observer": np.char.add("p", person.astype(str)),
            "condition": np.array(["a", "b"])[condition],
            "level": LEVELS[level],
            "n_trials": trials,
            "n_target": hits.ravel(),
        }
    )


def main() -> None:
    """Print the share of p below .05 by the number of answers per parameter."""
    for trials in (1, 2, 4, 6, 8, 12, 20, 40):
        table = equal_conditions(trials, seed=trials)
        models = pb.compare_models(table, vary=MODELS, asymptotes="fixed", bootstrap=0)
        tested = models.to_frame().dropna(subset=["p"])
        shares = (tested["p"] < 0.05).groupby(tested["vary"]).mean()
        answers = 2 * len(LEVELS) * trials / 4
        print(f"{answers:6.1f} answers per parameter: {shares.round(3).to_dict()}")


if __name__ == "__main__":
    main()
