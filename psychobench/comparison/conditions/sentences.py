"""Comparisons of conditions and groups as sentences that a results section can take over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psychobench.comparison.cohort_measures import counting
from psychobench.comparison.conditions.anova import Effect
from psychobench.comparison.conditions.pairs import PairTest

if TYPE_CHECKING:
    from psychobench.comparison.conditions.condition_tests import ConditionTests

MOST_NAMED = 6  # of those left out


def people_sentence(tests: ConditionTests) -> str:
    """Say who took part, who was left out and why, and what the family is."""
    left = tests.left_out
    text = f"{tests.n} people with a {_name(tests)}."
    if len(left):
        factors = [*tests.between, *tests.within]
        named = [
            f"{', '.join(row[name] for name in ['observer', *factors])} ({row['why']})"
            for _, row in left.head(MOST_NAMED).iterrows()
        ]
        more = [f"{len(left) - MOST_NAMED} more"] if len(left) > MOST_NAMED else []
        text += f" Without a value that counts: {'; '.join([*named, *more])}."
    if tests.n_complete < tests.n:
        who = (
            "each pair takes everyone who has both its values"
            if tests.deletion == "pairwise"
            else "each pair takes only those who have all values"
        )
        text += f" {tests.n_complete} have every value; {tests.deletion} deletion: {who}."
    statuses = counting(tests.measure, tests.tested)
    return f"{text} Values with status {' or '.join(statuses)} count."


def effect_sentence(effect: Effect, tests: ConditionTests) -> str:
    """Report one effect of an analysis of variance."""
    factors, what = effect.effect.split(" x "), _name(tests)
    if effect.p >= 1 - tests.confidence:
        said = (
            f"No effect of {factors[0]} on the {what} was found"
            if len(factors) == 1
            else f"No interaction of {_and(factors)} in the {what} was found"
        )
    elif len(factors) == 1:
        said = f"The {what} depended on {factors[0]}"
    else:
        said = f"{_and(factors, capital=True)} interacted in the {what}"
    corrected = effect.epsilon < 1 - 1e-9
    sphericity = f", Greenhouse-Geisser epsilon = {effect.epsilon:.2f}" if corrected else ""
    return (
        f"{said}: F({_df(effect.df1)}, {_df(effect.df2)}) = {effect.f:.2f}, {_p(effect.p)} "
        f"({effect.kind}, n = {effect.n}{sphericity}), partial eta squared = "
        f"{effect.partial_eta2:.2f}, {tests.confidence:.0%} CI "
        f"[{effect.partial_eta2_low:.2f}, {effect.partial_eta2_high:.2f}], generalized eta squared "
        f"= {effect.generalized_eta2:.2f}."
    )


def pair_sentence(pair: PairTest, tests: ConditionTests) -> str:
    """Report one pair of cells."""
    what, where = _name(tests), f" ({pair.where})" if pair.where else ""
    if pair.reason is not None:
        return f"{pair.first} and {pair.second}{where} were not compared: {pair.reason}."
    first = f"{pair.first} (M = {pair.mean_first:.3f}, SD = {pair.sd_first:.3f})"
    second = f"{pair.second} (M = {pair.mean_second:.3f}, SD = {pair.sd_second:.3f})"
    if pair.p_bonferroni >= 1 - tests.confidence:
        said = f"No difference in {what} was found between {second} and {first}{where}"
    else:
        higher = "higher" if pair.difference > 0 else "lower"
        said = f"The {what} was {higher} for {second} than for {first}{where}"
    name = "d_z" if pair.kind == "paired" else "d_av"
    d, low, high = (getattr(pair, f"{name}{end}") for end in ("", "_low", "_high"))
    return (
        f"{said}: difference {pair.difference:.3f}, {tests.confidence:.0%} CI [{pair.low:.3f}, "
        f"{pair.high:.3f}], t({_df(pair.df)}) = {pair.t:.2f}, {_p(pair.p_bonferroni)}"
        f"{_corrected_for(tests)}, {name} = {d:.2f}, {tests.confidence:.0%} CI [{low:.2f}, "
        f"{high:.2f}]."
    )


def _name(tests: ConditionTests) -> str:
    return tests.measure.upper() if tests.measure in ("pse", "jnd") else tests.measure


def _corrected_for(tests: ConditionTests) -> str:
    size = tests.family_size
    return f", Bonferroni-corrected for {size} tests" if size > 1 else ""


def _and(factors: list[str], *, capital: bool = False) -> str:
    joined = ", ".join(factors[:-1]) + f" and {factors[-1]}"
    return joined[0].upper() + joined[1:] if capital else joined


def _df(value: float) -> str:
    """Write degrees of freedom: whole, or with one decimal."""
    return f"{value:.0f}" if abs(value - round(value)) < 1e-9 else f"{value:.1f}"


def _p(p: float) -> str:
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)
