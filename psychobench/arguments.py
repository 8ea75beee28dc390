"""The forms in which a function takes its arguments: lists, mappings, or the text for either."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Collection, Iterable, Mapping
from numbers import Integral, Real
from typing import Any

from psychobench.errors import OptionError

Names = str | Iterable[str] | None
Pairs = str | Iterable[str] | Mapping[str, Any] | None
Levels = str | float | Iterable[float | str] | None

MOST_CONFIDENCE = 0.9999  # of intervals
EVERY, PEOPLES = "all", "human"  # the words for levels


def parse_names(names: Names, option: str = "names") -> tuple[str, ...]:
    """Read names: a text with commas, or a list of such.

    Parameters
    ----------
    names : str, iterable of str or None
        A name with a comma in it goes into double quotes: ``'age,"hour, local"'``.
    option : str
        What the parameter is called in messages.

    Returns
    -------
    tuple of str
        Each name once, in order of first appearance.

    Raises
    ------
    OptionError
        If `names` holds anything but text.

    Examples
    --------
    >>> parse_names(["eyes,nose", "eyes"]), parse_names("eyes"), parse_names(None)
    (('eyes', 'nose'), ('eyes',), ())
    """
    texts = _texts(names, option, "a name or several, as text or in a list")
    parts = (name.strip() for text in texts for name in _split(text))
    return tuple(dict.fromkeys(name for name in parts if name))


def parse_pairs(
    pairs: Pairs, option: str, example: str, *, commas: bool = False, form: str = "NAME=VALUE"
) -> dict[str, str]:
    """Read pairs: a mapping, a text ``NAME=VALUE``, or a list of such texts.

    Parameters
    ----------
    pairs : mapping, str, iterable of str or None
        The values of a mapping may be text or numbers.
    option : str
        What the parameter is called in messages.
    example : str
        A pair that messages show.
    commas : bool, default False
        Whether a text may hold several pairs with commas between them. A pair with a comma in it
        then goes into double quotes.
    form : str, default "NAME=VALUE"
        How messages call a pair.

    Returns
    -------
    dict of str to str
        Values by name.

    Raises
    ------
    OptionError
        If a pair has no name or no ``=``, a name comes twice, or `pairs` holds anything else.

    Examples
    --------
    >>> parse_pairs("whole=none,upper=eyes", "match", "whole=none", commas=True)
    {'whole': 'none', 'upper': 'eyes'}
    >>> parse_pairs({"session": 1}, "where", "condition=whole")
    {'session': '1'}
    """
    if isinstance(pairs, Mapping):
        return {_name(name, option): _value(name, pairs[name], option) for name in pairs}
    texts = _texts(pairs, option, f"a mapping, or {form} as text or in a list")
    if commas:
        texts = list(itertools.chain.from_iterable(_split(text) or [""] for text in texts))
    parsed: dict[str, str] = {}
    for pair in texts:
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not name:
            raise OptionError(
                f"`{option}` must be of the form {form}: got '{pair}'; "
                f"write for example `{option}={example!r}`"
            )
        if name in parsed:
            raise OptionError(
                f"`{option}` must give each name once: '{name}' is given as "
                f"'{parsed[name]}' and as '{value}'; keep one"
            )
        parsed[name] = value
    return parsed


def parse_levels(
    levels: Levels, option: str = "levels", *, words: Collection[str] = (EVERY, PEOPLES)
) -> str | tuple[float, ...]:
    """Read which levels are meant: a word for them, or numbers.

    Parameters
    ----------
    levels : str, number or iterable of numbers
        One of `words`, numbers with commas between them, or a list of numbers.
    option : str
        What the parameter is called in messages.
    words : collection of str
        The words that may stand for levels: ``all`` of a set, or those that people judged,
        ``human``.

    Returns
    -------
    str or tuple of float
        The word, or the numbers, each once, in their order.

    Raises
    ------
    OptionError
        If `levels` is neither.

    Examples
    --------
    >>> parse_levels("human"), parse_levels("0,.5,1"), parse_levels([0, 0.5])
    ('human', (0.0, 0.5, 1.0), (0.0, 0.5))
    """
    if isinstance(levels, str) and levels.strip() in words:
        return levels.strip()
    parts: Iterable[Any]
    if isinstance(levels, str):
        parts = levels.split(",")
    elif isinstance(levels, Iterable) and not isinstance(levels, (bytes, Mapping)):
        parts = levels
    else:
        parts = [levels]
    numbers = [_number(part) for part in parts]
    if not numbers or not all(map(math.isfinite, numbers)):
        choices = ", ".join([*(f"'{word}'" for word in words), "numbers"])
        raise OptionError(
            f"`{option}` must be one of {choices}, numbers as a list or with commas between them: "
            f'got {_brief(levels)}; write for example `{option}="0,.5,1"`'
        )
    return tuple(dict.fromkeys(numbers))


def check_whole(value: object, option: str, *, least: int = 0) -> int:
    """Check that an argument is a whole number.

    Raises
    ------
    OptionError
        If it is not, or is below `least`.

    Examples
    --------
    >>> check_whole(3, "seeds", least=1)
    3
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise OptionError(
            f"`{option}` must be a whole number, {least} or more: got {_brief(value)}; "
            f"write for example `{option}={max(least, 1)}`"
        )
    return int(value)


