"""`psychobench published`: a paper's tables recomputed from its own printed figures."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from psychobench.comparison.published import Published

HEADERS = (
    "table", "pre-training", "mask", "observer", "PSE", "t printed", "t again", "p printed",
    "p again", "agrees", "t (1 case)", "p (1 case)", "margin",
)  # fmt: skip
WORDS = 4  # columns of words, aligned to the left


@click.command()
@click.argument("name", metavar="NAME")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def published(name: str, as_json: bool) -> None:
    """Recompute a paper's t and p from the PSEs and the cohort that it prints.

    Printed figures that cannot follow from the others, allowing for rounding, are marked. The table
    also has the single-case test, which asks whether the observer could be one of the people, and
    the smallest margin within which the average person would be equivalent to the observer.
    """
    from psychobench.comparison.published import published

    paper = published(name)
    if as_json:
        rows = paper.to_json_rows()
        click.echo(json.dumps(rows, indent=2, allow_nan=False, ensure_ascii=False))
    else:
        click.echo("\n".join([*_heading(paper), "", *_rows(paper), "", *_summary(paper)]))


def _heading(paper: Published) -> list[str]:
    cohort = paper.cohort
    return [
        paper.source,
        f"Cohort as printed: {cohort.n} people, mean PSE {cohort.mean}, SEM {cohort.sem}.",
    ]


def _rows(paper: Published) -> list[str]:
    """Align the cells under their headers, as text."""
    cells = [list(HEADERS), *map(_cells, paper.table.to_dict("records"))]
    widths = [max(len(row[each]) for row in cells) for each in range(len(HEADERS))]
    lines = []
    for row in cells:
        words = [cell.ljust(width) for cell, width in zip(row[:WORDS], widths, strict=False)]
        numbers = [
            cell.rjust(width) for cell, width in zip(row[WORDS:], widths[WORDS:], strict=True)
        ]
        lines.append("  ".join([*words, *numbers]))
    return [lines[0], "-" * len(lines[0]), *lines[1:]]


def _cells(row: Mapping[Hashable, Any]) -> list[str]:
    from psychobench.formatting import number_text, p_text

    return [
        *(str(row[name]) for name in ("table", "pretraining", "mask", "observer")),
        *(number_text(row[name]) for name in ("pse", "t_printed", "t_recomputed")),
        "-" if row["agrees"] is None else row["p_printed"].removeprefix("0"),
        p_text(row["p_recomputed"]),
        _verdict(row),
        number_text(row["single_case_t"]),
        p_text(row["single_case_p_bonferroni"]),
        number_text(row["smallest_margin"]),
    ]


def _verdict(row: Mapping[Hashable, Any]) -> str:
    if row["agrees"] is None:
        return "no PSE"
    if row["agrees"]:
        return "yes"
    wrong = [name for name in ("t", "p") if not row[f"{name}_agrees"]]
    return f"NO: {' and '.join(wrong)}" if wrong else "NO: t with p"


def _summary(paper: Published) -> list[str]:
    from psychobench.comparison.published import ALPHA

    table = paper.table
    tested = table[table["pse"].notna()]
    sizes = ", ".join(f"{n} in table {k}" for k, n in tested.groupby("table").size().items())
    different = int((tested["p_recomputed"] < ALPHA).sum())
    unlike = int((tested["single_case_p_bonferroni"] < ALPHA).sum())
    lines = [
        f"{len(tested)} of {len(table)} cells have a PSE. p is Bonferroni-corrected within each "
        f"table for the cells that have one: {sizes}.",
        f"{int(tested['agrees'].sum())} of {len(tested)} agree: numbers that round to the printed "
        "PSE, mean and SEM can give a t and a p that round to the printed ones.",
    ]
    lines += [_fault(row) for row in tested.to_dict("records") if not row["agrees"]]
    lines += [
        _one_cohort(paper),
        f"Differs from the average person (one-sample t, corrected p < {ALPHA:g}): "
        f"{different} of {len(tested)}.",
        "Not plausible as one of the people (single-case t with SD = SEM x sqrt(n), "
        f"corrected p < {ALPHA:g}): {unlike} of {len(tested)}.",
        "margin: the smallest equivalence margin, in PSE, within which the average person would be "
        f"equivalent to the observer, at {ALPHA:g} divided by the size of the family.",
    ]
    return lines


def _fault(row: Mapping[Hashable, Any]) -> str:
    from psychobench.formatting import number_text, p_text

    ends = list(dict.fromkeys(p_text(row[name]) for name in ("p_low", "p_high")))
    printed, low, high = (number_text(row[name]) for name in ("t_printed", "t_low", "t_high"))
    return (
        f"Table {row['table']}, {row['pretraining']}, {row['observer']}, mask {row['mask']}: "
        f"printed t = {printed} and p {row['p_printed']}; its PSE gives t from {low} to {high}, "
        f"and the printed t gives p = {' to '.join(ends)}."
    )


def _one_cohort(paper: Published) -> str:
    found = paper.consistent_cohorts()
    if found is None:
        return "No single cohort gives every printed t."
    (low, high), (least, most) = found
    return (
        f"A single cohort gives every printed t: one with a mean of {low:.5f} to {high:.5f} and "
        f"an SEM of {least:.5f} to {most:.5f}."
    )
