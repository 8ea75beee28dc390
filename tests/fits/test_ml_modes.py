"""Every mode of engine `ml` against the best of several climbs by scipy."""

import numpy as np
import pytest
import scipy.optimize
from scipy.special import betaln

from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import SIGMOIDS, psi
from psychobench.fits.ml import engine as ml
from psychobench.fits.ml.bootstrap import STARTS, TOLERANCE
from psychobench.fits.ml.problem import make_problem
from psychobench.fits.ml.starts import COARSE
from psychobench.fits.options import FitOptions

Z, N = np.linspace(-0.5, 0.5, 6), 25
MODES = [
    {"asymptotes": "equal"},
    {"asymptotes": "equal", "sigmoid": "gumbel"},
    {"asymptotes": "fixed"},
    {"asymptotes": "fixed", "bounds": {"guess": (0.1, 0.1), "lapse": (0.05, 0.05)}},
    {"task": "2afc", "sigmoid": "rgumbel"},
    {"task": "nafc:4", "sigmoid": "logistic"},
    {"bounds": {"threshold": (-0.1, 0.05), "lapse": (0.02, 0.04)}},
    {"bounds": {"width": (0.3, 0.5), "guess": (0, 0.05)}, "sigmoid": "tdist"},
    {"likelihood": "beta-binomial"},
    {"likelihood": "beta-binomial", "task": "2afc"},
]


def drawn(options, seed, n=4):
    """Draw steep and flat observers, lapsing, off-centre and overdispersed ones."""
    rng = np.random.default_rng(seed)
    width, middle = np.exp(rng.uniform(np.log(0.05), np.log(3), n)), rng.uniform(-0.5, 0.5, n)
    guess = np.full(n, options.chance) if options.chance else rng.beta(1, 10, n)
    shape = (part[:, None] for part in (middle, width, guess, rng.beta(1, 10, n)))
    p = np.clip(psi(SIGMOIDS[options.sigmoid], Z, *shape), 1e-6, 1 - 1e-6)
    if options.likelihood == "beta-binomial":
        p = rng.beta(12 * p, 12 * (1 - p))
    return Blocks(np.tile(Z, (n, 1)), np.full(p.shape, float(N)), rng.binomial(N, p).astype(float))


def scipy_peak(problem, row, options, rng):
    hits, low, high = problem.blocks.hits[row], problem.low[row], problem.high[row]

    def loss(theta):
        m, log_w, guess, lapse, rho = theta
        lapse = guess if problem.tied else lapse
        if guess + lapse >= 1:
            return 1e10
        p = np.clip(psi(problem.sigmoid, Z, m, np.exp(log_w), guess, lapse), 1e-12, 1 - 1e-12)
        if problem.overdispersed:
            a, b = p * (1 / rho - 1), (1 - p) * (1 / rho - 1)
            value = (betaln(hits + a, N - hits + b) - betaln(a, b)).sum()
        else:
            value = (hits * np.log(p) + (N - hits) * np.log(1 - p)).sum()
        return -value - 9 * np.log1p(-guess) - (0 if problem.tied else 9 * np.log1p(-lapse))

    bounds = list(zip(low, high, strict=True))
    ends = []
    for _ in range(4):
        start = [rng.uniform(-0.5, 0.5), rng.uniform(-3, 1), *rng.choice([0.001, 0.05, 0.3], 2)]
        start = np.clip([*start, 0.05], low, high)
        ends.append(scipy.optimize.minimize(loss, start, method="L-BFGS-B", bounds=bounds).fun)
    return -min(ends)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: "-".join(map(str, mode)))
def test_no_mode_ends_below_the_best_of_several_climbs_by_scipy(mode):
    options, rng = FitOptions(**mode), np.random.default_rng(0)
    blocks = drawn(options, seed=len(str(mode)))
    problem = make_problem(blocks, options)
    theirs = np.array([scipy_peak(problem, row, options, rng) for row in range(len(blocks))])
    assert (ml.solve(problem).value > theirs - 0.002).all()
    refits = ml.solve(problem, starts=STARTS, grid=COARSE, tolerance=TOLERANCE)
    assert (refits.value > theirs - 0.01).all()
