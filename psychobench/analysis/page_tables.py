"""The tables on the page of an analysis, with headings for readers."""

from __future__ import annotations

from psychobench.analysis.data import AnalysisData, measure_name
from psychobench.analysis.tables import analysis_tables
from psychobench.reports.page import Table, table_of

STATUSES = {
    "ok": "the curve crosses .5 within the tested levels",
    "step": "the answers change between two neighbouring levels; the PSE is their midpoint, and "
    "the JND is only known to be small",
    "outside": "the curve crosses .5 beyond the tested levels, so that the PSE is an extrapolation",
    "reversed": "the curve falls with the level: were the keys mixed up?",
    "never": "no PSE: a constant describes the answers as well as a curve does, or the curve never "
    "reaches .5",
    "failed": "no curve could be fitted",
}
DESCRIBED = ("measure", "n", "mean", "sd", "sem", "low", "high", "without")
PAIRS = {
    "measure": "measure", "where": "where", "first": "first", "second": "second", "kind": "test",
    "n_first": "n", "n_second": "n (second)", "difference": "difference", "low": "from",
    "high": "to", "t": "t", "df": "df", "p": "p", "p_bonferroni": "p (Bonferroni)",
    "p_holm": "p (Holm)", "d_z": "d_z", "d_av": "d_av", "reason": "why no test",
}  # fmt: skip
EFFECTS = {
    "measure": "measure", "effect": "effect", "f": "F", "df1": "df1", "df2": "df2", "p": "p",
    "epsilon": "epsilon", "partial_eta2": "partial η²", "generalized_eta2": "generalized η²",
    "n": "n",
}  # fmt: skip


def design_table(analysis: AnalysisData) -> Table:
    """Return participants, levels and trials in each cell of the design."""
    factors, fits = analysis.factors or ["condition"], analysis.fits
    levels = fits.data.groupby("fit")["level"].nunique()
    rows = fits.table.reset_index(drop=True).assign(levels=levels)
    cells = rows.groupby(factors, sort=False).agg(
        participants=("observer", "nunique"),
        levels=("levels", "max"),
        fewest=("n_trials", "min"),
        most=("n_trials", "max"),
    )
    names = {factor: analysis.original_name(factor) for factor in factors}
    names |= {"participants": "participants", "levels": "levels"}
    names |= {"fewest": "fewest trials", "most": "most trials"}
    caption = "Participants, levels, and answered trials per participant in each cell."
    return table_of(cells.reset_index(), caption, names)


def cell_table(analysis: AnalysisData) -> Table:
    """Return the means of each cell with their intervals."""
    table = analysis.descriptives.assign(measure=analysis.descriptives["measure"].map(measure_name))
    factors = [str(name) for name in table if name not in DESCRIBED]
    names = {"measure": "measure", **{each: analysis.original_name(each) for each in factors}}
    names |= {"n": "n", "mean": "mean", "sd": "SD", "sem": "SEM"}
    names |= {"low": f"{analysis.confidence:.0%} from", "high": "to", "without": "without a value"}
    caption = (
        f"Means over participants with their {analysis.confidence:.0%} intervals, in units of the "
        "level."
    )
    return table_of(table, caption, names)


def effects_table(analysis: AnalysisData) -> list[Table]:
    """Return the analyses of variance as a table, if there are any."""
    frame = analysis_tables(analysis).get("effects")
    if frame is None:
        return []
    frame = frame.assign(measure=frame["measure"].map(measure_name))
    return [table_of(frame, "Analyses of variance.", EFFECTS)]


def pairs_table(analysis: AnalysisData) -> list[Table]:
    """Return the pairs of cells as a table, if there are any, without empty columns."""
    frame = analysis_tables(analysis).get("tests")
    if frame is None:
        return []
    frame = frame.assign(measure=frame["measure"].map(measure_name))
    empty = {name for name in PAIRS if frame[name].isin(["", None]).all()}
    paired = frame["kind"] == "paired"
    if paired.all():
        empty.add("n_second")
    elif not paired.any():
        empty.add("d_z")
    names = {name: label for name, label in PAIRS.items() if name not in empty}
    caption = (
        f"Pairs: second minus first, with the {analysis.confidence:.0%} interval of the difference."
    )
    return [table_of(frame, caption, names)]


def participants_table(analysis: AnalysisData) -> Table:
    """Return one row per participant and condition."""
    level, location = f"{analysis.confidence:.0%}", analysis.location
    factors = {each: analysis.original_name(each) for each in analysis.factors}
    names = {"observer": "participant", **factors}
    for name in (location, "jnd"):
        names |= {name: measure_name(name), f"{name}_low": f"{level} from", f"{name}_high": "to"}
    names |= {"guess": "guess", "lapse": "lapse", "n_trials": "trials", "status": "status"}
    return table_of(analysis.fits.table, "One row per participant and condition.", names)


def status_lines(analysis: AnalysisData) -> list[str]:
    """Return what each status that occurs means."""
    occurring = set(analysis.fits.table["status"])
    return [f"Status {name}: {text}." for name, text in STATUSES.items() if name in occurring]
