"""Observers as users give them: registered names or objects of their own, each with a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import cast

from psychobench.arguments import parse_names
from psychobench.errors import OptionError, all_of
from psychobench.observers.protocol import Observer
from psychobench.observers.registry import list_observers, load_observer
from psychobench.observers.runner import read_info

Given = str | Observer | Iterable[str | Observer] | Mapping[str, Observer]
Named = list[tuple[str | None, Observer]]


def load_observers(observers: Given, pretraining: str | None, seed: int) -> Named:
    """Load the observers that are given by name, and take the others as they are.

    Parameters
    ----------
    observers : str, Observer, iterable of these, or mapping of str to Observer
        Registered names, with commas between several in one text; objects; or objects by name.
    pretraining : str, optional
        What the weights saw before this task; for registered observers that have the option, at
        least one of which must be given.
    seed : int
        Of the registered observers.

    Returns
    -------
    list of (str or None, Observer)
        With the name, or None where `name_observers` has to read it from the observer.

    Raises
    ------
    PsychobenchError
        With a line for each observer that cannot be loaded or is none.
    """
    pairs: list[tuple[str | None, str | Observer]]
    pairs = split_observers(observers)
    names = [each for _, each in pairs if isinstance(each, str)]
    if pretraining is not None and not names:
        raise OptionError(
            "`pretraining` is an option of registered observers: these were made already; leave it "
            "out"
        )
    pretrained = _pretrained(names) if pretraining is not None else ()

    def load(name: str | None, each: str | Observer) -> tuple[str | None, Observer]:
        if not isinstance(each, str):
            return name, as_observer(each)
        chosen = pretraining if each in pretrained else None
        return name or each, load_observer(each, seed=seed, pretraining=chosen)

    return all_of(*(partial(load, *pair) for pair in pairs))


def split_observers(observers: Given) -> list[tuple[str | None, str | Observer]]:
    """List the observers that are given, with the names that a mapping gives them.

    Raises
    ------
    OptionError
        If there is none.

    Examples
    --------
    >>> split_observers("vgg16, alexnet")
    [(None, 'vgg16'), (None, 'alexnet')]
    """
    pairs: list[tuple[str | None, str | Observer]]
    if isinstance(observers, Mapping):
        pairs = [(str(name), each) for name, each in observers.items()]
    else:
        pairs = [(None, each) for each in _split(observers)]
    if not pairs:
        raise OptionError(
            "`observers` must name at least one: `psychobench.list_observers()` lists them"
        )
    return pairs


def name_observers(found: Named) -> dict[str, Observer]:
    """Return observers by name; one without a name has its `info` read, which may load weights.

    Raises
    ------
    OptionError
        If two have the same name.
    """
    named: dict[str, Observer] = {}
    for name, observer in found:
        known = name or read_info(observer).name
        if known in named:
            raise OptionError(
                f"`observers` must have different names: two are called '{known}'; pass a mapping "
                "from names to observers"
            )
        named[known] = observer
    return named


def _split(observers: Given) -> list[str | Observer]:
    """List names and objects; a name that comes twice is one observer."""
    if isinstance(observers, str):
        return list(parse_names(observers, "observers"))
    if not isinstance(observers, Iterable):
        return [observers]
    listed: list[str | Observer] = []
    for each in observers:
        listed += parse_names(each, "observers") if isinstance(each, str) else [each]
    return [each for place, each in enumerate(listed) if each not in listed[:place]]


def _pretrained(names: Sequence[str]) -> Sequence[str]:
    """Return the names that get a pre-training: those that have the option, or all if none has."""
    having = {entry.name for entry in list_observers() if "pretraining" in entry.options}
    return [name for name in names if name.partition(":")[0] in having] or names


def as_observer(observer: object) -> Observer:
    """Check that an object is an observer.

    Raises
    ------
    OptionError
        If it has no `info` or no `respond`.
    """
    # reading `info` may load weights, so that only its presence on the type or object is checked
    has_info = hasattr(type(observer), "info") or "info" in getattr(observer, "__dict__", {})
    if callable(getattr(observer, "respond", None)) and has_info:
        return cast(Observer, observer)
    raise OptionError(
        "`observers` must be registered names or objects with `info` and `respond`: got a "
        f"{type(observer).__name__}"
    )
