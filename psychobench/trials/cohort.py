"""Cohorts: the people that an observer is tested against, bundled or from one's own file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import pandas as pd

from psychobench.arguments import Pairs
from psychobench.errors import OptionError, ResourceError, TableError
from psychobench.messages import nearest
from psychobench.resources import bundled, sha256
from psychobench.tables.notebook import ShownAsTable
from psychobench.tables.output import csv_bytes
from psychobench.trials.table import count_responses, read_trials

TABLE = "trials.csv"
RECORD = "trials.csv.json"


@dataclass(frozen=True)
class Cohort(ShownAsTable):
    """People who judged stimuli, or a simulation of such.

    Parameters
    ----------
    name : str
        Name of a bundled cohort, or of the file; ``table`` for a table in memory.
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

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()


HumansLike = str | PathLike[str] | pd.DataFrame | Cohort


def list_cohorts() -> pd.DataFrame:
    """List the bundled cohorts; each of them is simulated.

    Returns
    -------
    DataFrame
        One row per cohort: `name`, `title`, `simulated`, `n` (people), `n_levels`, `n_trials` and
        `sha256`.

    Examples
    --------
    >>> list_cohorts()["name"].tolist()
    ['simulated']
    """
    cohorts = [load_cohort(name) for name in _bundled_names()]
    return pd.DataFrame(
        [
            {
                "name": cohort.name,
                "title": cohort.title,
                "simulated": cohort.simulated,
                "n": cohort.n,
                "n_levels": int(cohort.table["level"].nunique()),
                "n_trials": len(cohort.table),
                "sha256": cohort.sha256,
            }
            for cohort in cohorts
        ]
    )


def load_cohort(
    humans: HumansLike = "simulated", *, columns: Pairs = None, where: Pairs = None
) -> Cohort:
    """Load a bundled cohort by name, or one's own from a file or a table.

    Parameters
    ----------
    humans : str, path, DataFrame or Cohort
        ``simulated``, the bundled cohort, which is SIMULATED; a CSV or TSV file; a table of trials
        or counts; or a cohort that was loaded already.
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
        If `columns` or `where` cannot be read.
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
        table = read_trials(humans, columns=columns, where=where)
        digest = hashlib.sha256(csv_bytes(table)).hexdigest()
        return _cohort("table", table, None, digest, "in a table")
    if isinstance(humans, str) and humans in _bundled_names():
        path = bundled("human_data") / humans / TABLE
        table, digest = read_trials(path, columns=columns, where=where), sha256(path)
        _check_hash(path, digest)
        return _cohort(humans, table, path, digest, f'(bundled cohort "{humans}")')
    path = _existing(humans)
    table = read_trials(path, columns=columns, where=where)
    return _cohort(path.name, table, path, sha256(path), f"in {path.name}")


def _bundled_names() -> list[str]:
    return sorted(path.parent.name for path in bundled("human_data").glob(f"*/{TABLE}"))


def _existing(humans: object) -> Path:
    names = _bundled_names()
    known = ", ".join(f"{name} (SIMULATED people)" for name in names)
    if not isinstance(humans, (str, PathLike)):
        raise TableError(
            "a cohort must be a DataFrame, a file or bundled: got "
            f"{'None' if humans is None else f'a {type(humans).__name__}'}; bundled: {known}"
        )
    path = Path(humans)
    if not path.exists():
        raise TableError(
            f"a cohort must be a file or bundled: '{humans}' is neither"
            f"{nearest(str(humans), names)}; bundled: {known}"
        )
    return path


def _cohort(name: str, table: pd.DataFrame, path: Path | None, digest: str, where: str) -> Cohort:
    people = _participants(table)
    if len(people) < 2:
        raise TableError(
            f"a cohort must have at least two participants who answered: {path or 'the table'} has "
            f"only '{people[0]}'; add the others' rows, or loosen `where`"
        )
    simulated = "simulated" in table and bool((table["simulated"] == 1).any())
    kind = "SIMULATED " if simulated else ""
    return Cohort(name, table, simulated, f"{len(people)} {kind}people {where}", path, digest)


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
