"""A study as text for a terminal: a section for each question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from psychobench import formatting
from psychobench.formatting import Scale
from psychobench.studies import sentences
from psychobench.studies.data import StudyData, Trainings
from psychobench.tables.output import json_rows

_EFFECT = Scale(2)  # of effect sizes and kappa
LEFT = ("observer", "mask", "pre-training", "status", "answer", "verdict", "reason")


@dataclass(frozen=True)
class Part:
    """A question, what its numbers mean, and the columns that answer it, if there are any."""

    title: str
    explanation: str
    columns: Mapping[str, Sequence[str]] | None

    def text(self) -> str:
        """Return the part as text for a terminal."""
        lines = [line for line in (self.title, self.explanation) if line]
        return "\n".join([*lines, *([] if self.columns is None else [_columns(self.columns)])])


def study_text(study: StudyData) -> str:
    """Return a study as text: heading, fits, a section for each question, notes."""
    sections = [part.text() for part in parts(study)]
    return "\n\n".join([study.heading, *sections, "\n".join(study.notes)])


def parts(study: StudyData) -> list[Part]:
    """Return the fits, then one part for each question."""
    table = study.table
    return [
        _fits(table, study.scale),
        _single_case(table),
        _one_sample(table),
        *_trained_again(study.trainings, study.scale),
        *([] if study.balanced is None else [_criterion(table, study.scale)]),
        _equivalence(table, study.comparison.margin, study.scale),
        _jnd(table, study.comparison.margin, study.scale),
        _curves(table),
        _errors(table),
        *([] if study.recovery is None else [_recovery(table)]),
    ]


def summary_frame(study: StudyData) -> pd.DataFrame:
    """Return PSE, JND and the answers to the main questions, one row per observer and mask."""
    table, margin = study.table, study.comparison.margin
    answers = {
        "one of the people?": _answers(table, "single"),
        "the average person?": _answers(table, "mean"),
        **({} if margin is None else {"equivalent?": _answers(table, "equivalence")}),
    }
    return pd.DataFrame({**(_fits(table, study.scale).columns or {}), **answers})


def _fits(table: pd.DataFrame, scale: Scale) -> Part:
    columns: dict[str, Iterable[object]] = {
        **_who(table),
        "pre-training": table["pretraining"].fillna("-"),
        "PSE": map(scale.text, table["pse"]),
        "JND": map(scale.text, table["jnd"]),
        "status": table["status"],
    }
    for name in ("PSE", "JND"):
        ends = table[[f"{name.lower()}_low", f"{name.lower()}_high"]]
        if ends.notna().any(axis=None):
            columns[name] = _intervals(table, name.lower(), scale)
    return _section("", "", columns)


def _single_case(table: pd.DataFrame) -> Part:
    return _section(
        "Could it be one of these people? Crawford & Howell's single-case t-test of the PSE:",
        "p is how often a person would be at least as far from the average.",
        {
            **_who(table),
            "% of people below (95%)": _percentiles(table, "percentile"),
            "t": map(_two, table["single_t"]),
            "df": _whole(table["df"]),
            **_p_values(table, "single_p"),
            "answer": _answers(table, "single"),
        },
    )


def _one_sample(table: pd.DataFrame) -> Part:
    n = " or ".join(_whole(table["cohort_n_pse"].drop_duplicates()))
    return _section(
        "Does it differ from the average person? The paper's one-sample t-test of the PSE:",
        f"p concerns the mean of {n} people. With many people, most individuals differ from the "
        "mean, too.",
        {
            **_who(table),
            "t": map(_two, table["t"]),
            "df": _whole(table["df"]),
            **_p_values(table, "p"),
            "d (95%)": _intervals(table, "d", _EFFECT),
            "BF10": map(formatting.factor_text, table["log_bf10"]),
            "answer": _answers(table, "mean"),
        },
    )


def _trained_again(trainings: Trainings | None, scale: Scale) -> list[Part]:
    if trainings is None:
        return []
    table, question = trainings.comparison.table, "What if the network were trained again?"
    if table.empty:
        said = "Not tested: none of these observers can be trained from other seeds."
        return [Part(f"{question} {said}", "", None)]
    seeds = sorted(trainings.comparison.values["seed"].unique())
    return [
        _section(
            f"{question} PSEs of {len(seeds)} trainings (seeds {seeds[0]} to {seeds[-1]}), "
            "compared with those of the people by Welch's t-test:",
            "p concerns the mean over trainings and the mean over people; 'next' is the prediction "
            "interval for the PSE of one further training.",
            {
                **_who(table),
                "with PSE": _whole(table["seeds_with_pse"]),
                "mean (95%)": _intervals(table, "seeds_mean_pse", scale),
                "SD": map(scale.text, table["seeds_sd_pse"]),
                "next (95%)": [
                    formatting.range_text(*ends)
                    for ends in table[["pse_low", "pse_high"]].to_numpy()
                ],
                "t": map(_two, table["welch_t"]),
                "df": [formatting.number_text(value, 1) for value in table["welch_df"]],
                **_p_values(table, "welch_p"),
                "answer": _answers(table, "welch"),
            },
        )
    ]


def _criterion(table: pd.DataFrame, scale: Scale) -> Part:
    said = table[table["label_log_odds"].notna()]
    return _section(
        "Is it a matter of criterion? The paper's t-test without the training labels' log-odds:",
        "An observer trained with more targets than non-targets answers 'target' more readily, "
        "which alone lowers its PSE.",
        {
            **_who(said),
            "log-odds": [formatting.number_text(value, 2) for value in said["label_log_odds"]],
            "PSE": map(scale.text, said["pse"]),
            "without": map(scale.text, said["pse_balanced"].astype(float)),
            "t": map(_two, said["t_balanced"].astype(float)),
            "p": map(formatting.p_text, said["p_balanced"].astype(float)),
            "p (Bonf.)": map(formatting.p_text, said["p_bonferroni_balanced"].astype(float)),
            "answer": _answers(said, "balanced"),
            "verdict": ["FLIPS" if flips else "same" for flips in said["verdict_flips"]],
        },
    )


def _equivalence(table: pd.DataFrame, margin: float | None, scale: Scale) -> Part:
    question = "Is its PSE equivalent to the average person's?"
    if margin is None:
        said = "Not tested: no equivalence margin was given."
        return Part(f"{question} {said}", "", None)
    return _section(
        f"{question} Equivalence test (two one-sided t-tests):",
        f"p is small if the difference is reliably smaller than the margin, {margin:g}.",
        {
            **_who(table),
            "difference": map(scale.text, table["pse"] - table["cohort_mean_pse"]),
            **_p_values(table, "equivalence_p"),
            "answer": _answers(table, "equivalence"),
        },
    )


def _jnd(table: pd.DataFrame, margin: float | None, scale: Scale) -> Part:
    columns: dict[str, Iterable[object]] = {
        **_who(table),
        "JND": map(scale.text, table["jnd"]),
        "% of people below (95%)": _percentiles(table, "jnd_percentile"),
        "p single": map(formatting.p_text, table["jnd_single_p_bonferroni"]),
        "p mean": map(formatting.p_text, table["jnd_p_bonferroni"]),
        "d (95%)": _intervals(table, "jnd_d", _EFFECT),
        "BF10": map(formatting.factor_text, table["jnd_log_bf10"]),
    }
    if margin is not None:
        columns["p equiv."] = map(formatting.p_text, table["jnd_equivalence_p_bonferroni"])
    return _section(
        "The same for the JND: does it discriminate between levels as well as people do?",
        "p of the same tests, Bonferroni-corrected; a lower JND means better discrimination. The "
        "answer is to the first question.",
        {**columns, "answer": _answers(table, "single", "jnd_")},
    )


def _curves(table: pd.DataFrame) -> Part:
    return _section(
        "How far is its whole curve from the people's mean curve?",
        "Root mean square difference in P(target) over the people's levels.",
        {
            **_who(table),
            "distance": map(formatting.number_text, table["curve_distance"]),
            "% of people closer": [formatting.number_text(v, 0) for v in table["curve_percentile"]],
            "median person": map(formatting.number_text, table["curve_distance_people"]),
            "split-half": map(formatting.number_text, table["curve_split_half"]),
            "people": _whole(table["curve_people"]),
        },
    )


def _errors(table: pd.DataFrame) -> Part:
    question = "Does it err on the same stimuli as people?"
    if table["consistency"].isna().all():
        why = "; ".join(table["consistency_reason"].unique())
        return Part(f"{question} Not available: {why}.", "", None)
    reasons = table["consistency_reason"]
    return _section(
        f"{question} Error consistency (Cohen's kappa) within levels:",
        "0 is chance, 1 means the same errors; agreement among people is the ceiling.",
        {
            **_who(table),
            "kappa (95%)": _intervals(table, "consistency", _EFFECT),
            "among people (95%)": _intervals(table, "consistency_people", _EFFECT),
            "stimuli": _whole(table["consistency_stimuli"]),
            **({"reason": reasons.fillna("")} if reasons.notna().any() else {}),
        },
    )


def _recovery(table: pd.DataFrame) -> Part:
    question = "Which observer describes people best, and would it be found if it were true?"
    if table["recovered"].isna().all():
        why = "; ".join(table["recovery_reason"].unique())
        return Part(f"{question} Not available: {why}.", "", None)
    return _section(
        f"{question} Model recovery:",
        "'found' is how often the observer is the best when people are simulated to answer as it "
        "does; far below 1, being the best says little.",
        {
            **_who(table),
            "log-likelihood": map(formatting.number_text, table["recovery_score"].astype(float)),
            "best": ["yes" if best is True else "no" for best in table["recovery_best"]],
            "found (95%)": _intervals(table, "recovered", _EFFECT),
        },
    )


def _who(table: pd.DataFrame) -> dict[str, Iterable[object]]:
    return {"observer": table["observer"], "mask": table["mask"]}


def _p_values(table: pd.DataFrame, name: str) -> dict[str, Iterable[object]]:
    return {
        "p": map(formatting.p_text, table[name]),
        "p (Bonf.)": map(formatting.p_text, table[f"{name}_bonferroni"]),
        "p (Holm)": map(formatting.p_text, table[f"{name}_holm"]),
    }


def _intervals(table: pd.DataFrame, name: str, scale: Scale) -> list[str]:
    return [scale.with_interval(*row) for row in _ends(table, name)]


def _percentiles(table: pd.DataFrame, name: str) -> list[str]:
    return [formatting.percentile_text(*row) for row in _ends(table, name)]


def _ends(table: pd.DataFrame, name: str) -> Iterator[tuple[float, float, float]]:
    """Yield a value and the ends of its interval, row by row."""
    value, low, high = (table[each].astype(float) for each in (name, f"{name}_low", f"{name}_high"))
    return zip(value, low, high, strict=True)


def _answers(table: pd.DataFrame, question: str, prefix: str = "") -> list[str]:
    return [sentences.answer(row, question, prefix) for row in json_rows(table)]


def _two(value: float) -> str:
    return formatting.number_text(value, 2)


def _whole(column: pd.Series[Any]) -> list[str]:
    return ["-" if pd.isna(value) else f"{value:.0f}" for value in column]


def _section(title: str, explanation: str, columns: Mapping[str, Iterable[object]]) -> Part:
    cells = {name: [str(cell) for cell in column] for name, column in columns.items()}
    return Part(title, explanation, cells)


def _columns(columns: Mapping[str, Sequence[str]]) -> str:
    """Align the columns under their names, with a rule between."""
    padded = [_padded(name, cells) for name, cells in columns.items()]
    lines = ["  ".join(cells).rstrip() for cells in zip(*padded, strict=True)]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def _padded(name: str, cells: Sequence[str]) -> list[str]:
    """Pad cells to one width: words on the left, numbers on the right."""
    column = [name, *cells]
    width = max(map(len, column))
    return [cell.ljust(width) if name in LEFT else cell.rjust(width) for cell in column]
