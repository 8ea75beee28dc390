"""The paper's three tables, our cells beside its own; and what carries FE's gain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from psychobench.comparison import compare_balanced, compare_seeds, compare_with, seed_summary
from psychobench.comparison.published import Published
from psychobench.reproduction.measures import READINGS, Measured, People, Replicates
from psychobench.reproduction.paper import (
    CONDITIONS,
    CONTROLS,
    NETWORKS,
    PRETRAININGS,
    TABLES,
    PaperTable,
)
from psychobench.reproduction.pretraining_data import UNKNOWN, Infos, pretrained_on

TESTS = ("t", "df", "p", "p_bonferroni", "single_p", "single_p_bonferroni", "percentile")
SEEDS = (
    "seeds", "seeds_statuses", "seeds_with_pse", "seeds_mean_pse", "seeds_sd_pse", "pse_low",
    "pse_high", "welch_t", "welch_df", "welch_p", "welch_p_bonferroni",
)  # fmt: skip
ORDER = ["pretraining", "condition", "observer", "seed"]
PRINTED = {"pse": "paper_pse", "t_printed": "paper_t", "p_printed": "paper_p"}


@dataclass(frozen=True)
class FilledTable:
    """One of the paper's tables with our cells.

    Attributes
    ----------
    of : PaperTable
        Which.
    table : pandas.DataFrame
        One row per cell, in the paper's order. ``pse, status, t, df, p, p_bonferroni`` are of the
        first training, as the paper has one; ``*_outside_is_pse`` count a PSE beyond the levels as
        one; ``*_balanced`` have the labels' log-odds removed; ``seeds`` to ``welch_p_bonferroni``
        are over all trainings (`psychobench.comparison.compare_seeds`); ``paper_*`` is what the
        paper prints.
    family_size, family_size_outside_is_pse, family_size_balanced : int
        Tests that Bonferroni's correction counts in each: the cells with a PSE.
    paper_family_size : int
        The same in the paper.
    """

    of: PaperTable
    table: pd.DataFrame
    family_size: int
    family_size_outside_is_pse: int
    family_size_balanced: int
    paper_family_size: int


@dataclass(frozen=True)
class _Frame:
    """A table of fits, as comparisons take it."""

    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        return self.table


def fill_tables(
    measured: Measured, people: People, paper: Published, infos: Infos
) -> list[FilledTable]:
    """Test every cell of the paper's networks and lay the cells out as the paper does.

    `infos` are what the networks say of themselves, under ``alexnet, object`` and so on.
    """
    mine = measured.cells["observer"].isin(NETWORKS)
    return [_fill(table, measured.cells[mine], people, paper, infos) for table in TABLES]


def _fill(
    of: PaperTable, cells: pd.DataFrame, people: People, paper: Published, infos: Infos
) -> FilledTable:
    here = cells["pretraining"].isin(of.pretrainings) & cells["condition"].isin(of.conditions)
    rows = cells[here].sort_values(ORDER, key=_in_order, kind="stable")
    # comparisons tell observers apart by one name
    rows = rows.assign(network=rows["observer"])
    rows["observer"] = rows["network"] + " " + rows["pretraining"]
    first = rows[rows["seed"] == rows["seed"].min()]
    plain, balanced = (
        _Frame(first[first["balanced"] == each].reset_index(drop=True)) for each in (0, 1)
    )
    cohorts = dict.fromkeys(of.conditions, people.measures)
    counted, outside = (
        compare_with(plain, cohorts, statuses=READINGS[reading]) for reading in ("none", "pse")
    )
    odds = plain.table.groupby("observer")["label_log_odds"].first()
    said = {str(name): None if np.isnan(value) else float(value) for name, value in odds.items()}
    again = compare_balanced(counted, balanced, said)
    trained = compare_seeds(_Frame(rows[rows["balanced"] == 0]), cohorts).to_frame()
    pairs = ["observer", "mask"]
    table = (
        counted.to_frame()[[*pairs, "pse", "status", "reason", *TESTS]]
        .join(outside.to_frame()[["pse", "t", "p_bonferroni"]].add_suffix("_outside_is_pse"))
        .join(again.to_frame().drop(columns=pairs))
        .merge(trained[[*pairs, *SEEDS]], on=pairs, how="left", validate="1:1")
        .assign(observer=plain.table["network"], pretraining=plain.table["pretraining"])
    )
    theirs = paper.table[paper.table["table"] == of.number].rename(columns=PRINTED)
    keys = ["pretraining", "mask", "observer"]
    table = table.merge(theirs[[*keys, *PRINTED.values()]], on=keys, how="left", validate="1:1")
    table.insert(0, "table", of.number)
    pairs_of = zip(table["observer"], table["pretraining"], strict=True)
    table["weights"] = [_weights(infos.get(f"{name}, {role}"), role) for name, role in pairs_of]
    lead = ["table", *keys, "weights"]
    return FilledTable(
        of,
        table[[*lead, *(name for name in table if name not in lead)]],
        counted.family_size,
        outside.family_size,
        again.family_size,
        int(theirs["paper_pse"].notna().sum()),
    )


def _weights(info: Mapping[str, Any] | None, role: str) -> str:
    return UNKNOWN if info is None else pretrained_on(info, role)


def _in_order(column: pd.Series[Any]) -> pd.Series[Any]:
    orders = {
        "observer": (*NETWORKS, *CONTROLS),
        "pretraining": PRETRAININGS,
        "condition": CONDITIONS,
    }
    order = orders.get(str(column.name))
    return column if order is None else column.map({name: i for i, name in enumerate(order)})


def gain_table(measures: Replicates) -> pd.DataFrame | None:
    """Show what carries FE's gain: heads on the same features of AlexNet, side by side.

    Parameters
    ----------
    measures : Replicates
        Of all networks that were asked.

    Returns
    -------
    pandas.DataFrame or None
        One row per head and pre-training, nothing hidden: mean over trainings of ``pse``,
        ``distance`` (of the curve from the people's), ``start`` (P at the lowest level),
        ``accuracy``; and ``gain``, by how much the curve lies nearer to people's than AlexNet's,
        with its 95% interval over trainings. None where no control was asked.
    """
    heads = [name for name in ("alexnet", *CONTROLS, "fe_alexnet") if name in measures.observers]
    if not set(heads) & set(CONTROLS):
        return None
    chosen = measures.only(heads)
    rows = []
    for p, pretraining in enumerate(PRETRAININGS):
        for number, name in enumerate(heads):
            here = p, number, 0
            row: dict[str, Any] = {"observer": name, "pretraining": pretraining}
            values = {
                "pse": chosen.pse[here],
                "distance": chosen.distance[here],
                "start": chosen.answers[here][:, 0],
                "accuracy": chosen.accuracy[here],
            }
            means = {each: seed_summary(of).mean for each, of in values.items()}
            row |= {**means, "with_pse": int(np.isfinite(values["pse"]).sum())}
            if "alexnet" in heads and name != "alexnet":
                gained = seed_summary(chosen.distance[p, 0, 0] - chosen.distance[here])
                row |= {
                    "gain": gained.mean,
                    "gain_low": gained.mean_low,
                    "gain_high": gained.mean_high,
                }
            rows.append(row)
    return pd.DataFrame(rows)
