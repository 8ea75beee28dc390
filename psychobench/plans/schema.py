"""The schema of a plan: its tables and keys, what each may hold, and whose parameter it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psychobench.messages import nearest
from psychobench.toml_files import is_number, unknown_keys


@dataclass(frozen=True)
class Key:
    """A key of a plan.

    Attributes
    ----------
    form : str
        One of `FORMS`.
    about : str
        What it says, for readers of the documentation.
    parameter : str
        The function's parameter that it stands for, where that has another name.
    """

    form: str
    about: str
    parameter: str = ""


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are(kind: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list | tuple) and all(map(kind, value))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_simple(value: object) -> bool:
    return isinstance(value, str | bool) or is_number(value) or _are(is_number)(value)


def _are_pairs(value: object) -> bool:
    return isinstance(value, Mapping) and all(map(_is_simple, value.values()))


FORMS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "text": ("a text", _is_text),
    "texts": ("a list of texts", lambda value: _is_text(value) or _are(_is_text)(value)),
    "number": ("a number", is_number),
    "numbers": (
        "a list of numbers, or a word for one",
        lambda value: _is_text(value) or _are(is_number)(value),
    ),
    "whole": ("a whole number from 0", _is_whole),
    "pairs": (
        'a table of values by name, such as { session = "1" }',
        lambda value: _are_pairs(value) or _is_text(value) or _are(_is_text)(value),
    ),
    "priors": (
        'a table of priors by parameter, such as { guess = "beta(1, 10)" }, or text',
        lambda value: _are_pairs(value) or _is_text(value) or _are(_is_text)(value),
    ),
}
"""What a key may hold: the words for it in messages, and the check."""

SCHEMA: dict[str, dict[str, Key]] = {
    "data": {
        "columns": Key("pairs", "the table's names for columns, by ours"),
        "where": Key("pairs", "the rows that are used"),
        "map": Key("pairs", "what each key means, 1 for the target category"),
    },
    "design": {
        "within": Key("texts", "columns of conditions that every participant goes through"),
        "between": Key("texts", "columns that tell groups of participants apart"),
        "by": Key("texts", "further columns that split conditions"),
        "levels": Key("numbers", "the stimulus levels"),
        "trials": Key("whole", "trials of each participant at each level of each condition"),
        "people": Key("whole", "participants before exclusion"),
    },
    "exclude": {
        "rules": Key("texts", "who is excluded, such as missing>0.2", "exclude"),
    },
    "fit": {
        "engine": Key("text", "what fits the curves"),
        "sigmoid": Key("text", "shape of the curve"),
        "asymptotes": Key("text", "whether guess and lapse rates are free, equal or fixed"),
        "likelihood": Key("text", "binomial or beta-binomial"),
        "task": Key("text", "what observers are asked"),
        "bounds": Key("pairs", "bounds on parameters, such as { lapse = [0, 0.05] }"),
        "priors": Key("priors", "priors of the parameters, or published, or none"),
        "bootstrap": Key("whole", "refits that intervals rest on"),
        "gof": Key("whole", "simulated data sets for each check of the fit"),
        "confidence": Key("number", "coverage of intervals"),
        "seed": Key("whole", "seed of every random draw"),
        "share": Key("texts", "what curves have in common"),
        "share_over": Key("text", "which curves share it: conditions, observers or all"),
    },
    "tests": {
        "statuses": Key("texts", "PSE statuses that are included in means and tests"),
        "family": Key("text", "which tests the corrections count"),
        "margin": Key("number", "equivalence margin, in the unit of the levels"),
        "pairs": Key("texts", "which cells and means are compared where there are several factors"),
        "vary": Key("texts", "models: which parameters differ between conditions"),
        "hypotheses": Key("texts", "what is expected, in words"),
    },
    "compare": {
        "observers": Key("texts", "who is compared with people"),
        "humans": Key("text", "the people"),
        "stimuli": Key("text", "what observers judge"),
        "masks": Key("texts", "what is hidden from the observers"),
        "match": Key("pairs", "the mask that each of the people's conditions is compared with"),
        "levels": Key("numbers", "levels that observers judge"),
        "pretraining": Key("text", "what the weights saw before"),
        "trials": Key("whole", "yes-no answers drawn for each image"),
        "seeds": Key("whole", "trainings of each observer"),
        "recovery": Key("whole", "simulations in which people answer as an observer does"),
    },
    "planning": {
        "effect": Key("number", "the difference that is to be found, in the unit of the levels"),
        "power": Key("number", "how probable it shall be to find it"),
        "seed": Key("whole", "seed of the simulations"),
    },
}
"""The keys of each table. Those of ``fit`` are the options of `psychobench.fit`."""


def plan_faults(found: Mapping[str, Any]) -> Iterator[str]:
    """Find what in a document is no plan: tables and keys that are not known, values of no use."""
    for name, table in found.items():
        if name not in SCHEMA:
            yield (
                f"'{name}' is not a known table{nearest(name, SCHEMA)}; the tables are "
                f"{', '.join(SCHEMA)}"
            )
        elif not isinstance(table, Mapping):
            yield f"{name} must be a table: it is {table!r}; write [{name}]"
        else:
            yield from unknown_keys(f"{name}.", table, list(SCHEMA[name]))
            yield from _value_faults(name, table)


def _value_faults(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        if key in SCHEMA[name]:
            words, fits = FORMS[SCHEMA[name][key].form]
            if not fits(value):
                yield f"{name}.{key} must be {words}: it is {value!r}"


def parameters() -> Iterator[tuple[str, str, str]]:
    """Walk through table, key, and the parameter that the key stands for."""
    for table, keys in SCHEMA.items():
        for key, about in keys.items():
            yield table, key, about.parameter or key
