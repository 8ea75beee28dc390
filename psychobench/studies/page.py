"""The report page of a study."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from psychobench.comparison import SeedComparison
from psychobench.formatting import MINUS
from psychobench.reports.methods import (
    CRAWFORD,
    SCHUETT,
    WELCH,
    WHITMORE,
    model_sentences,
)
from psychobench.reports.page import (
    Block,
    Cell,
    Page,
    Passage,
    Section,
    Table,
    Text,
    picture,
    table_of,
)
from psychobench.reports.page_parts import made_section, moment
from psychobench.studies.data import StudyData
from psychobench.studies.text import LEFT, Part, parts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LIMITS = (
    "An observer that could be one of the people has not been shown to be like them.",
    "All tests except Welch's treat each observer's PSE and JND as known without error.",
    "If people and observers judged different stimuli, a difference may be due to the stimuli.",
)


def study_page(study: StudyData, figure: Figure | None = None) -> Page:
    """Assemble the page of a study, with a figure that is drawn already if there is one."""
    from psychobench.studies.figure import draw_study

    drawn = picture(
        draw_study(study) if figure is None else figure,
        "Curves, data and PSEs of the observers over those of the people, by mask.",
        "Psychometric functions of observers and people, one panel per mask; the tables hold the "
        "numbers.",
    )
    fits, *questions = parts(study)
    sections = [
        Section("summary", "Summary", [Text([study.heading, *study.notes], listed=True)]),
        Section("data", "People, observers and stimuli", _data(study)),
        Section(
            "model",
            "Model and priors",
            [
                Text(["People's curves:", *model_sentences(study.cohort_fits)]),
                Text(["Observers' curves:", *model_sentences(study.observer_fits)]),
            ],
        ),
        Section("curves", "Curves", [drawn, _table(fits, "Fitted curves.")]),
        Section("tests", "Tests", [block for part in questions for block in _question(part)]),
        Section("limits", "Limits", [Text(LIMITS, listed=True)]),
        Section("paper", "For your paper", _paper(study)),
        made_section(study.provenance),
    ]
    return Page(
        title=f"People and observers: {study.cohort.name}, {study.stimuli.name}",
        subtitle=f"{study.cohort.title}; {study.stimuli.title}; made {moment(study.provenance)}",
        warning=study.heading if study.cohort.simulated or study.stimuli.rendered else "",
        sections=sections,
    )


def _data(study: StudyData) -> list[Block]:
    rows = [
        (name, info["version"], info["target"], info["weights_origin"])
        for name, info in study.observers.items()
    ]
    frame = pd.DataFrame(rows, columns=["observer", "version", "target answer", "weights"])
    stimuli = study.stimuli
    return [
        Text(
            [
                f"People: {study.cohort.title} (SHA-256 {study.cohort.sha256}).",
                f"Stimuli: {stimuli.title}, {len(stimuli.table)} images "
                f"(SHA-256 {stimuli.sha256}).",
            ]
        ),
        table_of(frame, "Observers."),
    ]


def _question(part: Part) -> list[Block]:
    if part.columns is None:
        return [Text([f"{part.title} {part.explanation}".strip()])]
    return [_table(part, f"{part.title} {part.explanation}".strip())]


def _table(part: Part, caption: str) -> Table:
    """Make a table of a part: its cells are texts, sorted by the number that they begin with."""
    columns = part.columns or {}
    orders = {name: [_order(cell) for cell in cells] for name, cells in columns.items()}
    numeric = [
        all(
            order is not None or cell == "-"
            for order, cell in zip(orders[name], cells, strict=True)
        )
        and name not in LEFT
        for name, cells in columns.items()
    ]
    cells = [
        [Cell("–" if text == "-" else text, order if number else None)
         for text, order in zip(texts, orders[name], strict=True)]
        for number, (name, texts) in zip(numeric, columns.items(), strict=True)
    ]  # fmt: skip
    return Table(caption, list(columns), numeric, list(zip(*cells, strict=True)))


def _order(text: str) -> float | None:
    """Read the number that a cell begins with, as in ``1.91 (1.44 to 2.37)``."""
    match = re.match(r"[<>]?(-?[0-9]*\.?[0-9]+)\b", text.replace(MINUS, "-"))
    return float(match[1]) if match else None


def _paper(study: StudyData) -> list[Block]:
    versions = study.provenance.get("versions", {})
    comparison = study.comparison
    text = [
        study.heading + ".",
        f"Psychometric functions were fitted with psychobench {versions.get('psychobench', '')}.",
        *model_sentences(study.cohort_fits),
        "Each observer's PSE and JND were tested against those of the people by Crawford and "
        "Howell's single-case t-test and by a one-sample t-test, Bonferroni-corrected for "
        f"{comparison.family_size} tests of the PSE and {comparison.jnd_family_size} of the JND.",
    ]
    cited = [CRAWFORD, SCHUETT]
    if study.trainings is not None and not study.trainings.comparison.table.empty:
        text.append(_trained(study.trainings.comparison))
        cited += [WELCH, WHITMORE]
    return [
        Passage("Methods", " ".join(text)),
        Passage("References", "\n".join(sorted(cited))),
    ]


def _trained(seeds: SeedComparison) -> str:
    counts = " or ".join(map(str, sorted(seeds.table["seeds"].unique())))
    who = ", ".join(names := list(dict.fromkeys(seeds.table["observer"])))
    one = len(names) == 1
    return (
        f"{who} {'was' if one else 'were'} trained from {counts} seeds; these tests concern the "
        "first. The PSEs of all trainings were compared with those of the people by Welch's "
        f"t-test, Bonferroni-corrected for {seeds.family_size} tests; intervals are "
        f"{seeds.confidence:.0%} prediction intervals for one further training."
    )
