"""A plan: read, made from the options of a call, written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from psychobench.errors import OptionError
from psychobench.plans.schema import SCHEMA, parameters, plan_faults
from psychobench.tables.notebook import ShownAsTable
from psychobench.toml_files import read_toml

FILE = "plan.toml"
_HEAD = "# The choices of an analysis, so that it can be registered before and repeated after.\n\n"


@dataclass(frozen=True)
class Plan(ShownAsTable):
    """The choices of an analysis.

    Attributes
    ----------
    tables : mapping of str to mapping
        Values by table and key, as `psychobench.plans.schema.SCHEMA` lists them; what is not there
        was left to the default.
    source : str
        Where the plan was read, for messages; empty for one that was made.

    Examples
    --------
    >>> plan = Plan.of({"within": ["mask"], "engine": "ml", "exclude": ["missing>0.2"]})
    >>> plan.options({"within", "engine", "confidence"})
    {'within': ['mask'], 'engine': 'ml'}
    >>> print(plan.to_toml().split("[fit]")[1].strip())
    engine = "ml"
    """

    tables: Mapping[str, Mapping[str, Any]]
    source: str = ""

    @classmethod
    def of(cls, options: Mapping[str, Any], *, tables: Iterable[str] = SCHEMA) -> Plan:
        """Make the plan that a call with these options carries out.

        Parameters
        ----------
        options : mapping
            Values by parameter; parameters that no plan holds, and values that are None or empty,
            are left out.
        tables : iterable of str
            The tables that the options may belong to.
        """
        found: dict[str, dict[str, Any]] = {}
        for table, key, parameter in parameters():
            value = plain(options.get(parameter))
            if table in tables and value not in (None, [], {}, ""):
                found.setdefault(table, {})[key] = value
        return cls(found)

    def options(self, names: Iterable[str], *, tables: Iterable[str] = SCHEMA) -> dict[str, Any]:
        """Return the values of the given parameters, those that the plan states."""
        known, allowed = set(names), set(tables)
        return {
            parameter: self.tables[table][key]
            for table, key, parameter in parameters()
            if table in allowed and parameter in known and key in self.tables.get(table, {})
        }

    def get(self, table: str, key: str, default: Any = None) -> Any:
        """Return one value, or the default where the plan does not state it."""
        return self.tables.get(table, {}).get(key, default)

    def joined(self, other: Plan) -> Plan:
        """Return this plan with the values of another in place of its own."""
        tables = {
            name: {**self.tables.get(name, {}), **other.tables.get(name, {})} for name in SCHEMA
        }
        return Plan({name: table for name, table in tables.items() if table}, self.source)

    def rows(self) -> Iterator[tuple[str, str, Any]]:
        """Walk through table, key and value."""
        for name in SCHEMA:
            for key, value in self.tables.get(name, {}).items():
                yield name, key, value

    def to_frame(self) -> pd.DataFrame:
        """Return the plan as a table: ``table, key, value``."""
        return pd.DataFrame(self.rows(), columns=["table", "key", "value"])

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return the plan as native types."""
        return {name: dict(table) for name, table in self.tables.items()}

    def to_toml(self) -> str:
        """Return the text of the plan's file."""
        import tomli_w

        ordered = {name: dict(self.tables[name]) for name in SCHEMA if self.tables.get(name)}
        return _HEAD + tomli_w.dumps(ordered)

    def save(self, out: str | PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the plan.

        Parameters
        ----------
        out : str or path
            A file that ends in ``.toml``.
        overwrite : bool
            Whether to replace a file that psychobench did not write there, or that was edited.

        Raises
        ------
        OptionError
            If the file has another ending.
        ResourceError
            If it cannot be written, or must not be replaced.
        """
        from psychobench.outputs import check_output_file, write_output

        path = check_output_file(out, (".toml",), kind="plan", overwrite=overwrite)
        return write_output(path, self.to_toml().encode(), kind="plan", overwrite=overwrite)


def read_plan(plan: str | PathLike[str] | Mapping[str, Any] | Plan) -> Plan:
    """Read a plan and check that every table, key and value is one that plans have.

    Parameters
    ----------
    plan : str, path, mapping or Plan
        A TOML file, or what such a file says.

    Returns
    -------
    Plan

    Raises
    ------
    OptionError
        With one line for each fault.

    Examples
    --------
    >>> read_plan({"fit": {"enigne": "ml"}})
    Traceback (most recent call last):
    psychobench.errors.OptionError: a plan must be valid: fit.enigne is not a known key (did you ...
    """
    if isinstance(plan, Plan):
        return plan
    if isinstance(plan, Mapping):
        found, source = dict(plan), ""
    elif isinstance(plan, str | PathLike):
        source = str(plan)
        found = read_toml(Path(plan), "a plan", OptionError)[1]
    else:
        raise OptionError(
            f"`plan` must be a file, a mapping or a Plan: got a {type(plan).__name__}; write for "
            'example `plan="plan.toml"`'
        )
    place = f"{source}: " if source else ""
    if faults := [f"a plan must be valid: {place}{fault}" for fault in plan_faults(found)]:
        raise OptionError(*faults)
    return Plan(found, source)


def plain(value: Any) -> Any:
    """Return an option as types that TOML and JSON have; None stays None."""
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return [plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
