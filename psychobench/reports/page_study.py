"""A comparison of networks and people as a page."""

from __future__ import annotations

import pandas as pd

from psychobench.reports.methods import CRAWFORD, SCHUETT, model_sentences
from psychobench.reports.page import Block, Page, Passage, Section, Table, Text, picture, table_of
from psychobench.reports.page_parts import made_section
from psychobench.reports.study import Study
from psychobench.reports.terminal import Part, parts

LIMITS = (
    "An observer that could be one of the people is not shown to be like them.",
    "Tests take each observer's PSE and JND as exact.",
    "A difference may come from the stimuli where people and observers did not judge the same.",
)


def study_page(study: Study) -> Page:
    """Lay a study out, figure and all."""
    drawn = picture(
        study.plot(),
        "Curves, data and PSEs of the observers over those of the people, mask by mask.",
        "Psychometric curves of observers and people, one panel per mask; the numbers stand in "
        "the tables.",
    )
    fits, *questions = parts(study)
    sections = [
        Section("summary", "In short", [Text([study.heading, *study.notes], listed=True)]),
        Section("data", "People, observers and stimuli", _data(study)),
        Section(
            "model",
            "Model and priors",
            [
                Text(["People's curves:", *model_sentences(study.cohort_fits.options)]),
                Text(["Observers' curves:", *model_sentences(study.observer_fits.options)]),
            ],
        ),
        Section("curves", "Curves", [drawn, _table(fits, "What was fitted.")]),
        Section("tests", "Tests", [block for part in questions for block in _question(part)]),
        Section("limits", "Limits", [Text(LIMITS, listed=True)]),
        Section("paper", "For your paper", _paper(study)),
        made_section(study.provenance),
    ]
    return Page(
        title=f"People and observers: {study.cohort.name}, {study.stimuli.name}",
        subtitle=f"{study.cohort.title}; {study.stimuli.title}; made {study.provenance['made_at']}",
        warning=study.heading if study.cohort.simulated or study.stimuli.rendered else "",
        sections=sections,
    )


def _data(study: Study) -> list[Block]:
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
    """Take over a table of the terminal's: its cells are text already."""
    frame = pd.DataFrame({name: list(cells) for name, cells in (part.columns or {}).items()})
    return table_of(frame.astype(str), caption)


def _paper(study: Study) -> list[Block]:
    versions = study.provenance.get("versions", {})
    comparison = study.comparison
    text = [
        study.heading + ".",
        f"Psychometric functions were fitted with psychobench {versions.get('psychobench', '')}.",
        *model_sentences(study.cohort_fits.options),
        "Each observer's PSE and JND were tested against those of the people by Crawford and "
        "Howell's single-case t and by a one-sample t, Bonferroni-corrected for "
        f"{comparison.family_size} tests of the PSE and {comparison.jnd_family_size} of the JND.",
    ]
    return [
        Passage("Methods", " ".join(text)),
        Passage("References", "\n".join(sorted([CRAWFORD, SCHUETT]))),
    ]
