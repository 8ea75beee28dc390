"""An analysis of people's trials as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from psychobench.analysis.data import AnalysisData, measure_name
from psychobench.analysis.figures import analysis_figures, page_of
from psychobench.analysis.methods import methods_text, references
from psychobench.analysis.page_tables import (
    cell_table,
    design_table,
    effects_table,
    pairs_table,
    participants_table,
    status_lines,
)
from psychobench.analysis.plan_report import plan_sections
from psychobench.analysis.text import data_sentence, exclusion_sentence, status_sentence
from psychobench.reports.methods import model_sentences
from psychobench.reports.page import (
    Block,
    Page,
    Passage,
    Picture,
    Section,
    Text,
    picture,
    table_of,
)
from psychobench.reports.page_parts import made_section, moment, sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_GOODNESS = (
    "Goodness of fit was not checked. With `gof=1000` each curve is compared with fits of 1000 "
    "simulated data sets, which takes some time."
)


def analysis_page(analysis: AnalysisData, figures: Mapping[str, Figure] | None = None) -> Page:
    """Return the page of an analysis; `figures` are drawn already, or are drawn here."""
    drawn = dict(analysis_figures(analysis)) if figures is None else figures
    pictures = {name: picture(figure, *_captions(analysis, name)) for name, figure in drawn.items()}
    sections = [
        Section("summary", "In short", [Text(_in_short(analysis), listed=True)]),
        Section("data", "Data and exclusions", _data(analysis)),
        *plan_sections(analysis),
        Section("design", "Design", [design_table(analysis)]),
        Section("checks", "Checks before fitting", _checks(analysis)),
        Section("model", "Model and priors", [Text(model_sentences(analysis.fits))]),
        Section("groups", "Curves and means", _groups(analysis, pictures)),
        Section("tests", "Tests", _tests(analysis)),
        Section("goodness", "Goodness of fit", _goodness(analysis, pictures)),
        Section("participants", "Each participant", _participants(analysis, pictures)),
        Section("limits", "Limits", [Text(_limits(analysis), listed=True)]),
        Section("paper", "For your paper", _paper(analysis)),
        made_section(analysis.provenance),
    ]
    people = analysis.fits.table["observer"].nunique()
    kind = "simulated people" if analysis.simulated else "participants"
    file = analysis.provenance.get("data", {}).get("file")
    return Page(
        title=f"Psychometric functions: {file or analysis.table.attrs.get('source', 'table')}",
        subtitle=f"{people} {kind}, analysed {moment(analysis.provenance)}",
        warning="SIMULATED people: this page makes no claim about people."
        if analysis.simulated
        else "",
        sections=sections,
    )


def _in_short(analysis: AnalysisData) -> list[str]:
    lines = [data_sentence(analysis), exclusion_sentence(analysis), status_sentence(analysis)]
    for tests in analysis.tests.values():
        lines += tests.sentences()[1 : 1 + (len(tests.effects) or len(tests.pairs))]
    return [*lines, *map(sentence, analysis.notes)]


def _data(analysis: AnalysisData) -> list[Block]:
    data, attributes = analysis.provenance.get("data", {}), analysis.table.attrs
    lines = [f"File: {data['file']} (SHA-256 {data['sha256']})."] if data else []
    if renamed := attributes.get("columns", {}):
        names = ", ".join(f"{theirs} as {ours}" for ours, theirs in renamed.items())
        lines.append(f"Columns with other names in the file: {names}.")
    lines += map(sentence, attributes.get("notes", ()))
    if answered := int(analysis.fits.table["n_trials"].sum()):
        lines.append(
            f"Answered trials analysed: {answered}. Trials without an answer, which enter no fit: "
            f"{attributes.get('unanswered', 0)}."
        )
    level, target = analysis.original_name("level"), analysis.original_name("response")
    lines.append(f"The level is {level}; the target answer is {target} = 1.")
    blocks: list[Block] = [Text([*lines, exclusion_sentence(analysis)])]
    if len(analysis.left_out):
        caption = "Who was excluded, by which rule, and the value that met it."
        blocks.append(table_of(analysis.left_out, caption))
    return blocks


def _checks(analysis: AnalysisData) -> list[Block]:
    screening = analysis.screening
    if screening is None:
        return [Text(["The table holds no single trials, so that none could be checked."])]
    rules = pd.DataFrame({"check": screening.rules.keys(), "rule": screening.rules.values()})
    rules["flagged"] = [int((screening.flags["check"] == check).sum()) for check in screening.rules]
    names = {"observer": "participant", "check": "check", "value": "value", "sentence": "flag"}
    flags: Block = (
        table_of(screening.flags, "Flags: each is only a reason to look.", names)
        if len(screening.flags)
        else Text(["Nobody was flagged."])
    )
    return [
        flags,
        table_of(rules, "The rules, and how many participants break each."),
        Text([sentence(note) for note in screening.notes], listed=True),
    ]


def _groups(analysis: AnalysisData, pictures: Mapping[str, Picture]) -> list[Block]:
    drawn = [pictures[name] for name in ("groups", "measures") if name in pictures]
    return [*drawn, cell_table(analysis)]


def _tests(analysis: AnalysisData) -> list[Block]:
    if not analysis.tests:
        return [Text(["Nothing was tested.", *map(sentence, analysis.notes)])]
    blocks: list[Block] = []
    for tests in analysis.tests.values():
        people, *findings = tests.sentences()
        blocks.append(Text([people]))
        blocks.append(Text(findings, listed=True))
    return [*blocks, *effects_table(analysis), *pairs_table(analysis)]


def _goodness(analysis: AnalysisData, pictures: Mapping[str, Picture]) -> list[Block]:
    goodness = analysis.fits.goodness
    if goodness is None:
        return [Text([NO_GOODNESS])]
    flagged = goodness.table[goodness.table["flag"].notna()].rename(columns={"flag": "finding"})
    frame = flagged[[name for name in flagged if name not in ("low", "high", "missing")]]
    blocks: list[Block] = [Text([goodness.summary()]), pictures["goodness"]]
    return [*blocks, table_of(frame, "Curves to look at.")] if len(frame) else blocks


def _participants(analysis: AnalysisData, pictures: Mapping[str, Picture]) -> list[Block]:
    observer = ["observer", *analysis.factors]
    reasons = [
        f"{', '.join(str(row[name]) for name in observer)}: {row['status']}: {row['reason']}"
        for row in analysis.fits.table.to_dict(orient="records")
        if row["reason"]
    ]
    return [
        *(each for name, each in pictures.items() if name.startswith("participants")),
        participants_table(analysis),
        Text(status_lines(analysis), listed=True),
        Text(reasons, listed=True),
    ]


def _limits(analysis: AnalysisData) -> list[str]:
    limits = [
        "A test that finds no difference does not show that there is none: look at its interval.",
        "Tests take each participant's value as exact; how uncertain it is stands in the table of "
        "participants.",
        "Participants without an included value enter no mean and no test of that measure; if they "
        "differ from the others, the means do not describe everybody.",
        "Corrections are for the pairs of one measure; PSE and JND are separate families.",
        "Exclusion rules that are chosen once the results are known bias these results.",
    ]
    if analysis.fits.goodness is None:
        limits.append("Goodness of fit was not checked.")
    return limits


def _paper(analysis: AnalysisData) -> list[Block]:
    results = "\n".join(line for tests in analysis.tests.values() for line in tests.sentences())
    return [
        Passage("Methods", methods_text(analysis, analysis.provenance.get("versions", {}))),
        *([Passage("Results", results)] if results else []),
        Passage("References", "\n".join(references(analysis))),
    ]


def _captions(analysis: AnalysisData, name: str) -> tuple[str, str]:
    """Return a figure's caption, and its description for readers who cannot see it."""
    level = f"{analysis.confidence:.0%}"
    location = measure_name(analysis.location)
    if name == "groups":
        return (
            "Every participant's curve (grey) with the mean of the curves and of the answers "
            f"(colour). Black: mean {location} of the included participants, with its {level} "
            "interval.",
            f"Psychometric curves, a panel for each condition or group; the mean {location} is in "
            "the table of means below.",
        )
    if name == "measures":
        return (
            f"{location} and JND: one dot per included participant, and the mean with its {level} "
            "interval. Lines join the values of one participant.",
            f"Dots of {location} and JND by condition; the numbers are in the table of means "
            "below.",
        )
    if name == "goodness":
        return (
            "Deviance residuals of all curves; the line is their mean, near 0 where curves fit.",
            "Residuals against level and, where it is known, order; flags are listed below.",
        )
    observers = [str(each) for each in analysis.fits.table["observer"].unique()]
    first, last = page_of(observers, int(name.removeprefix("participants-")))
    return (
        f"Participants {first} to {last}: answers, curves, and {location} with its {level} "
        "interval. A status other than ok or step is written in the panel.",
        f"Data and curves of participants {first} to {last}; the numbers are in the table below.",
    )