def check_number(value: object, option: str) -> float:
    """Check that an argument is a finite number.

    Raises
    ------
    OptionError
        If it is not.

    Examples
    --------
    >>> check_number(0.5, "mean_pse")
    0.5
    """
    number = _number(value) if not isinstance(value, str) else math.nan
    if not math.isfinite(number):
        raise OptionError(
            f"`{option}` must be a finite number: got {_brief(value)}; "
            f"write for example `{option}=0.5`"
        )
    return number


def check_choice(value: object, option: str, choices: Collection[str]) -> str:
    """Check that an argument is one of a few words.

    Raises
    ------
    OptionError
        If it is not.

    Examples
    --------
    >>> check_choice("valid", "family", ("valid", "planned"))
    'valid'
    """
    if not isinstance(value, str) or value not in choices:
        raise OptionError(
            f"`{option}` must be one of {', '.join(choices)}: got {_brief(value)}; "
            "choose one of these"
        )
    return value


def check_confidence(value: object, option: str = "confidence") -> float:
    """Check that an argument is a coverage between 0 and 1; see `confidence_faults`.

    Raises
    ------
    OptionError
        If it is not.

    Examples
    --------
    >>> check_confidence(0.9)
    0.9
    """
    if faults := confidence_faults(value, option):
        raise OptionError(*faults)
    return float(value)  # type: ignore[arg-type]  # a number: there are no faults


def confidence_faults(value: object, option: str = "confidence") -> list[str]:
    """List what is wrong with a coverage: one line, or none.

    Beyond `MOST_CONFIDENCE` the ends of an interval rest on the far tails of the model, of which
    data know nothing, and near 1 the quantile that defines them is lost in rounding.
    """
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 < float(value) < 1:
        return [
            f"`{option}` must be a number between 0 and 1: got {_brief(value)}; "
            f"write for example `{option}=0.95`"
        ]
    if float(value) > MOST_CONFIDENCE:
        return [
            f"`{option}` must be {MOST_CONFIDENCE:g} or less, since nearer to 1 intervals are not "
            f"defined by the data: got {_brief(value)}; write for example `{option}=0.99`"
        ]
    return []


def _brief(value: object) -> str:
    """Write a value in one line."""
    text = repr(value)
    return text if len(text) <= 60 and "\n" not in text else f"a {type(value).__name__}"


def _texts(values: Any, option: str, wanted: str) -> list[str]:
    """Collect texts, given one by one, in a list or not at all."""
    if values is None:
        return []
    if isinstance(values, str):
        return [values]
    texts = list(values) if isinstance(values, Iterable) and not _is_map(values) else [values]
    for text in texts:
        if not isinstance(text, str):
            raise OptionError(f"`{option}` must be {wanted}: got {_brief(text)}; write it as text")
    return texts


def _is_map(values: object) -> bool:
    return isinstance(values, (Mapping, bytes))


def _split(text: str) -> list[str]:
    return next(csv.reader([text], skipinitialspace=True), [])


def _name(name: object, option: str) -> str:
    if not isinstance(name, str) or not name:
        raise OptionError(
            f"`{option}` must name things by text: got {_brief(name)}; write it as text"
        )
    return name


def _value(name: object, value: object, option: str) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, Real):
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    raise OptionError(
        f"`{option}` must give one value for each name: '{name}' has {_brief(value)}; "
        "write a text or a number"
    )


def _number(part: object) -> float:
    """Read a number, NaN where it is none."""
    if isinstance(part, bool) or not isinstance(part, (str, Real)):
        return math.nan
    try:
        return float(part)
    except ValueError:
        return math.nan
