"""What is odd about a table of trials as a whole: rows that occur twice, names that look alike."""

from __future__ import annotations

import unicodedata
from collections import defaultdict

import pandas as pd

from psychobench.messages import number_of, shown

LONGEST_RT = 20.0  # seconds; a median above it is in milliseconds


def note_repeated_rows(table: pd.DataFrame) -> list[str]:
    """Note trials that equal an earlier one in every column, reaction time or trial number too."""
    if "response" not in table or not {"trial", "rt"} & set(table):
        return []
    twice = table.duplicated()
    if not twice.any():
        return []
    who = shown(table["observer"][twice].unique())
    return [
        f"{number_of(int(twice.sum()), 'row')} of {len(table)} equal an earlier one in every "
        f"column (observers {who}): were they pasted twice?"
    ]


def note_similar_names(table: pd.DataFrame) -> list[str]:
    """Note observers, and conditions, whose names differ by case or invisible characters alone."""
    notes = []
    for column in ("observer", "condition"):
        names = defaultdict(list)
        for name in table[column].unique() if column in table else ():
            names[_plain(str(name))].append(str(name))
        notes += [
            f"{column}s {' and '.join(map(ascii, alike))} differ by case or invisible characters "
            "alone: are they one?"
            for alike in names.values()
            if len(alike) > 1
        ]
    return notes


def note_milliseconds(table: pd.DataFrame) -> list[str]:
    """Note reaction times that can only be milliseconds."""
    if not in_milliseconds(table):
        return []
    median = pd.to_numeric(table["rt"], errors="coerce").median()
    return [
        f"the median of rt is {median:.4g}: reaction times are taken to be milliseconds; rt should "
        "be in seconds"
    ]


def in_milliseconds(table: pd.DataFrame) -> bool:
    """Whether reaction times are far too long for seconds."""
    if "rt" not in table:
        return False
    return bool(pd.to_numeric(table["rt"], errors="coerce").median() > LONGEST_RT)


def _plain(name: str) -> str:
    """Return a name without case, invisible characters and blanks around it."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in folded if unicodedata.category(sign) != "Cf").strip()
