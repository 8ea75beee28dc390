"""A reproduction as one page: tables beside the paper's, figures, claims, departures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psychobench.plugins import Page, Section, Text, made_section, moment, picture, table_of
from psychobench_torch.reproduction.paper import SOURCE
from psychobench_torch.reproduction.text import (
    GAIN,
    claim_counts,
    claims_form,
    cohort_lines,
    family_lines,
    gain_form,
    paper_form,
    title,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from psychobench_torch.reproduction.run import Reproduction

READING = (
    "Columns to the left are of this run, those named 'paper' are printed there. A word in place "
    "of a PSE says why there is none: never (the curve does not reach .5), outside (it does, but "
    "beyond the levels), reversed (it falls), failed. Columns with * count a PSE beyond the levels "
    "as one; the paper does not say what it does with them. 'Odds off' takes the share of happy "
    "faces among the training images out of the answers."
)
VERDICTS = (
    "A claim holds where the whole 95% interval over trainings lies on the side that it names; it "
    "is undecided where the interval holds the criterion, or where there is one training only. "
    "'Flips' marks claims that hold on one reading of PSE (beyond the levels, or with odds off) "
    "and do not on another. To the right: the same measure of the paper's own printed PSEs."
)


def reproduction_page(made: Reproduction, figure_2: Figure, figure_4: Figure) -> Page:
    """Lay a reproduction out, with its figures."""
    stimuli, cohort = made.stimuli, made.people.cohort
    return Page(
        title=f"{SOURCE}: experiments 1 to 3 run again",
        subtitle=f"{cohort.title}; {stimuli.title}; made {moment(made.provenance)}",
        warning=made.heading if cohort.simulated or stimuli.rendered else "",
        sections=[
            Section("summary", "In short", [Text(_short(made), listed=True)]),
            Section("departures", "Departures from the paper's recipe", _departures(made)),
            Section("figures", "Figures", _figures(figure_2, figure_4)),
            Section("tables", "Tables", _tables(made)),
            *([] if made.gain is None else [_gain(made)]),
            Section("claims", "Claims", _claims(made)),
            made_section(made.provenance),
        ],
    )


def _short(made: Reproduction) -> list[str]:
    departing = int((made.departures["departs"] == "yes").sum())
    return [
        made.heading,
        *cohort_lines(made),
        f"{departing} departures from the paper's recipe, listed below: agreement with the paper "
        "is no replication, and disagreement no refutation of it.",
        f"Claims: {claim_counts(made.claims)[0]}",
    ]


def _departures(made: Reproduction) -> list[Any]:
    names = {"stage": "stage", "item": "item", "paper": "paper", "here": "here",
             "departs": "departs", "section": "section"}  # fmt: skip
    return [table_of(made.departures, "The paper's recipe beside what was done here.", names)]


def _figures(figure_2: Figure, figure_4: Figure) -> list[Any]:
    return [
        picture(
            figure_2,
            "Figure 2 in the paper's arrangement: A object-based, B face-based pre-training.",
            "Psychometric curves of networks and people, one panel per pre-training; the numbers "
            "stand in table 1.",
        ),
        picture(
            figure_4,
            "Figure 4: a row for each hidden part, a column for each pre-training.",
            "Psychometric curves of networks and people, one panel per mask and pre-training; the "
            "numbers stand in tables 2 and 3.",
        ),
    ]


def _tables(made: Reproduction) -> list[Any]:
    blocks: list[Any] = [Text([READING])]
    for filled in made.tables:
        said = f"{title(filled)}. {family_lines(filled)[0]}"
        blocks.append(table_of(paper_form(filled, made), said))
        if flipped := family_lines(filled)[1:]:
            blocks.append(Text(flipped, listed=True))
    return blocks


def _gain(made: Reproduction) -> Section:
    assert made.gain is not None
    return Section("gain", "What carries FE's gain", [table_of(gain_form(made.gain), f"{GAIN}.")])


def _claims(made: Reproduction) -> list[Any]:
    names = {
        "id": "id",
        "section": "section",
        "measure": "measure",
        "networks": "networks",
        "trainings": "trainings",
        "verdict_outside_is_pse": "if a PSE beyond the levels counts",
        "verdict_balanced": "odds off",
        "reason": "why no verdict",
    }
    return [
        Text([VERDICTS]),
        table_of(claims_form(made.claims), "Each sentence of the results that can be measured."),
        table_of(made.claims, "How each was measured.", names),
    ]
