"""An analysis of people's trials as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from psychobench.analysis import Analysis
from psychobench.analysis.layout import named
from psychobench.reports.analysis_figures import analysis_figures, page_of
from psychobench.reports.analysis_text import accounts, analysis_tables
from psychobench.reports.methods import methods_text, model_sentences, references
from psychobench.reports.page import (
    Block,
    Page,
    Passage,
    Picture,
    Section,
    Table,
    Text,
    picture,
    table_of,
)
from psychobench.reports.page_parts import made_section, moment, sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_GOODNESS = (
    "How well the curves describe the answers was not checked: add --gof 1000 to the command (in "
    "Python: gof=1000), which refits 1000 simulated data sets per curve and takes its time."
)
STATUSES = {
    "ok": "the curve crosses .5 within the tested levels",
    "step": "the answers change between two neighbouring levels; the PSE is their midpoint, and "
    "the JND only known to be small",
    "outside": "the curve crosses .5 beyond the tested levels, so the PSE is an extrapolation",
    "reversed": "the curve falls with the level: keys mixed up?",
    "never": "no PSE: a constant describes the answers as well as a curve, or the curve never "
    "reaches .5",
    "failed": "no curve could be fitted",
}
PAIRS = {
    "measure": "measure", "where": "where", "first": "first", "second": "second", "kind": "test",
    "n_first": "n", "n_second": "n (second)", "difference": "difference", "low": "from",
    "high": "to", "t": "t", "df": "df", "p": "p", "p_bonferroni": "p (Bonferroni)",
    "p_holm": "p (Holm)", "d_z": "d_z", "d_av": "d_av", "reason": "why none",
}  # fmt: skip
EFFECTS = {
    "measure": "measure", "effect": "effect", "f": "F", "df1": "df1", "df2": "df2", "p": "p",
    "epsilon": "epsilon", "partial_eta2": "partial η²", "generalized_eta2": "generalized η²",
    "n": "n",
}  # fmt: skip


def analysis_page(
    analysis: Analysis, made: Mapping[str, Any], figures: Mapping[str, Figure] | None = None
) -> Page:
    """Lay an analysis out, with figures that are drawn already where there are any."""
    drawn = dict(analysis_figures(analysis)) if figures is None else figures
    pictures = {name: picture(figure, *_said(analysis, name)) for name, figure in drawn.items()}
    sections = [
        Section("summary", "In short", [Text(_short(analysis), listed=True)]),
        Section("data", "Data and who was left out", _data(analysis, made)),
        Section("design", "Design", [_design(analysis)]),
        Section("checks", "Checks before fitting", _checks(analysis)),
        Section("model", "Model and priors", [Text(model_sentences(analysis.fits))]),
        Section("groups", "Curves and means", _groups(analysis, pictures)),
        Section("tests", "Tests", _tests(analysis)),
        Section("goodness", "Goodness of fit", _goodness(analysis, pictures)),
        Section("participants", "Each participant", _participants(analysis, pictures)),
        Section("limits", "Limits", [Text(_limits(analysis), listed=True)]),
        Section("paper", "For your paper", _paper(analysis, made)),
        made_section(made),
    ]
    people = analysis.fits.table["observer"].nunique()
    source = made.get("data", {}).get("file") or analysis.table.attrs.get("source", "a table")
    kind = "simulated people" if analysis.simulated else "participants"
    return Page(
        title=f"Psychometric functions: {source}",
        subtitle=f"{people} {kind}, made {moment(made)}",
        warning="SIMULATED people: this page makes no claim about people."
        if analysis.simulated
        else "",
        sections=sections,
    )


def _short(analysis: Analysis) -> list[str]:
    lines = [*accounts(analysis)]
    for tests in analysis.tests.values():
        lines += tests.sentences()[1 : 1 + (len(tests.effects) or len(tests.pairs))]
    return [*lines, *map(sentence, analysis.notes)]


def _data(analysis: Analysis, made: Mapping[str, Any]) -> list[Block]:
    data, table = made.get("data", {}), analysis.table
    used = analysis.name
    lines = [f"File: {data['file']} (SHA-256 {data['sha256']})."] if data else []
    renamed = table.attrs.get("columns", {})
    if renamed:
        read = ", ".join(f"{theirs} as {ours}" for ours, theirs in renamed.items())
        lines.append(f"Columns were read under other names: {read}.")
    lines += table.attrs.get("notes", ())
    n, unanswered = int(analysis.fits.table["n_trials"].sum()), table.attrs.get("unanswered", 0)
    if n:
        lines.append(
            f"Analysed: {n} answered trials. Without an answer, and so in no fit: {unanswered}."
        )
    lines.append(f"The level is {used('level')}; the target answer is {used('response')} = 1.")
    if not analysis.rules:
        return [Text([*lines, "Nobody was left out: no exclusion rule was given."])]
    rules = ", ".join(map(str, analysis.rules))
    gone = analysis.left_out["observer"].nunique()
    return [
        Text([*lines, f"Exclusion rule, given before the analysis: {rules}. Left out: {gone}."]),
        *(
            [table_of(analysis.left_out, "Who was left out, by which rule, and the value it met.")]
            if gone
            else []
        ),
    ]


def _design(analysis: Analysis) -> Table:
    factors = [each for each in (analysis.within, analysis.between) if each] or ["condition"]
    fits = analysis.fits
    levels = fits.data.groupby("fit")["level"].nunique()
    each = fits.table.reset_index(drop=True).assign(levels=levels)
    rows = each.groupby(factors, sort=False).agg(
        participants=("observer", "nunique"),
        levels=("levels", "max"),
        fewest=("n_trials", "min"),
        most=("n_trials", "max"),
    )
    names = {
        **{factor: analysis.name(factor) for factor in factors},
        "participants": "participants",
        "levels": "levels",
        "fewest": "fewest trials",
        "most": "most trials",
    }
    caption = "Participants, levels, and answered trials per participant in each cell."
    return table_of(rows.reset_index(), caption, names)


def _checks(analysis: Analysis) -> list[Block]:
    if analysis.screening is None:
        return [Text(["The table holds no single trials: there was nothing to look over."])]
    screening = analysis.screening
    rules = pd.DataFrame({"check": screening.rules.keys(), "rule": screening.rules.values()})
    rules["flagged"] = [int((screening.flags["check"] == check).sum()) for check in screening.rules]
    names = {"observer": "participant", "check": "check", "value": "value", "sentence": "what"}
    found: list[Block] = (
        [table_of(screening.flags, "Flags: a reason to look, and no more.", names)]
        if len(screening.flags)
        else [Text(["Nobody was flagged."])]
    )
    return [
        *found,
        table_of(rules, "What should hold, and how many participants were flagged."),
        Text([sentence(note) for note in screening.notes], listed=True),
    ]


def _groups(analysis: Analysis, pictures: Mapping[str, Picture]) -> list[Block]:
    shown = analysis.descriptives.assign(measure=analysis.descriptives["measure"].map(named))
    factors = [str(name) for name in shown if name not in DESCRIBED]
    level = f"{analysis.confidence:.0%}"
    names = {"measure": "measure", **{each: analysis.name(each) for each in factors}}
    names |= {"n": "n", "mean": "mean", "sd": "SD", "sem": "SEM"}
    names |= {"low": f"{level} from", "high": "to", "without": "without a value"}
    caption = f"Means over participants with their {level} intervals, in units of the level."
    blocks = [pictures[name] for name in ("groups", "measures") if name in pictures]
    return [*blocks, table_of(shown, caption, names)]


DESCRIBED = ("measure", "n", "mean", "sd", "sem", "low", "high", "without")


def _tests(analysis: Analysis) -> list[Block]:
    blocks: list[Block] = []
    for measure, tests in analysis.tests.items():
        blocks.append(Text([f"{named(measure)}: {tests.sentences()[0]}"]))
        blocks.append(Text(tests.sentences()[1:], listed=True))
    tables = analysis_tables(analysis)
    level = f"{analysis.confidence:.0%}"
    if "effects" in tables:
        frame = tables["effects"].assign(measure=tables["effects"]["measure"].map(named))
        blocks.append(table_of(frame, "Analyses of variance.", EFFECTS))
    if "tests" in tables:
        frame = tables["tests"].assign(measure=tables["tests"]["measure"].map(named))
        caption = f"Pairs: second minus first, with the difference's {level} interval."
        empty = {name for name in PAIRS if frame[name].isin(["", None]).all()}
        if (frame["kind"] == "paired").all():
            empty.add("n_second")
        elif not (frame["kind"] == "paired").any():
            empty.add("d_z")
        shown = {name: label for name, label in PAIRS.items() if name not in empty}
        blocks.append(table_of(frame, caption, shown))
    return blocks or [Text(["Nothing was tested.", *map(sentence, analysis.notes)])]


def _goodness(analysis: Analysis, pictures: Mapping[str, Picture]) -> list[Block]:
    goodness = analysis.fits.goodness
    if goodness is None:
        return [Text([NO_GOODNESS])]
    flagged = goodness.table[goodness.table["flag"].notna()].rename(columns={"flag": "what"})
    columns = [name for name in flagged if name not in ("low", "high", "missing")]
    frame = flagged[columns]
    blocks: list[Block] = [Text([goodness.summary()]), pictures["goodness"]]
    return [*blocks, table_of(frame, "Curves to look at.")] if len(frame) else blocks


def _participants(analysis: Analysis, pictures: Mapping[str, Picture]) -> list[Block]:
    fits, place = analysis.fits.table, analysis.place
    factors = [each for each in (analysis.within, analysis.between) if each]
    level = f"{analysis.confidence:.0%}"
    names = {"observer": "participant", **{each: analysis.name(each) for each in factors}}
    for name in (place, "jnd"):
        names |= {name: named(name), f"{name}_low": f"{level} from", f"{name}_high": "to"}
    names |= {"guess": "guess", "lapse": "lapse", "n_trials": "trials", "status": "status"}
    found = [status for status in STATUSES if (fits["status"] == status).any()]
    reasons = [
        f"{', '.join(str(row[each]) for each in ['observer', *factors])}: {row['status']}: "
        f"{row['reason']}"
        for row in fits.to_dict(orient="records")
        if row["reason"]
    ]
    return [
        *(each for name, each in pictures.items() if name.startswith("participants")),
        table_of(fits, "One row per participant and condition.", names),
        Text([f"Status {status}: {STATUSES[status]}." for status in found], listed=True),
        Text(reasons, listed=True),
    ]


def _limits(analysis: Analysis) -> list[str]:
    return [
        "A test that finds no difference does not show that there is none: look at its interval.",
        "Tests take each participant's value as exact; how sure it is stands in the table of "
        "participants.",
        "A participant without a value that counts is in no mean and no test of that measure; if "
        "such participants differ from the others, the means do not describe everybody.",
        "Corrections count the pairs of one measure; PSE and JND are families of their own.",
        "Flags and exclusion rules that are chosen after the results are known bias the results.",
        *(
            ["Checks of goodness of fit were not asked for."]
            if analysis.fits.goodness is None
            else []
        ),
    ]


def _paper(analysis: Analysis, made: Mapping[str, Any]) -> list[Block]:
    results = "\n".join(analysis.sentences())
    return [
        Passage("Methods", methods_text(analysis, made.get("versions", {}))),
        *([Passage("Results", results)] if results else []),
        Passage("References", "\n".join(references(analysis))),
    ]


def _said(analysis: Analysis, name: str) -> tuple[str, str]:
    """Give a figure's caption and its description for those who do not see it."""
    level = f"{analysis.confidence:.0%}"
    place = named(analysis.place)
    if name == "groups":
        return (
            f"Every participant's curve (grey) with the mean of the curves and of the answers "
            f"(colour). Black: mean {place} of those who count, with its {level} interval.",
            f"Psychometric curves, a panel for each condition or group; the mean {place} stands in "
            "the table of means below.",
        )
    if name == "measures":
        return (
            f"{place} and JND, one dot per participant who counts, and the mean with its {level} "
            "interval. Lines join a participant's values.",
            f"Dots of {place} and JND by condition; the numbers stand in the table of means below.",
        )
    if name == "goodness":
        return (
            "Deviance residuals of all curves; the line is their mean, near 0 where curves fit.",
            "Residuals against level and, where it is known, order; flags are listed below.",
        )
    observers = [str(each) for each in analysis.fits.table["observer"].unique()]
    first, last = page_of(observers, int(name.removeprefix("participants-")))
    return (
        f"Participants {first} to {last}: answers, curves, and {place} with its {level} interval. "
        "A status that is not ok or step stands in the panel.",
        f"Data and curves of participants {first} to {last}; the numbers stand in the table below.",
    )
