"""An analysis in one screen: the verdict, a figure of the means, numbers, checks, method."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from psychobench.analysis.data import AnalysisData, measure_name
from psychobench.analysis.plan_report import plan_sentences
from psychobench.analysis.text import (
    cell_texts,
    data_sentence,
    exclusion_sentence,
    status_sentence,
)
from psychobench.comparison.conditions.condition_tests import ConditionTests
from psychobench.comparison.conditions.sentences import (
    effect_finding,
    effect_statistics,
    pair_finding,
)
from psychobench.formatting import df_text, is_found, number_text, p_phrase, p_text
from psychobench.messages import number_of, shown
from psychobench.reports.page_parts import sentence
from psychobench.reports.sketch import Mean, sketch, table_text, wrapped

SCREEN = 40  # lines
TABLE_FRAME, FEWEST_ROWS = 3, 2  # lines around a table, and in it
LONGEST_NOTE = 240  # characters: a forgotten condition is told whole
MOST_DRAWN, MOST_NAMED, MOST_NOTES = 6, 3, 2
NUMBERS = ("n", "mean", "SD", "difference", "t (df)", "p", "p corr.", "d")
MORE = "`verbose=True` shows everything."
TESTS = {"paired": "paired t-tests", "welch": "Welch's t-tests"}


def brief_text(analysis: AnalysisData, width: int) -> str:
    """Return what was found, then the numbers, then what to look at, in one screen of text.

    Parameters
    ----------
    analysis : AnalysisData
        What was analysed.
    width : int
        Characters of a line.
    """
    warning = ["SIMULATED people: no claim about people."] if analysis.simulated else []
    verdict = [*warning, *(wrapped(line, width) for line in verdict_sentences(analysis))]
    last = [wrapped(line, width, "  ") for line in (*_checks(analysis), _method(analysis), MORE)]
    answer, figure, end = "\n".join(verdict), _figure(analysis, width), "\n".join(last)
    cells, pairs = _cells(analysis), _pairs(analysis)
    around = sum(len(each.splitlines()) + 1 for each in (answer, figure, end))
    room = SCREEN - around - 2 * TABLE_FRAME
    most_pairs = max(FEWEST_ROWS, min(len(pairs), room - min(len(cells), room // 2)))
    most_cells = max(FEWEST_ROWS, room - most_pairs)
    tables = [_table(cells, most_cells, NUMBERS, width), _table(pairs, most_pairs, NUMBERS, width)]
    return "\n\n".join(section for section in (answer, figure, *tables, end) if section)


def verdict_sentences(analysis: AnalysisData) -> list[str]:
    """Return the answer in two or three sentences, one for each measure."""
    if not analysis.tests:
        return [*_means(analysis), *map(sentence, analysis.notes)]
    untested = [note for note in analysis.notes if "could not be tested" in note]
    return [*map(_answer, analysis.tests.values()), *map(sentence, untested)]


def _answer(tests: ConditionTests) -> str:
    """Answer for one measure: what the effects are, or the pair, or how many pairs differ."""
    if tests.effects:
        first, *others = (
            f"{effect_finding(each, tests)}, {effect_statistics(each)}" for each in tests.effects
        )
        return "; ".join([first, *(each[0].lower() + each[1:] for each in others)]) + "."
    tested = [pair for pair in tests.pairs if pair.reason is None]
    if len(tested) > 1:
        found = [pair for pair in tested if is_found(pair.p_bonferroni, 1 - tests.confidence)]
        pairs = number_of(len(tested), "pair")
        return f"The {tests.measure_name} differed in {len(found)} of {pairs} of cells."
    (pair,) = tested
    first, second = (
        f"{name} (M = {tests.scale.text(mean)})"
        for name, mean in ((pair.first, pair.mean_first), (pair.second, pair.mean_second))
    )
    return (
        f"{pair_finding(pair, tests, first, second)}: difference "
        f"{tests.scale.text(pair.difference)}, {tests.confidence:.0%} CI "
        f"{tests.scale.interval(pair.low, pair.high)}, {p_phrase(pair.p_bonferroni)}."
    )


def _means(analysis: AnalysisData) -> Iterator[str]:
    for row in analysis.descriptives.head(MOST_NAMED).to_dict(orient="records"):
        if np.isfinite(row["mean"]):
            scale = analysis.scale(row["measure"])
            name, n = measure_name(row["measure"]), row["n"]
            of = f"The {name} was" if n == 1 else f"The mean {name} of {n} participants was"
            ends = scale.interval(row["low"], row["high"])
            interval = f", {analysis.confidence:.0%} CI {ends}" if ends != "-" else ""
            yield f"{of} {scale.text(row['mean'])}{interval}."


def _figure(analysis: AnalysisData, width: int) -> str:
    rows = analysis.descriptives
    rows = rows[rows["measure"] == analysis.location].head(MOST_DRAWN)
    means = [
        Mean(_cell_name(analysis, row), row["mean"], row["low"], row["high"])
        for row in rows.to_dict(orient="records")
    ]
    drawn = sketch(means, analysis.scale(analysis.location), width)
    title = f"Mean {measure_name(analysis.location)} and {analysis.confidence:.0%} interval"
    return f"{title}\n{drawn}" if drawn else ""


def _cell_name(analysis: AnalysisData, row: Mapping[Hashable, Any]) -> str:
    return ", ".join(str(row[name]) for name in analysis.factors) or "everyone"


def _cells(analysis: AnalysisData) -> pd.DataFrame:
    return cell_texts(analysis).drop(columns="SEM")


def _pairs(analysis: AnalysisData) -> pd.DataFrame:
    """Return the pairs, without corrected p-values where there is nothing to correct for."""
    rows = []
    for name, tests in analysis.tests.items():
        for pair in tests.pairs:
            d = pair.d_z if pair.kind == "paired" else pair.d_av
            t = f"{number_text(pair.t, 2)} ({df_text(pair.df)})" if np.isfinite(pair.t) else "-"
            where = f" ({pair.where})" if pair.where else ""
            rows.append(
                {
                    "measure": measure_name(name),
                    "second minus first": f"{pair.second} - {pair.first}{where}",
                    "difference": tests.scale.text(pair.difference),
                    "t (df)": t,
                    "p": p_text(pair.p),
                    "p corr.": p_text(pair.p_bonferroni),
                    "d": number_text(d, 2),
                }
            )
    table = pd.DataFrame(rows)
    if len(table) and all(tests.family_size == 1 for tests in analysis.tests.values()):
        table = table.drop(columns="p corr.")
    return table


def _table(texts: pd.DataFrame, most: int, numbers: tuple[str, ...], width: int) -> str:
    if not len(texts):
        return ""
    columns = {str(name): [str(cell) for cell in texts[name].head(most)] for name in texts}
    drawn = table_text(
        columns, [name for name in columns if name not in numbers and name[-2:] != "CI"], width
    )
    more = len(texts) - most
    return drawn + (f"\nand {number_of(more, 'more row')}" if more > 0 else "")


def _checks(analysis: AnalysisData) -> Iterator[str]:
    yield f"{data_sentence(analysis)} {exclusion_sentence(analysis)}"
    screening = analysis.screening
    if screening is not None:
        flags = screening.flags
        who = shown(list(dict.fromkeys(flags["observer"]))[:MOST_NAMED])
        more = "" if flags["observer"].nunique() <= MOST_NAMED else " and others"
        found = f"{number_of(len(flags), 'flag')} ({who}{more})" if len(flags) else "no flags"
        yield f"Checks before fitting: {found}."
    goodness = analysis.fits.goodness
    fitted = status_sentence(analysis)
    yield fitted if goodness is None else f"{fitted} {goodness.summary()}"
    if analysis.followed is not None:
        yield from plan_sentences(analysis)
    notes = [*analysis.notes, *(() if screening is None else screening.notes)]
    said = " ".join(verdict_sentences(analysis))
    fresh = [sentence(note) for note in notes if sentence(note) not in said]
    for note in fresh[:MOST_NOTES]:
        yield f"Note: {textwrap.shorten(note, LONGEST_NOTE, placeholder=' ...')}"
    if len(fresh) > MOST_NOTES:
        yield f"and {number_of(len(fresh) - MOST_NOTES, 'more note')}"


def _method(analysis: AnalysisData) -> str:
    """Return how it was tested, in one line."""
    kinds = {pair.kind for tests in analysis.tests.values() for pair in tests.pairs}
    effects = {effect.kind for tests in analysis.tests.values() for effect in tests.effects}
    tested = [*sorted(effects), *(TESTS[kind] for kind in sorted(kinds))]
    sizes = sorted({tests.family_size for tests in analysis.tests.values()})
    family = " or ".join(map(str, sizes))
    how = f"; {', '.join(tested)}" if tested else ""
    corrected = (
        f", Bonferroni-corrected for {family} {analysis.family} tests of each measure"
        if sizes and sizes[-1] > 1
        else ""
    )
    return f"Method: engine {analysis.fits.options['engine']}{how}{corrected}."
