"""A reproduction in words and tables: for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from psychobench import formatting
from psychobench.reports import words
from psychobench.reproduction.paper import SHOWN, SOURCE
from psychobench.reproduction.pretraining_data import pretraining_lines
from psychobench.tables.output import json_rows

if TYPE_CHECKING:
    from psychobench.reproduction.data import ReproductionData
    from psychobench.reproduction.tables import FilledTable

Frame = pd.DataFrame


def summary(result: ReproductionData) -> str:
    """Summarise a reproduction for a terminal."""
    parts = [result.heading, f"{SOURCE}: experiments 1 to 3, run again.", *cohort_lines(result)]
    for filled in result.tables:
        parts += [
            "",
            title(filled),
            align_columns(paper_form(filled, result)),
            *family_lines(filled),
        ]
    if result.gain is not None:
        parts += ["", GAIN, align_columns(gain_form(result.gain))]
    parts += ["", "Claims", align_columns(claims_form(result.claims)), *claim_counts(result.claims)]
    departing = result.departures[result.departures["departs"] == "yes"]
    parts += ["", "Departures from the paper's recipe"]
    parts += [f"  {row.stage}, {row.item}: {row.here} (paper: {row.paper})"
              for row in departing.itertuples()]  # fmt: skip
    return "\n".join(parts)


GAIN = (
    "What FE's gain rests on: different heads on the same AlexNet features, whole faces, means "
    "over trainings; gain: how much closer the curve is to people's than AlexNet's"
)


def title(filled: FilledTable) -> str:
    """Return the title of a table."""
    return f"Table {filled.of.number}: {filled.of.title}"


def cohort_lines(result: ReproductionData) -> list[str]:
    """Describe the people, the trainings, and what the networks were pre-trained on."""
    many = (
        f"{len(result.seeds)} trainings of each network"
        if len(result.seeds) > 1
        else "One training"
    )
    first = f"; PSE, t and p are those of the first (seed {result.seeds[0]})"
    return [
        words.cohort_sentence(result.people.measures, result.people.cohort.title),
        f"{many}{first if len(result.seeds) > 1 else ' of each network'}.",
        *pretraining_lines(result.infos),
    ]


def family_lines(filled: FilledTable) -> list[str]:
    """Describe the family of tests on both readings, and list verdicts that flip."""
    lines = [
        f"p is Bonferroni-corrected for {filled.family_size} cells with a PSE (t*, p*: for "
        f"{filled.family_size_outside_is_pse}, counting PSEs beyond the levels; in the paper for "
        f"{filled.paper_family_size})."
    ]
    flipped = filled.table[filled.table["verdict_flips"].eq(True)]
    for row in json_rows(flipped):
        p = row["p_bonferroni_balanced"]
        lines.append(
            f"FLIPS with the labels' log odds removed: {SHOWN[row['observer']]}, "
            f"{row['pretraining']}, mask {row['mask']}: {row['status_balanced']}"
            + ("." if p is None else f", p {formatting.p_text(p)}.")
        )
    return lines


def paper_form(filled: FilledTable, result: ReproductionData) -> Frame:
    """Arrange a table as in the paper, with the paper's figures on the right."""
    table = filled.table
    block = "pretraining" if len(filled.of.pretrainings) > 1 else "mask"
    shown: dict[str, Iterable[Any]] = {
        block.replace("pretraining", "pre-training"): table[block],
        "network": [SHOWN[name] for name in table["observer"]],
        "pre-trained on": table["weights"],
        "PSE": _or_status(table, "pse"),
        f"t({table['df'].dropna().max() if table['df'].notna().any() else '-'})": _numbers(
            table["t"]
        ),
        "p": map(formatting.p_text, table["p_bonferroni"]),
        "PSE*": _numbers(table["pse_outside_is_pse"]),
        "t*": _numbers(table["t_outside_is_pse"]),
        "p*": map(formatting.p_text, table["p_bonferroni_outside_is_pse"]),
        "PSE, odds off": _or_status(table, "pse_balanced", "status_balanced"),
    }
    if len(result.seeds) > 1:
        shown |= {
            "with PSE": [
                f"{int(n)} of {int(m)}" for n, m in table[["seeds_with_pse", "seeds"]].to_numpy()
            ],
            "mean PSE (SD)": [
                _mean(*pair) for pair in table[["seeds_mean_pse", "seeds_sd_pse"]].to_numpy(float)
            ],
            "Welch t": _numbers(table["welch_t"].astype(float)),
            "p (Welch)": map(formatting.p_text, table["welch_p_bonferroni"].astype(float)),
        }
    return Frame(
        {
            **{name: list(cells) for name, cells in shown.items()},
            "paper PSE": _numbers(table["paper_pse"]),
            "paper t": _numbers(table["paper_t"]),
            "paper p": ["-" if pd.isna(p) else str(p) for p in table["paper_p"]],
        }
    )


def gain_form(gain: Frame) -> Frame:
    """Arrange the comparison of heads on the same features."""
    blank = pd.Series(float("nan"), index=gain.index)
    gained = [gain.get(name, blank) for name in ("gain", "gain_low", "gain_high")]
    return Frame(
        {
            "pre-training": gain["pretraining"],
            "head": [SHOWN[name] for name in gain["observer"]],
            "PSE": _numbers(gain["pse"]),
            "with PSE": gain["with_pse"].astype(str),
            "distance": _numbers(gain["distance"]),
            "gain (95%)": [formatting.with_interval(*each) for each in zip(*gained, strict=True)],
            "P at lowest level": _numbers(gain["start"]),
            "accuracy": _numbers(gain["accuracy"]),
        }
    )


def claims_form(claims: Frame) -> Frame:
    """Arrange the claims: what was found, and whether the paper's own figures support it."""
    values = claims[["value", "low", "high"]].astype(float).to_numpy()
    return Frame(
        {
            "id": claims["id"],
            "claim": claims["claim"],
            "value (95%)": [formatting.with_interval(*row) for row in values],
            "verdict here": [
                f"{row['verdict']}{' (flips)' if row['flips'] else ''}" for row in json_rows(claims)
            ],
            "paper's figures": [
                formatting.number_text(float(value)) if says != "not printed" else "-"
                for value, says in zip(claims["paper_value"], claims["paper_supports"], strict=True)
            ],
            "support it": claims["paper_supports"],
        }
    )


def claim_counts(claims: Frame) -> list[str]:
    """Count the verdicts."""
    counts = claims["verdict"].value_counts()
    return [", ".join(f"{n} {verdict}" for verdict, n in counts.items()) + "."]


def align_columns(table: Frame) -> str:
    """Align the columns of a table of texts for a terminal."""
    columns = {str(name): [str(name), *map(str, table[name])] for name in table}
    widths = [max(map(len, cells)) for cells in columns.values()]
    rows = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns.values(), strict=True)
    ]
    return "\n".join([rows[0], "-" * max(map(len, rows)), *rows[1:]])


def _numbers(values: pd.Series[Any]) -> list[str]:
    return [formatting.number_text(float(value)) for value in values.astype(float)]


def _or_status(table: Frame, name: str, status: str = "status") -> list[str]:
    return [
        formatting.number_text(value) if pd.notna(value) else ("-" if pd.isna(why) else str(why))
        for value, why in zip(table[name].astype(float), table[status], strict=True)
    ]


def _mean(mean: float, sd: float) -> str:
    return "-" if pd.isna(mean) else f"{mean:.3f} ({formatting.number_text(sd)})"
