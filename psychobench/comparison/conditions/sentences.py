"""Comparisons of conditions and groups as sentences for a results section."""

from __future__ import annotations

from psychobench.comparison.cohort_measures import counting
from psychobench.comparison.conditions.anova import Effect
from psychobench.comparison.conditions.condition_data import ConditionData
from psychobench.comparison.conditions.pairs import PairTest
from psychobench.formatting import SIDES, Scale, df_text, is_found, number_text, p_phrase, verdict

MOST_NAMED = 6  # of those without a value
_SHARE = Scale(2, bounded=True)  # of variance


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
    corrected = effect.epsilon < 1 - 1e-9
    epsilon = _SHARE.text(effect.epsilon)
    sphericity = f", Greenhouse-Geisser epsilon = {epsilon}" if corrected else ""
    return (
        f"{effect_finding(effect, tests)}: {effect_statistics(effect)} "
        f"({effect.kind}, n = {effect.n}{sphericity}), partial eta squared = "
        f"{_SHARE.text(effect.partial_eta2)}, {tests.confidence:.0%} CI "
        f"{_SHARE.interval(effect.partial_eta2_low, effect.partial_eta2_high)}, generalized eta "
        f"squared = {_SHARE.text(effect.generalized_eta2)}."
    )


def effect_finding(effect: Effect, tests: ConditionData) -> str:
    """State whether an effect was found."""
    factors, measure = effect.effect.split(" x "), tests.measure_name
    if not is_found(effect.p, 1 - tests.confidence):
        if len(factors) == 1:
            return f"No effect of {factors[0]} on the {measure} was found"
        return f"No interaction of {_and(factors)} was found for the {measure}"
    if len(factors) == 1:
        return f"The {measure} depended on {factors[0]}"
    return f"{_and(factors, capital=True)} interacted for the {measure}"


def effect_statistics(effect: Effect) -> str:
    """Write an effect's F, degrees of freedom and p."""
    degrees = f"{df_text(effect.df1)}, {df_text(effect.df2)}"
    return f"F({degrees}) = {number_text(effect.f, 2)}, {p_phrase(effect.p)}"


def pair_sentence(pair: PairTest, tests: ConditionData) -> str:
    """Report one pair of cells."""
    if pair.reason is not None:
        where = f" ({pair.where})" if pair.where else ""
        return f"{pair.first} and {pair.second}{where} were not compared: {pair.reason}."
    scale = tests.scale
    means = [
        f"{name} (M = {scale.text(mean)}, SD = {scale.text(sd)})"
        for name, mean, sd in (
            (pair.first, pair.mean_first, pair.sd_first),
            (pair.second, pair.mean_second, pair.sd_second),
        )
    ]
    name = "d_z" if pair.kind == "paired" else "d_av"
    d, low, high = (number_text(getattr(pair, f"{name}{end}"), 2) for end in ("", "_low", "_high"))
    return (
        f"{pair_finding(pair, tests, *means)}: difference {scale.text(pair.difference)}, "
        f"{tests.confidence:.0%} CI {scale.interval(pair.low, pair.high)}, "
        f"t({df_text(pair.df)}) = {number_text(pair.t, 2)}, {p_phrase(pair.p_bonferroni)}"
        f"{_corrected_for(tests)}, {name} = {d}, {tests.confidence:.0%} CI [{low}, {high}]."
    )


def pair_finding(pair: PairTest, tests: ConditionData, first: str, second: str) -> str:
    """State whether two cells differ, and which is higher; `first` and `second` describe them."""
    measure, where = tests.measure_name, f" ({pair.where})" if pair.where else ""
    found = verdict(pair.p_bonferroni, pair.difference, 1 - tests.confidence)
    if found in SIDES:
        return f"The {measure} was {found} for {second} than for {first}{where}"
    return f"No difference in {measure} was found between {second} and {first}{where}"


def _corrected_for(tests: ConditionData) -> str:
    size = tests.family_size
    return f", Bonferroni-corrected for {size} tests" if size > 1 else ""


def _and(factors: list[str], *, capital: bool = False) -> str:
    joined = ", ".join(factors[:-1]) + f" and {factors[-1]}"
    return joined[0].upper() + joined[1:] if capital else joined
