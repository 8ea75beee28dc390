"""The fitted model in words, ready for a paper, and the references that pages cite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psychobench.fits.prior_options import LEVELS, NONE, PUBLISHED
from psychobench.fits.results import Fits

SHAPES = {
    "norm": "cumulative normal",
    "logistic": "logistic",
    "gumbel": "Gumbel",
    "rgumbel": "reversed Gumbel",
    "tdist": "cumulative t (1 degree of freedom)",
    "weibull": "Weibull",
    "lognorm": "cumulative lognormal",
}
SCHUETT = (
    "Schütt, H. H., Harmeling, S., Macke, J. H., & Wichmann, F. A. (2016). Painfree and accurate "
    "Bayesian estimation of psychometric functions for (potentially) overdispersed data. Vision "
    "Research, 122, 105–123. https://doi.org/10.1016/j.visres.2016.02.002"
)
WICHMANN = (
    "Wichmann, F. A., & Hill, N. J. (2001). The psychometric function: I. Fitting, sampling, and "
    "goodness of fit. Perception & Psychophysics, 63, 1293–1313. "
    "https://doi.org/10.3758/BF03194544"
)
BONETT = (
    "Bonett, D. G. (2008). Confidence intervals for standardized linear contrasts of means. "
    "Psychological Methods, 13, 99–109. https://doi.org/10.1037/1082-989X.13.2.99"
)
GREENHOUSE = (
    "Greenhouse, S. W., & Geisser, S. (1959). On methods in the analysis of profile data. "
    "Psychometrika, 24, 95–112. https://doi.org/10.1007/BF02289823"
)
WELCH = (
    "Welch, B. L. (1947). The generalization of 'Student's' problem when several different "
    "population variances are involved. Biometrika, 34, 28–35. "
    "https://doi.org/10.1093/biomet/34.1-2.28"
)
WHITMORE = (
    "Whitmore, G. A. (1986). Prediction limits for a univariate normal observation. The American "
    "Statistician, 40, 141–143."
)
CRAWFORD = (
    "Crawford, J. R., & Howell, D. C. (1998). Comparing an individual's test score against norms "
    "derived from small samples. The Clinical Neuropsychologist, 12, 482–486. "
    "https://doi.org/10.1076/clin.12.4.482.7241"
)


def model_sentences(fits: Fits) -> list[str]:
    """Return function, asymptotes, likelihood, priors, estimates and intervals as sentences."""
    options = fits.options
    if "cross-entropy" in set(fits.table["likelihood"]):
        return [
            _function(options),
            "Probabilities rather than answers were fitted, by mean cross-entropy with all levels "
            "weighted equally and no prior. They have no number of trials and therefore no "
            "intervals.",
        ]
    return [
        _function(options),
        _asymptotes(options),
        _likelihood(options),
        _estimates(options),
    ]


def _function(options: Mapping[str, Any]) -> str:
    shape = SHAPES[options["sigmoid"]]
    function = (
        f"The psychometric function is psi = guess + (1 - guess - lapse) F with a {shape} F "
        "of the stimulus level."
    )
    if options["task"] == "yes-no":
        return (
            f"{function} The PSE is the level at which psi is .5; the JND is half the distance "
            "between the levels at which F is .25 and .75."
        )
    return (
        f"{function} The task is a forced choice ({options['task']}), which has no PSE; the "
        "threshold is the level at which F is .5, and the JND is half the distance between the "
        "levels at which F is .25 and .75."
    )


def _asymptotes(options: Mapping[str, Any]) -> str:
    rates = {
        "free": "Guess and lapse rates (the lower asymptote, and 1 minus the upper one) were free",
        "equal": "Guess and lapse rates were free but equal",
        "fixed": "The asymptotes were fixed",
    }[options["asymptotes"]]
    bounds = "; ".join(f"{k} within {a:g} to {b:g}" for k, (a, b) in options["bounds"].items())
    return f"{rates}{f'; {bounds}' if bounds else ''}."


def _likelihood(options: Mapping[str, Any]) -> str:
    if options["likelihood"] == "beta-binomial":
        return (
            "The likelihood is beta-binomial, which allows answers to vary more than independent "
            "trials would."
        )
    return "The likelihood is binomial: trials are assumed to be independent."


def _estimates(options: Mapping[str, Any]) -> str:
    level = f"{options['confidence']:.0%}"
    if options["engine"] == "ml":
        source = "a parametric bootstrap" if options["bootstrap"] else "the profile likelihood"
        penalty = f", penalised by priors: {_priors(options)}" if options["priors"] else ""
        return (
            f"Curves were fitted by maximum likelihood (engine ml){penalty}; {level} intervals "
            f"come from {source}."
        )
    if options["engine"] == "psignifit":
        return f"Curves and {level} intervals are those of psignifit; priors: {_priors(options)}."
    return (
        f"Curves are Bayesian fits (engine bayes): estimates are posterior modes (MAP), and "
        f"{level} intervals are credible intervals; priors: {_priors(options)}."
    )


def _priors(options: Mapping[str, Any]) -> str:
    """Say what the prior of each parameter is."""
    words = {
        ("threshold", PUBLISHED): "flat over the tested levels, falling to zero half their range "
        "beyond them",
        ("threshold", NONE): "flat over the tested levels and half their range beyond them",
        ("width", PUBLISHED): "flat between twice the smallest gap between two levels and their "
        "range, falling to zero at that gap and at three times the range",
        ("width", LEVELS): "flat from a tenth of the smallest gap between two levels to their "
        "range, falling to zero at three times the range",
        ("width", NONE): "flat from a tenth of the smallest gap between two levels to three times "
        "their range",
    }
    words["threshold", LEVELS] = words["threshold", PUBLISHED]
    said = []
    for name, text in options["priors"].items():
        shape = "uniform" if text == NONE else text
        said.append(f"{name}, {words.get((name, text), shape)}")
    return "; ".join(said)
