"""A table of trials to the files of BIDS, of Psych-DS, or of plain long tables."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from psychobench import __version__
from psychobench.errors import OptionError, TableError
from psychobench.messages import nearest
from psychobench.tables.output import csv_bytes
from psychobench.trials.counts import count_responses

_LABEL = re.compile(r"[^a-zA-Z0-9]+")
_BIDS_NAMES = {"rt": "response_time", "condition": "trial_type", "stimulus": "stim_id"}
_MEANINGS = {
    "observer": "Who answered",
    "condition": "Condition of the trial",
    "trial_type": "Condition of the trial",
    "level": "Stimulus level, in the unit of the design",
    "response": "Answer: 1 for the target category, 0 for the other one, empty for none",
    "stimulus": "Which stimulus was shown",
    "stim_id": "Which stimulus was shown",
    "trial": "Order of presentation",
    "rt": "Reaction time in seconds",
    "response_time": "Reaction time",
    "session": "Session",
    "participant_id": "Label of the participant in this data set",
    "n_trials": "Number of answered trials",
    "n_target": "Number of them with the answer 1",
}
_LONG_README = """\
trials.csv: one row per answered trial; response is 1 for the target category and 0 for the other.
counts.csv: the same counted: n_target of n_trials at each level.
{left} of {n} trials had no answer and are in neither file.

R:     trials <- read.csv("trials.csv", colClasses = c(observer = "character"))
       lme4::glmer(response ~ level + (level | observer), binomial, trials)
       quickpsy::quickpsy(trials, level, response, grouping = c("observer", "condition"))
JASP:  open either file; observer and condition are nominal, level is scale.

