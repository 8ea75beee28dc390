import numpy as np
import pytest
import scipy.stats

from psychobench.errors import OptionError
from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import SIGMOIDS, psi
from psychobench.fits.likelihoods import beta_binomial_slopes, binomial
from psychobench.fits.options import FitOptions, parse_bounds

SCIPY = {
    "norm": scipy.stats.norm,
    "logistic": scipy.stats.logistic,
    "gumbel": scipy.stats.gumbel_l,
    "rgumbel": scipy.stats.gumbel_r,
    "tdist": scipy.stats.cauchy,
    "weibull": scipy.stats.gumbel_l,
    "lognorm": scipy.stats.norm,
}


@pytest.mark.parametrize("name", SIGMOIDS)
def test_a_sigmoid_is_half_at_the_threshold_and_its_width_spans_5_to_95_percent(name):
    sigmoid = SIGMOIDS[name]
    ends = sigmoid.position([0.05, 0.5, 0.95], threshold=0.4, width=0.3)
    assert ends[2] - ends[0] == pytest.approx(0.3)
    assert ends[1] == pytest.approx(0.4)
    assert psi(sigmoid, sigmoid.to_level(ends), 0.4, 0.3) == pytest.approx([0.05, 0.5, 0.95])


@pytest.mark.parametrize("name", SIGMOIDS)
def test_a_sigmoid_is_the_distribution_that_it_is_named_after(name):
    u, sigmoid, theirs = np.linspace(-9, 9, 37), SIGMOIDS[name], SCIPY[name]
    np.testing.assert_allclose(sigmoid.cdf(u), theirs.cdf(u), rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(sigmoid.sf(u), theirs.sf(u), rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(sigmoid.pdf(u), theirs.pdf(u), rtol=1e-10, atol=1e-300)
    p = np.linspace(0.01, 0.99, 25)
    np.testing.assert_allclose(sigmoid.ppf(p), theirs.ppf(p), rtol=1e-10, atol=1e-12)


def test_weibull_and_lognorm_are_gumbel_and_norm_of_the_logarithm():
    levels = np.array([0.1, 0.5, 2.0])
    for log, linear in (("weibull", "gumbel"), ("lognorm", "norm")):
        on_levels = psi(SIGMOIDS[log], levels, -0.3, 1.2, 0.1, 0.05)
        on_logs = psi(SIGMOIDS[linear], np.log(levels), -0.3, 1.2, 0.1, 0.05)
        np.testing.assert_allclose(on_levels, on_logs)


def test_guess_and_lapse_are_the_asymptotes_of_a_rising_and_of_a_falling_curve():
    far = np.array([-1e6, 1e6])
    rising = psi(SIGMOIDS["norm"], far, 0.0, 1.0, guess=0.1, lapse=0.2)
    falling = psi(SIGMOIDS["norm"], far, 0.0, 1.0, guess=0.1, lapse=0.2, falling=True)
    np.testing.assert_allclose(rising, [0.1, 0.8])
    np.testing.assert_allclose(falling, [0.8, 0.1])


def test_the_beta_binomial_likelihood_is_scipys_without_the_number_of_orders():
    p, trials, hits = np.array([[0.3, 0.7]]), np.array([[10.0, 20.0]]), np.array([[2.0, 15.0]])
    rho = np.array([0.04])
    v = 1 / rho[0] - 1
    theirs = scipy.stats.betabinom.logpmf(hits, trials, p * v, (1 - p) * v)
    orders = np.log(scipy.special.comb(trials, hits))
    ours = beta_binomial_slopes(p, 1 - p, trials, hits, rho).value
    assert ours[0] == pytest.approx((theirs - orders).sum())


def test_the_beta_binomial_likelihood_becomes_the_binomial_without_overdispersion():
    p, trials, hits = np.array([[0.3, 0.7]]), np.array([[10.0, 20.0]]), np.array([[2.0, 15.0]])
    ours = beta_binomial_slopes(p, 1 - p, trials, hits, np.array([1e-6])).value
    assert ours[0] == pytest.approx(binomial(p, 1 - p, trials, hits)[0], abs=1e-3)


def test_derivatives_of_the_beta_binomial_likelihood_are_those_of_its_values():
    trials, hits, h = np.array([[10.0, 20.0]]), np.array([[2.0, 15.0]]), 1e-6

    def at(shift, rho):
        p = np.array([[0.3 + shift, 0.7]])
        return beta_binomial_slopes(p, 1 - p, trials, hits, np.array([rho]))

    slope = (at(h, 0.04).value - at(-h, 0.04).value) / (2 * h)
    assert at(0.0, 0.04).score[0, 0] == pytest.approx(slope[0], rel=1e-5)
    slope = (at(0.0, 0.04 + h).value - at(0.0, 0.04 - h).value) / (2 * h)
    assert at(0.0, 0.04).rho_score[0] == pytest.approx(slope[0], rel=1e-5)


def test_the_smallest_gap_ignores_levels_that_differ_by_rounding():
    positions = np.array([[0.0, 0.1 + 0.2, 0.3, 1.0]])
    blocks = Blocks(positions, np.ones((1, 4)), np.zeros((1, 4)))
    assert blocks.gap[0] == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"engine": "bayesian"}, ["engine", "ml, bayes, psignifit", "bayesian"]),
        ({"sigmoid": "probit"}, ["sigmoid", "norm, logistic, gumbel, rgumbel, tdist, weibull"]),
        ({"asymptotes": "loose"}, ["asymptotes", "free, equal, fixed"]),
        ({"likelihood": "poisson"}, ["likelihood", "binomial, beta-binomial"]),
        ({"task": "3afc"}, ["task", "yes-no, 2afc, nafc:N"]),
        ({"task": "nafc:1"}, ["task", "nafc:N"]),
        ({"task": "2afc", "bounds": {"guess": (0, 0.1)}}, ["2afc", "guess", "0.5"]),
        ({"task": "2afc", "asymptotes": "equal"}, ["equal", "2afc"]),
        ({"bounds": {"slope": (0, 1)}}, ["threshold, width, guess, lapse", "slope"]),
        ({"bounds": {"lapse": (0.2, 0.1)}}, ["lapse", "0.2:0.1"]),
        ({"bounds": {"lapse": (-0.1, 0.1)}}, ["lapse", "[0, 1)"]),
        ({"bounds": {"width": (-1, 0)}}, ["width", "above 0"]),
        ({"bounds": {"guess": (0.6, 0.7), "lapse": (0.5, 0.6)}}, ["guess + lapse < 1"]),
        ({"asymptotes": "fixed", "bounds": {"lapse": (0, 0.1)}}, ["fixed", "lapse=0:0"]),
        ({"bootstrap": -1}, ["bootstrap", "-1"]),
        ({"confidence": 95}, ["confidence", "between 0 and 1", "95"]),
        ({"confidence": 0.9999999999999999}, ["0.9999 or less", "got 0.9999999999999999"]),
        ({"engine": "psignifit", "bootstrap": 100}, ["bootstrap", "ml"]),
    ],
)
def test_an_option_that_cannot_be_is_refused_with_the_rule_and_the_value(options, words):
    with pytest.raises(OptionError) as caught:
        FitOptions(**options)
    for word in words:
        assert word in str(caught.value)


def test_all_faults_of_the_options_are_told_together():
    with pytest.raises(OptionError) as caught:
        FitOptions(sigmoid="probit", task="3afc", confidence=0.0)
    assert len(caught.value.faults) == 3


def test_a_forced_choice_fixes_guess_at_chance():
    assert FitOptions(task="nafc:4").asymptote_bounds["guess"] == (0.25, 0.25)
    assert FitOptions(task="nafc:2").chance == FitOptions(task="2afc").chance == 0.5


def test_bounds_that_do_not_read_as_bounds_are_refused():
    with pytest.raises(OptionError, match="PARAMETER=LOW:HIGH"):
        parse_bounds("lapse=0.05")
    with pytest.raises(OptionError, match="once"):
        parse_bounds("lapse=0:0.05,lapse=0:0.1")
