"""The priors that a fit can be asked for, as text, checked before anything is computed.

A prior is a word (`WORDS`) or a shape with its numbers, such as ``beta(1, 10)``. What shapes mean
as densities is in `psychobench.fits.densities`; the command line reads this module without numpy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from psychobench.errors import OptionError

PARAMETERS = ("threshold", "width", "guess", "lapse", "overdispersion")
RATES = ("guess", "lapse", "overdispersion")  # their priors end at 0 and 1
NONE, PUBLISHED, LEVELS = "none", "published", "levels"
WORDS = (NONE, PUBLISHED, LEVELS)
# what each shape's numbers are called; `uniform` has its ends, the others what scipy.stats calls
# their parameters
SHAPES = {
    "beta": ("a", "b"),
    "gamma": ("a", "scale"),
    "halfnormal": ("scale",),
    "lognormal": ("s", "scale"),
    "normal": ("mean", "sd"),
    "uniform": ("low", "high"),
}
RATE_PRIOR = "beta(1, 10)"  # of psignifit, on guess, lapse and overdispersion
SCHUETT = {
    "threshold": PUBLISHED,
    "width": PUBLISHED,
    "guess": RATE_PRIOR,
    "lapse": RATE_PRIOR,
    "overdispersion": RATE_PRIOR,
}
# maximum likelihood has no prior; a posterior needs one on every parameter
DEFAULT_PRIORS: dict[str, dict[str, str]] = {"ml": {}, "bayes": SCHUETT, "psignifit": SCHUETT}
LEAST_MASS = 1e-6  # of a prior, within the bounds
FORM = "PARAMETER=SHAPE(NUMBER,...)"
EXAMPLE = "guess=beta(1,10),lapse=beta(1,10)"

PriorsLike = str | Iterable[str] | Mapping[str, Any] | None
_SHAPE = re.compile(r"(?P<name>[A-Za-z_-]+)\s*\((?P<numbers>[^()]*)\)")


class Shape(NamedTuple):
    """A shape and its numbers."""

    name: str
    numbers: tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{number:.12g}' for number in self.numbers)})"

    @property
    def support(self) -> tuple[float, float]:
        """Where the density is above 0."""
        if self.name == "uniform":
            return self.numbers[0], self.numbers[1]
        if self.name == "normal":
            return -math.inf, math.inf
        return 0.0, 1.0 if self.name == "beta" else math.inf


def read_shape(text: str) -> Shape | None:
    """Read a prior's text; None for a word.

    Examples
    --------
    >>> read_shape("beta(1, 10)")
    Shape(name='beta', numbers=(1.0, 10.0))
    """
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        return None
    numbers = [part for part in found["numbers"].split(",") if part.strip()]
    return Shape(found["name"], tuple(float(number) for number in numbers))


def parse_priors(priors: PriorsLike) -> dict[str, str]:
    """Read priors: a mapping, ``published``, ``none``, or ``PARAMETER=SHAPE(NUMBER,...)`` as text.

    Parameters
    ----------
    priors : str, iterable of str, mapping or None
        ``"published"``, ``"guess=beta(1,10),lapse=none"``, a list of such texts, or
        ``{"guess": "beta(1, 10)"}``.

    Returns
    -------
    dict of str to str
        Priors by parameter. The key ``""`` holds a word that is given for all parameters at once.

    Raises
    ------
    OptionError
        With one line for each part that is something else.

    Examples
    --------
    >>> parse_priors("published, guess=beta(1,20)")
    {'': 'published', 'guess': 'beta(1, 20)'}
    """
    if isinstance(priors, Mapping):
        pairs = [(str(name), _as_text(value)) for name, value in priors.items()]
    else:
        texts = [priors] if isinstance(priors, str) else list(priors or ())
        pairs = [_pair(part) for text in texts for part in _split(str(text))]
    read: dict[str, str] = {}
    faults = []
    for name, text in pairs:
        if name in read:
            faults.append(f"`priors` must give each parameter once: {name or text!r} comes twice")
        fault = _fault(name, text)
        if fault:
            faults.append(fault)
        else:
            read[name] = text if text in WORDS else str(read_shape(text))
    if faults:
        raise OptionError(*dict.fromkeys(faults))
    return read


def resolve_priors(
    given: Mapping[str, str], engine: str, held: Iterable[str], *, equal: bool
) -> dict[str, str]:
    """Complete priors by the engine's own; a parameter that is held has none.

    Parameters
    ----------
    given : mapping
        As from `parse_priors`.
    engine : str
        Whose defaults hold where nothing is given.
    held : iterable of str
        Parameters that are not estimated.
    equal : bool
        Whether guess and lapse are one rate.
    """
    word = given.get("")
    if equal and {"guess", "lapse"} & set(given):
        one = given.get("guess", given.get("lapse", NONE))
        given = {**given, "guess": one, "lapse": one}
    everywhere = {
        None: DEFAULT_PRIORS[engine],
        NONE: dict.fromkeys(PARAMETERS, NONE),
        LEVELS: {**DEFAULT_PRIORS[engine], "threshold": LEVELS, "width": LEVELS},
        PUBLISHED: SCHUETT,
    }[word]
    made = {name: given.get(name, everywhere.get(name, NONE)) for name in PARAMETERS}
    made = {name: SCHUETT[name] if text == PUBLISHED else text for name, text in made.items()}
    if engine == "ml":  # it has no prior that follows the levels, and none is its default
        made = {name: text for name, text in made.items() if text not in WORDS}
    return {name: text for name, text in made.items() if name not in held}


def prior_faults(
    given: Mapping[str, str],
    held: Mapping[str, str],
    bounds: Mapping[str, tuple[float, float]],
    *,
    equal: bool,
) -> list[str]:
    """List what priors contradict.

    Parameters
    ----------
    given : mapping
        As from `parse_priors`.
    held : mapping
        From parameters that are not estimated to what holds them.
    bounds : mapping
        By parameter.
    equal : bool
        Whether guess and lapse are one rate.
    """
    faults = [
        f"`priors` must be on what is estimated: {why}; leave out the prior on {name}"
        for name, why in held.items()
        if name in given
    ]
    for name, (low, high) in bounds.items():
        shape = read_shape(given.get(name, NONE))
        if shape is not None and name not in held and _mass(shape, low, high) < LEAST_MASS:
            faults.append(
                f"`priors` must lie within the bounds: {name}={shape} leaves nothing between "
                f"{low:g} and {high:g}; change the prior or the bounds"
            )
    if equal and given.get("guess") != given.get("lapse") and {"guess", "lapse"} <= set(given):
        faults.append(
            '`asymptotes="equal"` makes guess and lapse one rate, which has one prior: got '
            f"guess={given['guess']} and lapse={given['lapse']}; leave one out"
        )
    return faults


def _as_text(value: Any) -> str:
    """Write a prior that is given as text, or as a shape's name and numbers."""
    if isinstance(value, (list, tuple)) and value:
        return f"{value[0]}({','.join(map(str, value[1:]))})"
    return NONE if value is None else str(value).strip()


