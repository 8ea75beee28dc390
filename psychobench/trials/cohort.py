"""Cohorts: the people that an observer is tested against, bundled or from one's own file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from psychobench.errors import ResourceError, TableError
from psychobench.messages import nearest
from psychobench.resources import bundled, sha256
from psychobench.trials.table import count_responses, read_trials

TABLE = "trials.csv"
RECORD = "trials.csv.json"


@dataclass(frozen=True)
class Cohort:
    """People who judged stimuli, or a simulation of such.

    Parameters
    ----------
    name : str
        Name of a bundled cohort, or of the file.
    table : DataFrame
        Their trials or counts, checked, see `psychobench.trials.table.validate_trials`.
    simulated : bool
        Whether nobody ever sat there: results say nothing about people.
    title : str
        One line for people to read; it says SIMULATED where that is so.
    path : pathlib.Path
        The file.
    sha256 : str
        Hash of the file.
    """

    name: str
    table: pd.DataFrame
    simulated: bool
    title: str
    path: Path
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
    name_or_file: str = "simulated",
    *,
    columns: Mapping[str, str] | None = None,
    where: Mapping[str, str] | None = None,
) -> Cohort:
    """Load a bundled cohort by name, or one's own from a file.

    Parameters
    ----------
    name_or_file : str
        ``simulated``, the bundled cohort, which is SIMULATED; or a CSV or TSV file.
    columns, where : mapping of str to str, optional
        See `psychobench.trials.table.read_trials`.

    Returns
    -------
    Cohort

    Raises
    ------
    TableError
        If there is no such cohort or file, the table breaks the column contract, or fewer than two
        participants answered.
    OptionError
        If `columns` makes no sense.
    ResourceError
        If a bundled cohort is not as it was shipped.

    Examples
    --------
    >>> cohort = load_cohort()
    >>> cohort.title
    '50 SIMULATED people (bundled cohort "simulated")'
    """
    names = list_cohorts()
    own = name_or_file not in names
    path = Path(name_or_file) if own else bundled("human_data") / name_or_file / TABLE
    if own and not path.exists():
        raise TableError(
            f"a cohort must be a file or bundled: '{name_or_file}' is neither"
            f"{nearest(name_or_file, names)}; bundled: {_marked(names)}"
        )
    table = read_trials(path, columns=columns, where=where)
    n = _count_people(table, path)
    digest = sha256(path)
    if not own:
        _check_hash(path, digest)
    simulated = "simulated" in table and bool((table["simulated"] == 1).any())
    return Cohort(
        name=path.name if own else name_or_file,
        table=table,
        simulated=simulated,
        title=f"{n} {'SIMULATED ' if simulated else ''}people "
        + (f"in {path.name}" if own else f'(bundled cohort "{name_or_file}")'),
        path=path,
        sha256=digest,
    )


def _marked(names: list[str]) -> str:
    return ", ".join(f"{name} (SIMULATED people)" for name in names)


def _count_people(table: pd.DataFrame, path: Path) -> int:
    people = _participants(table)
    if len(people) < 2:
        raise TableError(
            f"a cohort must have at least two participants who answered: {path} has only "
            f"'{people[0]}'; add the others' rows, or loosen `where`"
        )
    return len(people)


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
