"""A reproduction as one page: tables beside the paper's, figures, claims, departures."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from psychobench.reports.page import Page, Section, Text, picture, table_of
from psychobench.reports.page_parts import made_section
from psychobench.reproduction.paper import SOURCE
from psychobench.reproduction.text import (
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

    from psychobench.reproduction.data import ReproductionData

READING = (
    "The columns on the left come from this run; those named 'paper' are the paper's. A word in "
    "place of a PSE says why there is none: never (the curve does not reach .5), outside (it "
    "crosses .5 beyond the tested levels), reversed (it falls), failed. Columns with * count "
    "crossings beyond the levels as PSEs; the paper does not say how it treats them. 'Odds off' "
    "removes the log odds of happy faces among the training images from the answers."
)
VERDICTS = (
    "A claim holds if the whole 95% interval over trainings lies on the side that it names. It is "
    "undecided if the interval includes the criterion, or if there is only one training. 'Flips' "
    "marks claims that hold on one reading of the PSE (beyond the levels, or with odds off) and "
    "fail on another. On the right is the same measure computed from the PSEs that the paper "
    "prints."
)


def reproduction_page(result: ReproductionData, figure_2: Figure, figure_4: Figure) -> Page:
    """Build the page of a reproduction, with its figures."""
    stimuli, cohort = result.stimuli, result.people.cohort
    made_at = f"{datetime.fromisoformat(str(result.provenance['made_at'])):%Y-%m-%d %H:%M} UTC"
    return Page(
        title=f"{SOURCE}: experiments 1 to 3 run again",
        subtitle=f"{cohort.title}; {stimuli.title}; made {made_at}",
        warning=result.heading if cohort.simulated or stimuli.rendered else "",
        sections=[
            Section("summary", "Summary", [Text(_short(result), listed=True)]),
            Section("departures", "Departures from the paper's recipe", _departures(result)),
            Section("figures", "Figures", _figures(figure_2, figure_4)),
            Section("tables", "Tables", _tables(result)),
            *([] if result.gain is None else [_gain(result)]),
            Section("claims", "Claims", _claims(result)),
            made_section(result.provenance),
        ],
    )


def _short(result: ReproductionData) -> list[str]:
    departing = int((result.departures["departs"] == "yes").sum())
    return [
        result.heading,
        *cohort_lines(result),
        f"{departing} departures from the paper's recipe are listed below: agreement with the "
        "paper is not a replication, and disagreement is not a refutation.",
        f"Claims: {claim_counts(result.claims)[0]}",
    ]


def _departures(result: ReproductionData) -> list[Any]:
    names = {"stage": "stage", "item": "item", "paper": "paper", "here": "here",
             "departs": "departs", "section": "section"}  # fmt: skip
    return [
        table_of(result.departures, "The paper's recipe compared with what was done here.", names)
    ]


def _figures(figure_2: Figure, figure_4: Figure) -> list[Any]:
    return [
        picture(
            figure_2,
            "Figure 2 in the paper's arrangement: A object-based, B face-based pre-training.",
            "Psychometric curves of networks and people, one panel per pre-training; table 1 has "
            "the numbers.",
        ),
        picture(
            figure_4,
            "Figure 4 in the paper's arrangement: rows are masks, columns pre-trainings.",
            "Psychometric curves of networks and people, one panel per mask and pre-training; "
            "tables 2 and 3 have the numbers.",
        ),
    ]


def _tables(result: ReproductionData) -> list[Any]:
    blocks: list[Any] = [Text([READING])]
    for filled in result.tables:
        said = f"{title(filled)}. {family_lines(filled)[0]}"
        blocks.append(table_of(paper_form(filled, result), said))
        if flipped := family_lines(filled)[1:]:
            blocks.append(Text(flipped, listed=True))
    return blocks


def _gain(result: ReproductionData) -> Section:
    assert result.gain is not None
    return Section(
        "gain", "What FE's gain rests on", [table_of(gain_form(result.gain), f"{GAIN}.")]
    )


def _claims(result: ReproductionData) -> list[Any]:
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
        table_of(
            claims_form(result.claims), "The claims of the paper's results that can be measured."
        ),
        table_of(result.claims, "How each claim was measured.", names),
    ]