def _split(text: str) -> list[str]:
    """Split at commas outside brackets."""
    return [part.strip() for part in re.split(r",(?![^()]*\))", text) if part.strip()]


def _pair(part: str) -> tuple[str, str]:
    name, equals, value = (piece.strip() for piece in part.partition("="))
    return (name, value) if equals else ("", name)


def _fault(name: str, text: str) -> str | None:
    """Say what is wrong with one prior."""
    if not name:
        if text in WORDS:
            return None
        return (
            f"`priors` must be one of {', '.join(WORDS)}, or of the form {FORM}: got {text!r}; "
            f'write for example `priors="{EXAMPLE}"`'
        )
    if name not in PARAMETERS:
        return (
            f"`priors` must name one of {', '.join(PARAMETERS)}: got {name!r}; "
            f'write for example `priors="{EXAMPLE}"`'
        )
    if text in WORDS and not (text == LEVELS and name in RATES):
        return None
    try:
        shape = read_shape(text)
    except ValueError:
        return f"`priors` must have numbers in brackets: {name} has {text!r}"
    if shape is None or shape.name not in SHAPES:
        words = WORDS[:2] if name in RATES else WORDS
        signs = [f"{each}({','.join(numbers)})" for each, numbers in SHAPES.items()]
        return (
            f"a prior in `priors` must be one of {', '.join([*words, *signs])}: {name} has {text!r}"
        )
    return _number_fault(name, shape)


def _number_fault(name: str, shape: Shape) -> str | None:
    expected = SHAPES[shape.name]
    example = f"{shape.name}({','.join(expected)})"
    if len(shape.numbers) != len(expected) or not all(map(math.isfinite, shape.numbers)):
        return f"`priors` must give {example} finite numbers: {name} has {shape}"
    for sign, number in zip(expected, shape.numbers, strict=True):
        if sign in ("scale", "s", "sd") and number <= 0:
            return f"`priors` must have {sign} above 0 in {example}: {name} has {shape}"
        if sign in ("a", "b") and number < 1:  # the density would be infinite at its end
            return f"`priors` must have {sign} of 1 or more in {example}: {name} has {shape}"
    if shape.name == "uniform" and shape.numbers[0] >= shape.numbers[1]:
        return f"`priors` must have low below high in {example}: {name} has {shape}"
    return None


def _mass(shape: Shape, low: float, high: float) -> float:
    """Compute the share of a prior between two ends; 1 for shapes that fill their support."""
    least, most = max(low, shape.support[0]), min(high, shape.support[1])
    if least > most:
        return 0.0
    if shape.name in ("normal", "halfnormal", "lognormal") and low < high:
        return _cdf(shape, most) - _cdf(shape, least)
    return 1.0


def _cdf(shape: Shape, value: float) -> float:
    if shape.name == "lognormal":
        if value <= 0:
            return 0.0
        score = math.log(value / shape.numbers[1]) / shape.numbers[0]
    else:
        mean, sd = (0.0, *shape.numbers)[-2:]
        score = (value - mean) / sd
    if shape.name == "halfnormal":
        return math.erf(score / math.sqrt(2))
    return math.erfc(-score / math.sqrt(2)) / 2
