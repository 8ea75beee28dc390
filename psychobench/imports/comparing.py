"""Answers whose meaning depends on the trial: a key compared with the column that it answers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from psychobench.imports.file_format import ExportRows, InputNeededError
from psychobench.imports.options import ImportOptions
from psychobench.imports.response_keys import normalise_key
from psychobench.messages import argument, shown
from psychobench.tables.cells import is_blank

LEFT = "left: "  # before the reason why a compared answer is none


def compare_answers(
    answers: pd.Series[str], targets: pd.Series[str], options: ImportOptions, path: Path
) -> pd.Series[str]:
    """Compare each answer with the value that would be right, or that would be chosen.

    Parameters
    ----------
    answers : Series of str
        The keys.
    targets : Series of str
        The column that they are compared with.
    options : ImportOptions
        The user's; `ImportOptions.sides` says which value a key stands for.
    path : pathlib.Path
        The file, for messages.

    Returns
    -------
    Series of str
        ``1`` where they agree, ``0`` where not, empty where nobody answered; `LEFT` and a reason
        where there is nothing to compare with, or the key has no meaning: where `map` gives it
        none, or, of what was chosen, where it stands for none of the values. An answer that is
        never right is wrong.

    Raises
    ------
    InputNeededError
        If no key stands for any of the values.
    """
    meant = {normalise_key(key): normalise_key(side) for key, side in options.sides.items()}
    wanted = targets.map(lambda cell: "" if is_blank(cell) else normalise_key(cell))
    keys = answers.map(lambda cell: "" if is_blank(cell) else normalise_key(cell))
    chosen = keys.map(lambda key: meant.get(key, "") if meant else key)
    both = (keys != "") & (wanted != "")
    possible = set(wanted[both])
    if both.any() and not set(chosen[both]) & possible:
        raise _unmatched(answers, targets, list(dict.fromkeys(keys[both])), possible, path)
    result = pd.Series("", index=answers.index, dtype=object)
    result[both] = (chosen == wanted)[both].map({True: "1", False: "0"})
    if options.right_or_wrong and not meant:  # a word that is never right is a wrong one
        possible |= set(keys)
    strange = (keys != "") & ~chosen.isin({*possible, *meant.values()})
    result[strange] = LEFT + "other key (" + keys[strange] + ")"
    result[(keys != "") & (wanted == "")] = f"{LEFT}no value in {targets.name}"
    return result


def _unmatched(
    answers: pd.Series[str], targets: pd.Series[str], keys: list[str], sides: set[str], path: Path
) -> InputNeededError:
    pairs = dict(zip(keys, sorted(sides), strict=False))
    return InputNeededError(
        "sides",
        f"keys must be comparable: in {path} {answers.name} holds {shown(keys)}, and "
        f"{targets.name} holds {shown(sorted(sides))}; say which of these each key stands for, "
        f"like {argument('map', pairs)}, or the other way round",
        choices=keys,
    )


def blank_unanswered(
    correct: pd.Series[str], export: ExportRows, path: Path
) -> tuple[pd.Series[str], list[str]]:
    """Blank the accuracy of trials that nobody answered, which programs write as wrong.

    Parameters
    ----------
    correct : Series of str
        A column that says whether answers were right.
    export : ExportRows
        The file's rows, which hold the answers themselves, too.
    path : pathlib.Path
        The file, for the note.

    Returns
    -------
    correct : Series of str
    notes : list of str
        How many were blanked.
    """
    column, stem = str(correct.name), str(correct.name).rpartition(".")[0]
    known = [n for n in export.known_columns.get("response", ()) if n in export.cells]
    if stem:
        known = [f"{stem}.keys"] if f"{stem}.keys" in export.cells else []
    known = [name for name in known if name != column]
    if not known:
        return correct, []
    unanswered = export.cells[known].map(is_blank).all(axis=1)
    changed = unanswered & ~correct.map(is_blank)
    if not changed.any() or unanswered.all():
        return correct, []
    note = (
        f"{path}: {column} has a value in {int(changed.sum())} rows without an answer in "
        f"{shown(known)}; there nobody answered"
    )
    return correct.mask(changed, ""), [note]
