"""Comparisons of conditions and groups as sentences for a results section."""

from __future__ import annotations

from psychobench.comparison.cohort_measures import counting
from psychobench.comparison.conditions.anova import Effect
from psychobench.comparison.conditions.condition_data import ConditionData
from psychobench.comparison.conditions.pairs import PairTest

MOST_NAMED = 6  # of those without a value


def people_sentence(tests: ConditionData) -> str:
    """Write who took part, whose values are missing and why, and which were included."""
    left = tests.left_out
    text = f"{tests.n} people had a {tests.measure_name}."
    if len(left):
        factors = [*tests.between, *tests.within]
        named = [
            f"{', '.join(row[name] for name in ['observer', *factors])} ({row['why']})"
            for _, row in left.head(MOST_NAMED).iterrows()
        ]
        more = [f"{len(left) - MOST_NAMED} more"] if len(left) > MOST_NAMED else []
        text += f" Without an included value: {'; '.join([*named, *more])}."
    if tests.n_complete < tests.n:
        who = (
            "each pair includes everyone who had both its values"
            if tests.deletion == "pairwise"
            else "each pair includes only those who had every value"
        )
        text += f" {tests.n_complete} had every value; {tests.deletion} deletion: {who}."
    statuses = " or ".join(counting(tests.measure, tests.statuses))
    plural = f"{tests.measure_name[0].upper()}{tests.measure_name[1:]}s"
    return f"{text} {plural} with status {statuses} were included."


def effect_sentence(effect: Effect, tests: ConditionData) -> str:
    """Report one effect of an analysis of variance."""
    factors, measure = effect.effect.split(" x "), tests.measure_name
    if effect.p >= 1 - tests.confidence:
        finding = (
            f"No effect of {factors[0]} on the {measure} was found"
            if len(factors) == 1
            else f"No interaction of {_and(factors)} was found for the {measure}"
        )
    elif len(factors) == 1:
        finding = f"The {measure} depended on {factors[0]}"
    else:
        finding = f"{_and(factors, capital=True)} interacted for the {measure}"
    corrected = effect.epsilon < 1 - 1e-9
    sphericity = f", Greenhouse-Geisser epsilon = {effect.epsilon:.2f}" if corrected else ""
    return (
        f"{finding}: F({_df(effect.df1)}, {_df(effect.df2)}) = {effect.f:.2f}, {_p(effect.p)} "
        f"({effect.kind}, n = {effect.n}{sphericity}), partial eta squared = "
        f"{effect.partial_eta2:.2f}, {tests.confidence:.0%} CI "
        f"[{effect.partial_eta2_low:.2f}, {effect.partial_eta2_high:.2f}], generalized eta squared "
        f"= {effect.generalized_eta2:.2f}."
    )


def pair_sentence(pair: PairTest, tests: ConditionData) -> str:
    """Report one pair of cells."""
    measure, where = tests.measure_name, f" ({pair.where})" if pair.where else ""
    if pair.reason is not None:
        return f"{pair.first} and {pair.second}{where} were not compared: {pair.reason}."
    first = f"{pair.first} (M = {pair.mean_first:.3f}, SD = {pair.sd_first:.3f})"
    second = f"{pair.second} (M = {pair.mean_second:.3f}, SD = {pair.sd_second:.3f})"
    if pair.p_bonferroni >= 1 - tests.confidence:
        finding = f"No difference in {measure} was found between {second} and {first}{where}"
    else:
        higher = "higher" if pair.difference > 0 else "lower"
        finding = f"The {measure} was {higher} for {second} than for {first}{where}"
    name = "d_z" if pair.kind == "paired" else "d_av"
    d, low, high = (getattr(pair, f"{name}{end}") for end in ("", "_low", "_high"))
    return (
        f"{finding}: difference {pair.difference:.3f}, {tests.confidence:.0%} CI [{pair.low:.3f}, "
        f"{pair.high:.3f}], t({_df(pair.df)}) = {pair.t:.2f}, {_p(pair.p_bonferroni)}"
        f"{_corrected_for(tests)}, {name} = {d:.2f}, {tests.confidence:.0%} CI [{low:.2f}, "
        f"{high:.2f}]."
    )


def _corrected_for(tests: ConditionData) -> str:
    size = tests.family_size
    return f", Bonferroni-corrected for {size} tests" if size > 1 else ""


def _and(factors: list[str], *, capital: bool = False) -> str:
    joined = ", ".join(factors[:-1]) + f" and {factors[-1]}"
    return joined[0].upper() + joined[1:] if capital else joined


def _df(value: float) -> str:
    """Format degrees of freedom: as a whole number, or with one decimal."""
    return f"{value:.0f}" if abs(value - round(value)) < 1e-9 else f"{value:.1f}"


def _p(p: float) -> str:
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)
