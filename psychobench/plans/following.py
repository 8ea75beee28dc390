"""Following a plan: its choices taken, and each departure from them listed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any, ParamSpec, TypeVar

import pandas as pd

from psychobench.arguments import parse_names, parse_pairs
from psychobench.plans.plan import Plan, plain, read_plan
from psychobench.plans.schema import SCHEMA, parameters
from psychobench.tables.notebook import ShownAsTable

PlanLike = str | PathLike[str] | Mapping[str, Any] | Plan | None
_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Departure:
    """A choice that was carried out in another way than planned.

    Attributes
    ----------
    key : str
        Such as ``fit.engine``.
    planned, done : str
        In words.
    """

    key: str
    planned: str
    done: str

    def __str__(self) -> str:
        return f"{self.key}: planned {self.planned}, done {self.done}"


@dataclass(frozen=True)
class Followed(ShownAsTable):
    """A plan that was followed.

    Attributes
    ----------
    plan : Plan
        As it was written.
    departures : tuple of Departure
        What was done in another way.
    """

    plan: Plan
    departures: tuple[Departure, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the departures: ``key, planned, done``."""
        rows = [(each.key, each.planned, each.done) for each in self.departures]
        return pd.DataFrame(rows, columns=["key", "planned", "done"])

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """What was expected, in words."""
        return parse_texts(self.plan.get("tests", "hypotheses", ()))


def takes_plan(
    *tables: str, finish: Callable[[_R, Followed], _R]
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Let a function take ``plan``: what the call leaves out is taken from the plan.

    Parameters
    ----------
    *tables : str
        The tables of a plan that hold the function's parameters.
    finish : callable
        Takes the function's result and the plan with the departures of the call; returns the result
        with both in it.

    Notes
    -----
    The function itself never sees a plan. Its parameters are keyword-only, so that what was passed
    can be told from what was left out.
    """

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        known = inspect.signature(function).parameters

        @functools.wraps(function)
        def call(*args: _P.args, **given: _P.kwargs) -> _R:
            asked: Any = given.pop("plan", None)
            if asked is None:
                return function(*args, **given)
            plan = read_plan(asked)
            named = set(known)
            if any(each.kind is each.VAR_KEYWORD for each in known.values()):
                named |= set(SCHEMA["fit"])
            options = plan.options(named, tables=tables)
            chosen: Any = {**options, **given}
            result = function(*args, **chosen)
            defaults = {name: each.default for name, each in known.items()}
            departures = tuple(_of_options(plan, options, given, defaults, tables))
            return finish(result, Followed(plan, departures))

        return call

    return decorate


def _of_options(
    plan: Plan,
    planned: Mapping[str, Any],
    given: Mapping[str, Any],
    defaults: Mapping[str, Any],
    tables: Iterable[str],
) -> Iterator[Departure]:
    """Find what a call chose in another way, and what of the plan its function does not do."""
    for table, key, parameter in parameters():
        name = f"{table}.{key}"
        if table in tables and parameter in given:
            before = planned.get(parameter, defaults.get(parameter))
            form = SCHEMA[table][key].form
            if _same_form(before, form) != _same_form(given[parameter], form):
                yield Departure(name, in_words(before), in_words(given[parameter]))
        elif (
            plan.get(table, key) is not None
            and parameter not in planned
            and table not in ("design", "planning")
            and key != "hypotheses"
        ):
            yield Departure(name, in_words(plan.get(table, key)), "not part of this analysis")


def _same_form(value: Any, form: str) -> Any:
    """Bring an option to a form in which equal choices are equal."""
    if value is None or value == () or value == "":
        return None
    if form == "texts":
        return parse_names(list(map(str, value)) if not isinstance(value, str) else value) or None
    if form == "priors":
        given = value if isinstance(value, Mapping) else {"": value}
        return {str(name): str(plain(each)).replace(" ", "") for name, each in given.items()}
    if form == "pairs":
        pairs = value if isinstance(value, Mapping) else parse_pairs(value, "", "", commas=True)
        return {str(name): str(plain(each)) for name, each in pairs.items()} or None
    return plain(value)


def in_words(value: Any) -> str:
    """Return a value as it is read in a sentence.

    Examples
    --------
    >>> in_words(("ok", "step")), in_words(None), in_words({"lapse": [0, 0.05]})
    ('ok, step', 'none', 'lapse=[0, 0.05]')
    """
    found = plain(value)
    found = [each for each in found if each != ""] if isinstance(found, list) else found
    if found in (None, [], {}, ""):
        return "none"
    if isinstance(found, list):
        return ", ".join(map(str, found))
    if isinstance(found, dict):
        return ", ".join(f"{name}={each}" for name, each in found.items())
    return str(found)


def parse_texts(value: Any) -> tuple[str, ...]:
    """Return one text or several as a tuple; commas in them stay."""
    return (value,) if isinstance(value, str) else tuple(map(str, value))