Written by psychobench {version}.
"""


def export_files(trials: pd.DataFrame, to: str, *, name: str = "trials") -> dict[str, bytes]:
    """Convert trials to the files of a standard.

    Parameters
    ----------
    trials : DataFrame
        As `psychobench.read_trials` returns them, one row per trial.
    to : {"bids", "psych-ds", "long"}
        Which standard: BIDS [1]_ with a ``beh`` table per participant; Psych-DS [2]_ with a CSV
        file per participant; or two plain tables for R and JASP.
    name : str, default "trials"
        What the task or study is called.

    Returns
    -------
    dict of str to bytes
        Contents by path, relative to the folder of the data set.

    Raises
    ------
    OptionError
        If there is no such form, or `name` has no letter or digit.
    TableError
        If the table has counts, or two participants would get one label.

    References
    ----------
    .. [1] Gorgolewski et al. (2016), The brain imaging data structure. Scientific Data 3:160044.
    .. [2] Psych-DS, https://psych-ds.github.io

    Examples
    --------
    >>> trials = pd.DataFrame({"observer": ["p1"], "condition": ["all"], "level": [0.5],
    ...                        "response": [1.0]})
    >>> sorted(export_files(trials, "psych-ds"))
    ['README.md', 'data/study-trials_subject-p1_data.csv', 'dataset_description.json']
    """
    label = check_export(to, name)
    if "response" not in trials:
        raise TableError(
            "only trials with a response can be exported: the table has no column response; "
            "export the table that `psychobench.import_trials()` made"
        )
    whole = trials.assign(response=trials["response"].astype("Int64"))
    return FORMS[to](whole, label)


def check_export(to: object, name: object) -> str:
    """Check the form and the name of an export, and return the name's letters and digits.

    Raises
    ------
    OptionError
        If there is no such form, or `name` has no letter or digit.
    """
    if not isinstance(to, str) or to not in FORMS:
        raise OptionError(
            f"`to` must be one of {', '.join(FORMS)}: got {to!r}{nearest(str(to), FORMS)}"
        )
    label = _LABEL.sub("", name) if isinstance(name, str) else ""
    if not label:
        raise OptionError(f"`name` must have a letter or digit: got {name!r}; name the task")
    return label


def _bids(trials: pd.DataFrame, name: str) -> dict[str, bytes]:
    labels = _labels(trials)
    table = trials.rename(columns=_BIDS_NAMES)
    files = {
        "dataset_description.json": _json(
            {
                "Name": name,
                "BIDSVersion": "1.10.0",
                "DatasetType": "raw",
                "GeneratedBy": [{"Name": "psychobench", "Version": __version__}],
            }
        ),
        "README.md": _readme(trials, name),
        "participants.tsv": _tsv(
            pd.DataFrame(
                {
                    "participant_id": [f"sub-{label}" for label in labels.values()],
                    "observer": list(labels),
                }
            )
        ),
        "participants.json": _json(_described(["participant_id", "observer"])),
    }
    columns = [column for column in table if column not in _in_path(table, labels)]
    described = _described(columns)
    if "response_time" in described:
        described["response_time"]["Units"] = "s"
    described["response"]["Levels"] = {"0": "the other category", "1": "the target category"}
    files[f"task-{name}_beh.json"] = _json({"TaskName": name} | described)
    keys = ["observer", "session"] if "session" in table else ["observer"]
    for who, rows in table.groupby(keys, sort=False):
        sub, *ses = (str(each) for each in who)
        parts = [f"sub-{labels[sub]}", *(f"ses-{_LABEL.sub('', s) or '1'}" for s in ses)]
        place = PurePosixPath(*parts, "beh", "_".join([*parts, f"task-{name}", "beh.tsv"]))
        if str(place) in files:
            raise TableError(f"sessions must differ in letters or digits: two become {place}")
        files[str(place)] = _tsv(rows[columns])
    return files


def _in_path(table: pd.DataFrame, labels: dict[str, str]) -> set[str]:
    """Find the columns whose values the path of a file holds in full."""
    sessions = table["session"].unique() if "session" in table else ()
    whole = {
        "observer": all(name == label for name, label in labels.items()),
        "session": all(str(each) == _LABEL.sub("", str(each)) for each in sessions),
    }
    return {column for column, is_whole in whole.items() if is_whole}


def _psych_ds(trials: pd.DataFrame, name: str) -> dict[str, bytes]:
    labels = _labels(trials)
    variables = [
        {"@type": "PropertyValue", "name": column, "description": _meaning(column)}
        for column in map(str, trials)
    ]
    files = {
        "dataset_description.json": _json(
            {
                "@context": "https://schema.org/",
                "@type": "Dataset",
                "name": name,
                "description": "Trials of a psychophysical experiment, one row each",
                "variableMeasured": variables,
            }
        ),
        "README.md": _readme(trials, name),
    }
    for observer, rows in trials.groupby("observer", sort=False):
        place = f"data/study-{name}_subject-{labels[str(observer)]}_data.csv"
        files[place] = csv_bytes(rows)
    return files


def _long(trials: pd.DataFrame, name: str) -> dict[str, bytes]:
    answered = trials[trials["response"].notna()]
    counts = count_responses(answered.astype({"response": float}))
    text = _LONG_README.format(left=len(trials) - len(answered), n=len(trials), version=__version__)
    return {
        "trials.csv": csv_bytes(answered),
        "counts.csv": csv_bytes(counts),
        "README.txt": text.encode(),
    }


def _labels(trials: pd.DataFrame) -> dict[str, str]:
    """Assign each participant a label of letters and digits alone."""
    labels = {str(each): _LABEL.sub("", str(each)) for each in trials["observer"].unique()}
    given: dict[str, str] = {}
    for observer, label in labels.items():
        if not label or label.casefold() in given:
            raise TableError(
                "observers must differ in letters or digits, which are all that may stand in a "
                f"file's name: '{observer}' becomes '{label}', which is "
                f"{f'taken by {given[label.casefold()]!r}' if label else 'nothing'}; rename one"
            )
        given[label.casefold()] = observer
    return labels


def _meaning(column: str) -> str:
    return _MEANINGS.get(column, f"{column}, as in the original data")


def _described(columns: list[Any]) -> dict[str, dict[str, Any]]:
    return {str(column): {"Description": _meaning(str(column))} for column in columns}


def _readme(trials: pd.DataFrame, name: str) -> bytes:
    people = trials["observer"].nunique()
    return (
        f"# {name}\n\nResponses to stimuli of graded levels: {len(trials)} trials of {people} "
        f"observers. Written by psychobench {__version__}.\n"
    ).encode()


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _tsv(table: pd.DataFrame) -> bytes:
    clean = table.replace({r"[\t\n]": " "}, regex=True)
    return clean.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n").encode()


FORMS: dict[str, Callable[[pd.DataFrame, str], dict[str, bytes]]] = {
    "bids": _bids,
    "psych-ds": _psych_ds,
    "long": _long,
}
