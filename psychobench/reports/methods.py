"""Methods in words: what was fitted and tested, ready for a paper, with its references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psychobench.analysis import Analysis
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
    """Say what was fitted: function, asymptotes, likelihood, priors, estimates and intervals."""
    options = fits.options
    if "cross-entropy" in set(fits.table["likelihood"]):
        return [
            _function(options),
            "Probabilities, not answers, were fitted: by mean cross-entropy, with all levels "
            "weighted alike and no prior. They have no number of trials, and so no interval.",
        ]
    return [
        _function(options),
        _asymptotes(options),
        _likelihood(options),
        _estimates(options),
    ]


def _function(options: Mapping[str, Any]) -> str:
    shape = SHAPES[options["sigmoid"]]
    said = (
        f"The psychometric function is psi = guess + (1 - guess - lapse) F with a {shape} F "
        "of the stimulus level."
    )
    if options["task"] == "yes-no":
        return (
            f"{said} The PSE is the level at which psi is .5; the JND is half the distance between "
            "the levels at which F is .25 and .75."
        )
    return (
        f"{said} The task is a forced choice ({options['task']}): it has no PSE; the threshold is "
        "the level at which F is .5, the JND half the distance between F of .25 and .75."
    )


def _asymptotes(options: Mapping[str, Any]) -> str:
    said = {
        "free": "Guess and lapse rate (the lower and the upper asymptote) were free",
        "equal": "Guess and lapse rate were free and equal",
        "fixed": "The asymptotes were held fixed",
    }[options["asymptotes"]]
    prior = "" if options["asymptotes"] == "fixed" else ", with a Beta(1, 10) prior on each"
    bounds = "; ".join(f"{k} within {a:g} to {b:g}" for k, (a, b) in options["bounds"].items())
    return f"{said}{prior}{f'; {bounds}' if bounds else ''}."


def _likelihood(options: Mapping[str, Any]) -> str:
    if options["likelihood"] == "beta-binomial":
        return (
            "The likelihood is beta-binomial: answers may scatter more than independent trials do."
        )
    return "The likelihood is binomial: trials are taken to be independent."


def _estimates(options: Mapping[str, Any]) -> str:
    level = f"{options['confidence']:.0%}"
    if options["engine"] == "ml":
        source = "refits of simulated answers" if options["bootstrap"] else "the profile likelihood"
        return (
            f"Curves are maximum-likelihood fits (engine ml) with that prior as a penalty; "
            f"{level} intervals come from {source}."
        )
    priors = (
        "priors: the threshold is flat over the tested levels and falls to zero half their range "
        "beyond; the width is flat between twice the smallest gap of two levels and their range, "
        "and falls to zero at that gap and at three times the range; the overdispersion has a "
        "Beta(1, 10)"
    )
    if options["engine"] == "psignifit":
        return f"Curves are psignifit's, with its priors; {level} intervals are its own."
    return (
        f"Curves are Bayesian (engine bayes): values are those of highest posterior density, "
        f"{level} intervals are credible intervals; {priors}."
    )


def methods_text(analysis: Analysis, versions: Mapping[str, str]) -> str:
    """Write the paragraph for a methods section."""
    table, options = analysis.fits.table, analysis.fits.options
    rules = ", ".join(map(str, analysis.rules))
    gone = analysis.left_out["observer"].nunique()
    who = f"{_n(table['observer'].nunique(), 'participant')} entered the analysis"
    who += (
        f"; {gone} more had been excluded by the rule {rules}."
        if rules
        else "; nobody was excluded by rule."
    )
    parts = [
        who,
        "For each participant and condition we fitted a psychometric function "
        f"(psychobench {versions.get('psychobench', '')}).",
        *model_sentences(analysis.fits),
        f"Fits with status {' or '.join(analysis.tested)} count in means and tests.",
        *_tested(analysis),
    ]
    if options["gof"]:
        parts.append(
            "Goodness of fit was checked by deviance and residuals against "
            f"{options['gof']} simulated data sets per fit."
        )
    simulated = ["The participants are SIMULATED."] if analysis.simulated else []
    return " ".join([*simulated, *parts])


def _tested(analysis: Analysis) -> list[str]:
    kinds = {pair.kind for tests in analysis.tests.values() for pair in tests.pairs}
    effects = [effect for tests in analysis.tests.values() for effect in tests.effects]
    if not kinds:
        return []
    names = {"paired": "paired t-tests", "welch": "Welch's t-tests"}
    pairs = " and ".join(names[kind] for kind in sorted(kinds))
    before = sorted({effect.kind for effect in effects})
    corrected = any(tests.family_size > 1 for tests in analysis.tests.values())
    return [
        f"Cells were compared by {pairs}"
        + (f" after a {' and a '.join(before)}" if before else "")
        + (", Bonferroni-corrected for all pairs of a measure" if corrected else "")
        + (
            "; effects within participants have the Greenhouse-Geisser correction"
            if analysis.within and effects
            else ""
        )
        + "."
    ]


def references(analysis: Analysis) -> list[str]:
    """List what the methods rest on, in APA form."""
    pairs = [pair for tests in analysis.tests.values() for pair in tests.pairs]
    effects = [effect for tests in analysis.tests.values() for effect in tests.effects]
    cited = [SCHUETT, WICHMANN]
    cited += [BONETT] if pairs else []
    cited += [GREENHOUSE] if effects and analysis.within else []
    cited += [WELCH] if any(pair.kind == "welch" for pair in pairs) else []
    return sorted(cited)


def _n(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
