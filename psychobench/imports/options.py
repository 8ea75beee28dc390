"""The parameters of an import, read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from psychobench.arguments import Names, Pairs, parse_names, parse_pairs
from psychobench.errors import OptionError
from psychobench.imports.file_format import ExportRows
from psychobench.trials.columns import parse_columns, parse_where

_TASK = re.compile(r"yes-no|2afc|nafc:\d+")


@dataclass(frozen=True)
class ImportOptions:
    """The parameters of `psychobench.import_trials` that concern rows and columns.

    `compared` is the column of answers and the one that each is compared with, if any; `sides`
    says which value of the latter a key stands for, in place of `map`. `accuracy` is the column
    that holds right and wrong already, if `correct` names one.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    map: Mapping[str, int] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    keep: Sequence[str] = ()
    also: Sequence[str] = ()
    level: str | None = None
    level_from: Mapping[str, str] = field(default_factory=dict)
    fields_from: Mapping[str, str] = field(default_factory=dict)
    observer_from: str | None = None
    compared: tuple[str, str] | None = None
    sides: Mapping[str, str] = field(default_factory=dict)
    accuracy: str | None = None
    right_or_wrong: bool = False
    task: str | None = None
    rt_unit: str | None = None

    @property
    def named_columns(self) -> frozenset[str]:
        """The columns of the files that are named anywhere."""
        named = [*self.columns.values(), *self.where, *self.also, *self.level_from]
        named += [
            *self.fields_from,
            *(self.compared or ()),
            *filter(None, [self.accuracy]),
        ]
        return frozenset(named)

    def takes_back(self, reason: str) -> bool:
        """Whether rows left out for this reason are to be taken all the same."""
        return reason.startswith(tuple(self.keep))

    def left_of(self, export: ExportRows) -> dict[int, str]:
        """Return the rows that a program's own marks leave, less those that are taken back."""
        return {row: why for row, why in export.left.items() if not self.takes_back(why)}


def parse_options(
    *,
    columns: Pairs,
    map: Pairs,
    where: Pairs,
    keep: Names,
    also: Names,
    level: str | None,
    level_from: Pairs,
    fields_from: Pairs,
    observer_from: str | None,
    correct: Pairs,
    chose_when: Pairs,
    task: str | None,
    rt_unit: str | None,
) -> ImportOptions:
    """Read the parameters in any of their forms, and check what needs no file.

    Raises
    ------
    OptionError
        If one has a value that it cannot have, or contradicts another.
    """
    accuracy = _parse_accuracy(correct)
    compared = _parse_compared(None if accuracy else correct, chose_when)
    options = ImportOptions(
        parse_columns(columns),
        {} if compared else parse_map(map),
        parse_where(where),
        _parse_reasons(keep),
        parse_names(also, "also"),
        level,
        parse_pairs(level_from, "level_from", "stimulus=*_{level}.png"),
        parse_pairs(fields_from, "fields_from", "stimulus={identity}_{level}.png"),
        observer_from,
        compared,
        parse_pairs(map, "map", "f=left") if compared else {},
        accuracy,
        bool(correct),
        task,
        rt_unit,
    )
    _check_values(options)
    _check_sources(options)
    return options


def _parse_accuracy(correct: Pairs) -> str | None:
    """Read `correct` where it is one column that holds right and wrong."""
    texts = [correct] if isinstance(correct, str) else list(correct or ())
    one = isinstance(correct, str) or not isinstance(correct, Mapping)
    return texts[0].strip() if one and len(texts) == 1 and "=" not in texts[0] else None


def _parse_compared(correct: Pairs, chose_when: Pairs) -> tuple[str, str] | None:
    """Read which column of answers is compared with which."""
    pairs = [
        *parse_pairs(correct, "correct", "key=side").items(),
        *parse_pairs(chose_when, "chose_when", "key=position").items(),
    ]
    if len(pairs) > 1:
        raise OptionError(
            "answers must be compared with one column: give one pair in `correct` or in "
            "`chose_when`"
        )
    return pairs[0] if pairs else None


def _check_values(options: ImportOptions) -> None:
    wrong = [n for n in ("p_target", "n_trials", "n_target") if n in options.columns]
    if wrong:
        raise OptionError(
            f"`columns` of an import cannot name {wrong[0]}: a table of probabilities or counts "
            "needs no import; read it as it is, with the same `columns`"
        )
    if options.rt_unit not in (None, "s", "ms"):
        raise OptionError(f"`rt_unit` must be s or ms: got '{options.rt_unit}'")
    if options.task is not None and not _TASK.fullmatch(options.task):
        raise OptionError(
            f"`task` must be yes-no, 2afc or nafc:N: got '{options.task}'; write for example "
            '`task="2afc"`'
        )


def _check_sources(options: ImportOptions) -> None:
    """Check that each of our columns comes from one place."""
    levels = ["level" in options.columns, bool(options.level_from), options.level is not None]
    levels.append(any("{level}" in each for each in options.fields_from.values()))
    if len(options.level_from) > 1 or sum(levels) > 1:
        raise OptionError(
            "the level must come from one place: give one `level_from`, or one `level`, or the "
            "level in `columns`"
        )
    if options.observer_from and "observer" in options.columns:
        raise OptionError(
            "the observer must come from one place: leave out `observer_from`, or the observer in "
            "`columns`"
        )
    if options.right_or_wrong and "response" in options.columns:
        raise OptionError(
            "the answer must come from one place: leave out `correct`, or the response in `columns`"
        )
    if options.compared and "response" in options.columns:
        raise OptionError(
            "the answer must come from one place: leave out `chose_when`, or the response in "
            "`columns`"
        )


def _parse_reasons(keep: Names) -> tuple[str, ...]:
    """Read reasons, one or several; unlike names they may hold commas."""
    reasons = (keep,) if isinstance(keep, str) else tuple(keep or ())
    for reason in reasons:
        if not isinstance(reason, str):
            raise OptionError(f"`keep` must be text or a list of texts: got {reason!r}")
    return reasons


def parse_map(pairs: Pairs) -> dict[str, int]:
    """Read what each key means.

    Raises
    ------
    OptionError
        If a key means something else than 0 or 1, or no key means one of them.

    Examples
    --------
    >>> parse_map({"a": 1, "s": 0}), parse_map(["a=1", "s=0"])
    ({'a': 1, 's': 0}, {'a': 1, 's': 0})
    """
    meanings = parse_pairs(pairs, "map", "a=1")
    for key, value in meanings.items():
        if value not in ("0", "1"):
            raise OptionError(
                f"`map` must give a key 0 or 1: got {key}={value}; 1 is the target category, the "
                f'one chosen more often as the level rises, like `map="{key}=1"`'
            )
    keys = {key: int(value) for key, value in meanings.items()}
    if keys and set(keys.values()) != {0, 1}:
        absent = 1 - next(iter(keys.values()))
        raise OptionError(
            f"`map` must name a key for each answer: none of {', '.join(keys)} means {absent}; "
            f'add `map="KEY={absent}"`'
        )
    return keys
