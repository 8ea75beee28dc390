"""The registry: observers are entry points, found without importing anything heavy."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Literal, cast

from psychobench.errors import ObserverError, OptionError
from psychobench.messages import how_to_install, nearest
from psychobench.observers.plugin_faults import as_observer_error, import_plugin
from psychobench.observers.protocol import Observer
from psychobench.tables.notebook import ShownAsTable

if TYPE_CHECKING:
    import pandas as pd

GROUP = "psychobench.observers"
_UNSET = object()
# observers of our own plug-in packages, so that asking for one names the package to install
_ELSEWHERE = dict.fromkeys(
    ("alexnet", "vgg11", "vgg13", "vgg16", "fe_alexnet", "alexnet_linear", "alexnet_fresh",
     "alexnet_ungated", "torchvision"),
    "psychobench-torch",
)  # fmt: skip


@dataclass(frozen=True)
class ObserverEntry:
    """One row of the registry.

    Attributes
    ----------
    name : str
        The name by which `load_observer` makes it.
    package : str
        The installed package that registers it.
    target : str
        Where its factory is, ``module:name``.
    status : {"ok", "broken", "duplicate"}
        Whether `load_observer` will try to make one.
    reason : str
        Why not; empty where `status` is ok.
    options : tuple of str
        The options that the factory declares.
    argument : str
        For a family of observers, whose factory has a first parameter without a default: the name
        of that parameter; else empty.
    """

    name: str
    package: str
    target: str
    status: Literal["ok", "broken", "duplicate"]
    reason: str = ""
    options: tuple[str, ...] = ()
    argument: str = ""

    @property
    def usage(self) -> str:
        """What `load_observer` takes: the name, or ``name:ARGUMENT`` for a family."""
        return f"{self.name}:{self.argument.upper()}" if self.argument else self.name

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain types for JSON."""
        return {**asdict(self), "options": list(self.options)}


class ObserverList(list[ObserverEntry], ShownAsTable):
    """Registered observers: a list that notebooks show as a table."""

    def to_frame(self) -> pd.DataFrame:
        """Return one row per observer: ``observer, status, options, package, reason``."""
        import pandas as pd

        rows = [
            (each.usage, each.status, ", ".join(each.options), each.package, each.reason)
            for each in self
        ]
        return pd.DataFrame(rows, columns=["observer", "status", "options", "package", "reason"])


def list_observers() -> ObserverList:
    """List the registered observers, those that cannot be loaded included.

    Factories are imported, observers are not made: no weights are read, nothing is trained.

    Returns
    -------
    ObserverList
        One `ObserverEntry` each, sorted by name; a notebook shows it as a table.

    Examples
    --------
    >>> [entry.status for entry in list_observers() if entry.name == "template"]
    ['ok']
    """
    found = sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value))
    return ObserverList(_describe(entry, found) for entry in found)


def load_observer(name: str, **options: Any) -> Observer:
    """Make the observer registered under `name`.

    Only its own module is imported, so that a broken plug-in affects no other observer.

    Parameters
    ----------
    name : str
        A registered name; `list_observers` gives them. ``family:argument`` asks the family's
        factory for one of its observers, by its first parameter.
    **options
        Passed to the observer's factory; those that are None count as not set. A `seed` is left
        out for a factory that has none, since such an observer owes nothing to chance.

    Returns
    -------
    Observer
        Most load their weights, or learn them, only when they are first asked.

    Raises
    ------
    ObserverError
        If no observer or more than one has this name, or the factory fails.
    OptionError
        If the factory does not know an option.

    Examples
    --------
    >>> load_observer("templat")
    Traceback (most recent call last):
    psychobench.errors.ObserverError: an observer must be registered: there is no 'templat'...
    """
    if not isinstance(name, str):
        raise ObserverError(
            f"an observer's name must be text: got a {type(name).__name__}; "
            "`psychobench.list_observers()` names them"
        )
    family, colon, argument = name.partition(":")
    matches = [entry for entry in entry_points(group=GROUP) if entry.name == family]
    if not matches:
        raise ObserverError(*_unknown(family))
    if len(matches) > 1:
        raise ObserverError(
            f"an observer's name must be unique: '{family}' is registered by "
            f"{_listed(_source(entry) for entry in matches)}; uninstall all but one"
        )
    entry = matches[0]
    factory = _load_factory(entry)
    accepted = _argument(entry, factory, argument if colon else None)
    accepted |= _accepted(entry, factory, options, taken=accepted)
    with as_observer_error(
        f"an observer's factory must make an observer: '{name}' from {_source(entry)}"
    ):
        observer = factory(**accepted)
    if not (callable(getattr(observer, "respond", None)) and _has_info(observer)):
        raise ObserverError(
            f"an observer must have info and respond: '{name}' from {_source(entry)} gives "
            f"{type(observer).__name__}; see docs/writing-an-observer.md"
        )
    return cast(Observer, observer)


