"""The names of the columns, and how foreign names are mapped to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from psychobench.arguments import Pairs, parse_levels, parse_names, parse_pairs
from psychobench.errors import OptionError, TableError
from psychobench.messages import nearest, shown

__all__ = [
    "CANONICAL",
    "COUNT_COLUMNS",
    "TRIAL_COLUMNS",
    "check_mapping",
    "likely_mapping",
    "parse_columns",
    "parse_levels",
    "parse_names",
    "parse_pairs",
    "parse_where",
    "rename",
]

TRIAL_COLUMNS = (
    "observer",
    "condition",
    "level",
    "response",
    "p_target",
    "stimulus",
    "trial",
    "rt",
    "session",
)
COUNT_COLUMNS = ("observer", "condition", "level", "n_trials", "n_target", "session")
CANONICAL = tuple(dict.fromkeys((*TRIAL_COLUMNS, *COUNT_COLUMNS)))

# words by which other programs' files call our columns; used for suggestions only
_HINTS = {
    "observer": ("subject", "participant", "subj", "person", "ppt", "sub", "vpn", "vp", "pp", "id"),
    "level": ("morph", "intensity", "contrast", "coherence", "step", "phase", "stim"),
    "response": ("resp", "chose", "choice", "said", "answer", "judg"),
    "p_target": ("prob",),
    "n_trials": ("trials", "total", "n"),
    "n_target": ("target", "hits", "count", "k"),
}


def parse_columns(columns: Pairs) -> dict[str, str]:
    """Read what a table's columns are called: a mapping, or ``canonical=foreign`` as text.

    Parameters
    ----------
    columns : mapping, str, iterable of str or None
        ``{"observer": "subject"}``, ``"observer=subject,response=chose"`` or a list of such texts.
        In a text, a foreign name with a comma in it goes into double quotes with its canonical
        name: ``'observer=id,"response=happy, or not"'``.

    Returns
    -------
    dict of str to str
        Foreign names by canonical name.

    Raises
    ------
    OptionError
        If a pair has no ``=`` or an empty side, a canonical name is unknown or given twice, or a
        foreign column is to mean two things.

    Examples
    --------
    >>> parse_columns("observer=subject,response=chose_anger")
    {'observer': 'subject', 'response': 'chose_anger'}
    """
    parsed = parse_pairs(columns, "columns", "observer=subject,response=chose", commas=True)
    if blank := [name for name, foreign in parsed.items() if not foreign]:
        raise OptionError(
            f"`columns` must name a column of the table: '{blank[0]}=' names none; "
            f'write `columns="{blank[0]}=NAME"`'
        )
    check_mapping(parsed)
    return parsed


def parse_where(where: Pairs) -> dict[str, str]:
    """Read which rows to keep: a mapping, or ``COL=VALUE`` as text or in a list.

    Parameters
    ----------
    where : mapping, str, iterable of str or None
        An empty value keeps the rows in which the cell is empty.

    Returns
    -------
    dict of str to str
        Values by column; all must hold.

    Raises
    ------
    OptionError
        If one has no ``=`` or no column, or a column is given twice.

    Examples
    --------
    >>> parse_where(("condition=whole", "part=1"))
    {'condition': 'whole', 'part': '1'}
    """
    return parse_pairs(where, "where", "condition=whole")


def check_mapping(columns: Mapping[str, str]) -> None:
    """Check that `columns` gives each foreign column one known meaning.

    Raises
    ------
    OptionError
        If a canonical name is unknown, or one foreign column is to mean two things.
    """
    for name in columns:
        if name not in CANONICAL:
            raise OptionError(
                f"`columns` must map a known name: '{name}' is none{nearest(name, CANONICAL)}; "
                f"known are {', '.join(CANONICAL)} (written known=column-of-the-table)"
            )
    meanings = dict(zip(columns.values(), columns, strict=True))
    for name, foreign in columns.items():
        if meanings[foreign] != name:
            raise OptionError(
                f"`columns` must give a column one meaning: '{foreign}' is mapped to "
                f"'{name}' and to '{meanings[foreign]}'; keep one"
            )


def rename(table: pd.DataFrame, columns: Mapping[str, str], source: str) -> pd.DataFrame:
    """Give foreign columns their canonical names.

    A mapping wins over a column of the file that already has the canonical name: that one is kept
    as ``<name>_file``, and ``attrs["notes"]`` of the result says so.

    Parameters
    ----------
    table : DataFrame
        Any table.
    columns : mapping of str to str
        Foreign names by canonical name.
    source : str
        What the table is called in messages.

    Raises
    ------
    OptionError
        See `check_mapping`.
    TableError
        If a foreign column is not in the table.
    """
    check_mapping(columns)
    faults = [
        f"`columns` must name a column of the table: {name}={foreign}, but {source} has no "
        f"'{foreign}'{nearest(foreign, table.columns)}; found: {shown(table.columns)}"
        for name, foreign in columns.items()
        if foreign not in table.columns
    ]
    if faults:
        raise TableError(*faults)
    notes = list(table.attrs.get("notes", []))
    aside = {}
    for name, foreign in columns.items():
        if name != foreign and name in table.columns and name not in columns.values():
            aside[name] = _free_name(f"{name}_file", table.columns)
            notes.append(
                f"{source}: column '{foreign}' is read as {name}; "
                f"its own column '{name}' is kept as '{aside[name]}'"
            )
    renamed = table.rename(columns=aside | {foreign: name for name, foreign in columns.items()})
    renamed.attrs["notes"] = notes
    return renamed


def _free_name(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "_"
    return name


def likely_mapping(needed: Sequence[str], found: Iterable[str]) -> str:
    """Write the pairs of `columns` that would supply `needed`, guessing from the names `found`.

    Only ever shown in a message: nothing is mapped by a guess.

    Examples
    --------
    >>> likely_mapping(["observer", "level"], ["subject", "x"])
    'observer=subject,level=NAME'
    """
    names = [str(name) for name in found]
    pairs = []
    for need in needed:
        words = (need, *_HINTS[need])
        guess = next((name for word in words for name in names if _has(name, word)), "NAME")
        names = [name for name in names if name != guess]
        pairs.append(f"{need}={guess}")
    return ",".join(pairs)


def _has(name: str, word: str) -> bool:
    """Whether `name` is `word` or, for words of some length, has a part that begins with it."""
    parts = re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    if "_".join(parts) == word:
        return True
    return any(part == word or (len(word) > 3 and part.startswith(word)) for part in parts)
