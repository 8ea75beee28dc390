"""Make scipy_peaks.json: hard data, and the best of twelve scipy climbs on each.

Run with `python tests/reference/scipy_peaks.py`. The maximum is of the binomial log-likelihood plus
the logarithm of a Beta(1, 10) prior, up to its constant, on guess and lapse; bounds are those that
`psychobench.fits.ml.engine` documents, on levels that run from -.5 to .5.
"""

import json
from pathlib import Path

import numpy as np
import scipy.optimize
import scipy.stats

SIGMOIDS = {
    "norm": scipy.stats.norm,
    "tdist": scipy.stats.cauchy,
    "gumbel": scipy.stats.gumbel_l,
    "rgumbel": scipy.stats.gumbel_r,
    "logistic": scipy.stats.logistic,
}
ROWS, LEVELS, STARTS = 60, 7, 12


def share(law, z, middle, width, tail):
    low, centre, high = law.ppf([0.05, 0.5, 0.95])
    u = centre + (high - low) * (z - middle) / width
    return law.cdf(u) if tail == "low" else law.sf(u)


def hard_data(law, rng):
    """Draw sparse and dense, flat and steep, lapsing and clean observers."""
    z = np.sort(rng.uniform(-0.5, 0.5, LEVELS)) if rng.random() < 0.5 else np.arange(LEVELS) / 1.0
    z = (z - (z.min() + z.max()) / 2) / np.ptp(z)
    n = int(rng.choice([1, 5, 10, 30, 100]))
    width, middle = np.exp(rng.uniform(np.log(0.05), np.log(4))), rng.uniform(-0.7, 0.7)
    guess, lapse = rng.beta(1, 10, 2) / 2
    p = guess + (1 - guess - lapse) * share(law, z, middle, width, "low")
    return z, n, rng.binomial(n, p)


def peak(law, z, n, k, rng):
    bounds = [(-100, 100), (np.log(0.1 * np.diff(z).min()), np.log(100)), (0, 0.999), (0, 0.999)]

    def loss(theta):
        middle, log_width, guess, lapse = theta
        if guess + lapse >= 1:
            return 1e10
        shape = middle, np.exp(log_width)
        p = np.maximum(guess + (1 - guess - lapse) * share(law, z, *shape, "low"), 1e-100)
        q = np.maximum(lapse + (1 - guess - lapse) * share(law, z, *shape, "high"), 1e-100)
        prior = 9 * np.log1p(-guess) + 9 * np.log1p(-lapse)
        return -(k * np.log(p) + (n - k) * np.log(q)).sum() - prior

    starts = [
        [rng.uniform(-0.6, 0.6), rng.uniform(-3, 1), *rng.choice([0.001, 0.05, 0.3], 2)]
        for _ in range(STARTS)
    ]
    found = [
        scipy.optimize.minimize(
            loss, np.clip(start, *np.transpose(bounds)), method="L-BFGS-B", bounds=bounds
        )
        for start in starts
    ]
    return -min(result.fun for result in found)


def main():
    made = {}
    for number, (name, law) in enumerate(SIGMOIDS.items()):
        rng = np.random.default_rng(number)
        rows = []
        for _ in range(ROWS):
            z, n, k = hard_data(law, rng)
            rows.append({"z": z.tolist(), "n": n, "k": k.tolist(), "peak": peak(law, z, n, k, rng)})
        made[name] = rows
    Path(__file__).with_suffix(".json").write_text(json.dumps(made, indent=None))


if __name__ == "__main__":
    main()
