"""The methods of an analysis in words, ready for a paper, with references."""

from __future__ import annotations

from collections.abc import Mapping

from psychobench.analysis.data import AnalysisData, measure_name
from psychobench.comparison.cohort_measures import counting
from psychobench.messages import number_of
from psychobench.reports.methods import (
    BONETT,
    GREENHOUSE,
    SCHUETT,
    WELCH,
    WICHMANN,
    model_sentences,
)

TEST_NAMES = {"paired": "paired t-tests", "welch": "Welch's t-tests"}


def methods_text(analysis: AnalysisData, versions: Mapping[str, str]) -> str:
    """Return the paragraph for a methods section.

    Parameters
    ----------
    analysis : AnalysisData
        What was analysed.
    versions : mapping of str to str
        Versions by package.
    """
    version = versions.get("psychobench", "")
    parts = [
        _participants(analysis),
        "We fitted a psychometric function to each participant and condition (psychobench"
        f"{f' {version}' if version else ''}).",
        *model_sentences(analysis.fits),
        *_included(analysis),
        *_test_sentences(analysis),
    ]
    if simulations := analysis.fits.options["gof"]:
        parts.append(
            "Goodness of fit was assessed by comparing deviance and residuals with those of "
            f"{simulations} simulated data sets per fit."
        )
    simulated = ["The participants are SIMULATED."] if analysis.simulated else []
    return " ".join([*simulated, *parts])


def references(analysis: AnalysisData) -> list[str]:
    """Return the sources of the methods used, in APA form."""
    pairs = [pair for tests in analysis.tests.values() for pair in tests.pairs]
    effects = [effect for tests in analysis.tests.values() for effect in tests.effects]
    cited = [SCHUETT, WICHMANN]
    cited += [BONETT] if pairs else []
    cited += [GREENHOUSE] if effects and analysis.within else []
    cited += [WELCH] if any(pair.kind == "welch" for pair in pairs) else []
    return sorted(cited)


def _participants(analysis: AnalysisData) -> str:
    entered = number_of(analysis.fits.table["observer"].nunique(), "participant")
    if not analysis.exclude:
        return f"{entered} entered the analysis; nobody was excluded."
    excluded = analysis.left_out["observer"].nunique()
    rules = ", ".join(map(str, analysis.exclude))
    were = "was" if excluded == 1 else "were"
    return (
        f"{entered} entered the analysis, after {number_of(excluded, 'participant')} {were} "
        f"excluded by the rule {rules}."
    )


def _included(analysis: AnalysisData) -> list[str]:
    """Return which values entered means and tests, and how many were missing, by measure."""
    said = []
    for measure in analysis.measures:
        name, rows = measure_name(measure), analysis.descriptives
        statuses = " or ".join(counting(measure, analysis.statuses))
        own = rows[rows["measure"] == measure]
        missing, all_fits = int(own["without"].sum()), int((own["n"] + own["without"]).sum())
        counts = f"{missing} of {all_fits}" if missing else "none"
        said.append(
            f"{name[0].upper()}{name[1:]}s of fits with status {statuses} were included in means "
            f"and tests ({counts} missing)."
        )
    return said


def _test_sentences(analysis: AnalysisData) -> list[str]:
    kinds = {pair.kind for tests in analysis.tests.values() for pair in tests.pairs}
    if not kinds:
        return []
    effects = {effect.kind for tests in analysis.tests.values() for effect in tests.effects}
    corrected = any(tests.family_size > 1 for tests in analysis.tests.values())
    clauses = [f"Cells were compared by {' and '.join(TEST_NAMES[kind] for kind in sorted(kinds))}"]
    if effects:
        clauses.append(f" after a {' and a '.join(sorted(effects))}")
    if corrected:
        sizes = sorted({tests.family_size for tests in analysis.tests.values()})
        counted = "planned" if analysis.family == "planned" else "possible"
        tests = " or ".join(map(str, sizes))
        clauses.append(f", Bonferroni-corrected for the {tests} {counted} tests of a measure")
    if effects and analysis.within:
        clauses.append("; effects within participants were Greenhouse-Geisser corrected")
    return [f"{''.join(clauses)}."]