def _describe(entry: EntryPoint, found: list[EntryPoint]) -> ObserverEntry:
    package = entry.dist.name if entry.dist else "unknown"
    others = [each for each in found if each.name == entry.name and each is not entry]
    if others:
        reason = f"{_listed(_source(each) for each in others)} has the same name; uninstall one"
        return ObserverEntry(entry.name, package, entry.value, "duplicate", reason)
    try:
        factory = _load_factory(entry)
    except ObserverError as error:
        return ObserverEntry(entry.name, package, entry.value, "broken", error.faults[0])
    asked = _family_parameter(factory)
    options = tuple(
        each for each in _parameters(factory) if not each.startswith("*") and each != asked
    )
    return ObserverEntry(entry.name, package, entry.value, "ok", "", options, asked)


def _load_factory(entry: EntryPoint) -> Callable[..., Any]:
    rule = f"an observer's plug-in must load: '{entry.name}' from {_source(entry)}"
    factory = import_plugin(entry, rule, "repair or uninstall that package")
    if not callable(factory):
        raise ObserverError(
            f"an observer's entry point must name a factory: '{entry.name}' from "
            f"{_source(entry)} is of type {type(factory).__name__}, which cannot be called"
        )
    return cast(Callable[..., Any], factory)


def _parameters(factory: Callable[..., Any]) -> list[str]:
    """List the names of keyword parameters; ``**name`` stands for any."""
    any_ = inspect.Parameter.VAR_KEYWORD
    keywords = _keywords(factory)
    return [each.name for each in keywords if each.kind is not any_] + [
        f"**{each.name}" for each in keywords if each.kind is any_
    ]


def _keywords(factory: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):  # some compiled callables have no signature
        return []
    without = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL}
    return [each for each in parameters if each.kind not in without]


def _family_parameter(factory: Callable[..., Any]) -> str:
    """Return the name of a family's parameter: the factory's first, without a default."""
    plain = {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    keywords = [each for each in _keywords(factory) if each.kind in plain][:1]
    return "".join(each.name for each in keywords if each.default is inspect.Parameter.empty)


def _argument(
    entry: EntryPoint, factory: Callable[..., Any], argument: str | None
) -> dict[str, Any]:
    """Return what stands after the colon under the name of its parameter."""
    asked = _family_parameter(factory)
    if argument is not None and not asked:
        raise ObserverError(
            f"an observer's name must be as listed: '{entry.name}' is one observer, which takes "
            f"no ':{argument}'; write {entry.name}"
        )
    if asked and not argument:
        raise ObserverError(
            f"a family of observers must be told which one: '{entry.name}' alone names none; "
            f"write {entry.name}:{asked.upper()}"
        )
    return {asked: argument} if asked else {}


def _accepted(
    entry: EntryPoint,
    factory: Callable[..., Any],
    options: Mapping[str, Any],
    taken: Mapping[str, Any],
) -> dict[str, Any]:
    chosen = {name: value for name, value in options.items() if value is not None}
    known = [name for name in _parameters(factory) if name not in taken]
    if any(each.startswith("**") for each in known):
        return chosen
    strange = [name for name in chosen if name not in known and name != "seed"]
    if strange:
        raise OptionError(
            *(
                f"an option must be one that the observer has: '{entry.name}' has no "
                f"'{name}' (given {chosen[name]!r}); it has {_listed(known) or 'none'}"
                for name in strange
            )
        )
    return {name: value for name, value in chosen.items() if name in known}


def _unknown(name: str) -> list[str]:
    entries = list_observers()
    ready = [entry.usage for entry in entries if entry.status == "ok"]
    hint = nearest(name, [entry.name for entry in entries])
    if name in _ELSEWHERE:
        hint = f"; it comes with the package {_ELSEWHERE[name]}; {how_to_install(_ELSEWHERE[name])}"
    known = _listed(ready) or "none"
    fault = f"an observer must be registered: there is no '{name}', only {known}{hint}"
    return [fault, *(entry.reason for entry in entries if entry.status == "broken")]


def _has_info(observer: object) -> bool:
    # a property is found without being read: reading info may load weights
    return inspect.getattr_static(observer, "info", _UNSET) is not _UNSET or hasattr(
        observer, "info"
    )


def _source(entry: EntryPoint) -> str:
    return f"{entry.value} (package {entry.dist.name if entry.dist else 'unknown'})"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
