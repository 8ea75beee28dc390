"""Cohorts: the people that an observer is tested against, bundled or from one's own file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import pandas as pd

from psychobench.arguments import Pairs
from psychobench.errors import OptionError, ResourceError, TableError
from psychobench.messages import nearest
from psychobench.resources import bundled, sha256
from psychobench.tables.output import csv_bytes
from psychobench.trials.columns import parse_columns, parse_where
from psychobench.trials.table import count_responses, read_file, read_trials

TABLE = "trials.csv"
RECORD = "trials.csv.json"


@dataclass(frozen=True)
class Cohort:
    """People who judged stimuli, or a simulation of such.

    Parameters
    ----------
    name : str
        Name of a bundled cohort, of the file or of the table.
    table : DataFrame
        Their trials or counts, checked, see `psychobench.trials.table.validate_trials`.
    simulated : bool
        Whether nobody ever sat there: results say nothing about people.
    title : str
        One line for people to read; it says SIMULATED where that is so.
    path : pathlib.Path or None
        The file; None for a table in memory.
    sha256 : str
        Hash of the file, or of the table as CSV.
    """

    name: str
    table: pd.DataFrame
    simulated: bool
    title: str
    path: Path | None
    sha256: str

    @property
    def n(self) -> int:
        """Number of participants who answered at least once."""
        return len(_participants(self.table))


def list_cohorts() -> list[str]:
    """Names of the bundled cohorts; each of them is simulated.

    Examples
    --------
    >>> list_cohorts()
    ['simulated']
    """
    return sorted(path.parent.name for path in bundled("human_data").glob(f"*/{TABLE}"))


def load_cohort(
    humans: str | PathLike[str] | pd.DataFrame | Cohort = "simulated",
    *,
    columns: Pairs = None,
    where: Pairs = None,
) -> Cohort:
    """Load a bundled cohort by name, or people of one's own from a file or a table.

    Parameters
    ----------
    humans : str, path, DataFrame or Cohort
        ``simulated``, the bundled cohort, which is SIMULATED; a CSV or TSV file; or a table of
        trials or counts. A cohort that is loaded already is returned as it is.
    columns, where : mapping or str, optional
        See `psychobench.read_trials`.

    Returns
    -------
    Cohort

    Raises
    ------
    TableError
        If there is no such cohort or file, the table breaks the column contract, or fewer than two
        participants answered.
    OptionError
        If `columns` or `where` cannot be used.
    ResourceError
        If a bundled cohort is not as it was shipped.

    Examples
    --------
    >>> cohort = load_cohort()
    >>> cohort.title
    '50 SIMULATED people (bundled cohort "simulated")'
    """
    if isinstance(humans, Cohort):
        if columns or where:
            raise OptionError(
                "`columns` and `where` must be left out with a cohort that is loaded already: use "
                "them when you load it"
            )
        return humans
    if isinstance(humans, pd.DataFrame):
        return _from_table(read_trials(humans, columns=columns, where=where))
    return _from_file(str(humans), parse_columns(columns), parse_where(where))


def _from_table(table: pd.DataFrame) -> Cohort:
    source = str(table.attrs["source"])
    digest = hashlib.sha256(csv_bytes(table)).hexdigest()
    simulated, people = _describe(table, source)
    return Cohort(source, table, simulated, f"{people} in a {source}", None, digest)


def _from_file(name: str, columns: Mapping[str, str], where: Mapping[str, str]) -> Cohort:
    names = list_cohorts()
    own = name not in names
    path = Path(name) if own else bundled("human_data") / name / TABLE
    if own and not path.exists():
        raise TableError(
            f"a cohort must be a file or bundled: '{name}' is neither"
            f"{nearest(name, names)}; bundled: {_marked(names)}"
        )
    table = read_file(path, columns, where)
    simulated, people = _describe(table, str(path))
    digest = sha256(path)
    if not own:
        _check_hash(path, digest)
    title = f"{people} in {path.name}" if own else f'{people} (bundled cohort "{name}")'
    return Cohort(path.name if own else name, table, simulated, title, path, digest)


def _describe(table: pd.DataFrame, source: str) -> tuple[bool, str]:
    """Return whether people are simulated, and how many there are in words."""
    people = _participants(table)
    if len(people) < 2:
        raise TableError(
            f"a cohort must have at least two participants who answered: {source} has only "
            f"'{people[0]}'; add the others' rows, or loosen `where`"
        )
    simulated = "simulated" in table and bool((table["simulated"] == 1).any())
    return simulated, f"{len(people)} {'SIMULATED ' if simulated else ''}people"


def _marked(names: list[str]) -> str:
    return ", ".join(f"{name} (SIMULATED people)" for name in names)


def _participants(table: pd.DataFrame) -> list[str]:
    return list(count_responses(table)["observer"].unique())


def _check_hash(path: Path, digest: str) -> None:
    try:
        wanted = json.loads((path.parent / RECORD).read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError):
        wanted = None
    if wanted != digest:
        raise ResourceError(
            f"a bundled cohort must be as it was shipped: the hash of {path} is not the one in "
            f"{RECORD}; reinstall psychobench"
        )
