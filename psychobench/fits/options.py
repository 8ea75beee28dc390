"""What a fit can be asked for, checked before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

from psychobench.arguments import confidence_faults, parse_names, parse_pairs
from psychobench.errors import OptionError
from psychobench.fits.prior_options import parse_priors, prior_faults, resolve_priors
from psychobench.messages import nearest

ENGINES = ("ml", "bayes", "psignifit")
# the keys of psychobench.fits.functions.SIGMOIDS: the command line reads this without numpy
SIGMOID_NAMES = ("norm", "logistic", "gumbel", "rgumbel", "tdist", "weibull", "lognorm")
ASYMPTOTES = ("free", "equal", "fixed")
LIKELIHOODS = ("binomial", "beta-binomial")
TASKS = ("yes-no", "2afc", "nafc:N")
PARAMETERS = ("threshold", "width", "guess", "lapse")
SHARE_OVER = ("conditions", "observers", "all")
SHAREABLE = ("pse", "jnd", "guess", "lapse")  # what conditions can have in common, or differ in
DEFAULT_LIKELIHOOD = {"ml": "binomial", "bayes": "beta-binomial", "psignifit": "beta-binomial"}
MAX_ASYMPTOTE = 1.0 - 1e-6  # guess, lapse and their sum stay below 1

FORM = "PARAMETER=LOW:HIGH"  # of bounds as text

Bounds = tuple[float, float]
BoundsLike = str | Iterable[str] | Mapping[str, Any] | None


@dataclass(frozen=True)
class FitOptions:
    """Options of a fit, complete and free of contradictions.

    Parameters
    ----------
    engine : {"ml", "bayes", "psignifit"}
        What fits.
    sigmoid : str
        One of `SIGMOID_NAMES`.
    asymptotes : {"free", "equal", "fixed"}
        Whether guess and lapse are fitted apart, as one rate, or held.
    likelihood : {"binomial", "beta-binomial"}, optional
        By default the engine's own.
    task : str
        ``yes-no``, ``2afc`` or ``nafc:N`` with N alternatives.
    bounds : mapping or str, optional
        From `PARAMETERS` to (low, high); see `parse_bounds`.
    bootstrap, gof : int
        Numbers of refits for intervals and for the goodness of fit; 0 asks for none.
    confidence : float
        Coverage of intervals.
    seed : int
        Of every random draw.
    share : str or sequence of str
        Which of `SHAREABLE` several fits have in common.
    priors : str, sequence of str or mapping, optional
        See `psychobench.fits.prior_options.parse_priors`; afterwards complete: the engine's own
        where nothing was asked for, and none on what is held.
    share_over : {"conditions", "observers", "all"}
        Which fits: an observer's conditions, a condition's observers, or all.

    Raises
    ------
    OptionError
        With one line for each fault.

    Examples
    --------
    >>> FitOptions(task="2afc").asymptote_bounds["guess"]
    (0.5, 0.5)
    >>> FitOptions(sigmoid="probit")
    Traceback (most recent call last):
    psychobench.errors.OptionError: `sigmoid` must be one of norm, logistic, ...: got 'probit'
    """

    engine: str = "ml"
    sigmoid: str = "norm"
    asymptotes: str = "free"
    likelihood: str | None = None
    task: str = "yes-no"
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    bootstrap: int = 0
    gof: int = 0
    confidence: float = 0.95
    seed: int = 0
    share: Sequence[str] = ()
    priors: Mapping[str, str] = field(default_factory=dict)
    share_over: str = "conditions"

    def __post_init__(self) -> None:
        object.__setattr__(self, "share", parse_names(self.share, "share"))
        object.__setattr__(self, "bounds", parse_bounds(self.bounds))
        priors = parse_priors(self.priors)
        faults = [*self._choice_faults(), *self._number_faults(), *self._bound_faults()]
        if not faults:
            faults = self._contradictions() or self._prior_faults(priors)
        if faults:
            raise OptionError(*faults)
        if self.likelihood is None:
            object.__setattr__(self, "likelihood", DEFAULT_LIKELIHOOD[self.engine])
        equal = self.asymptotes == "equal"
        complete = resolve_priors(priors, self.engine, self._held(), equal=equal)
        object.__setattr__(self, "priors", complete)

    @property
    def chance(self) -> float | None:
        """Proportion that guessing gives in a forced choice; None for yes-no."""
        return None if self.task == "yes-no" else 1 / _alternatives(self.task)

    @property
    def has_pse(self) -> bool:
        """Whether the task has a point of subjective equality."""
        return self.chance is None

    @property
    def asymptote_bounds(self) -> dict[str, Bounds]:
        """Bounds on guess and lapse that follow from the task, `asymptotes` and `bounds`."""
        free = (0.0, 0.0) if self.asymptotes == "fixed" else (0.0, MAX_ASYMPTOTE)
        made = {name: self.bounds.get(name, free) for name in ("guess", "lapse")}
        if self.chance is not None:
            made["guess"] = (self.chance, self.chance)
        if self.asymptotes == "equal":
            low = max(made["guess"][0], made["lapse"][0])
            high = min(made["guess"][1], made["lapse"][1])
            made = {"guess": (low, high), "lapse": (low, high)}
        return made

    @property
    def held_rates(self) -> tuple[str, ...]:
        """Which of guess and lapse are not estimated."""
        bounds = self.asymptote_bounds
        return tuple(name for name, (low, high) in bounds.items() if low == high)

    def _held(self) -> dict[str, str]:
        """Map parameters that are not estimated to what holds them."""
        likelihood = self.likelihood or DEFAULT_LIKELIHOOD[self.engine]
        held = {
            name: f"the bounds on {name} hold it at {low:g}"
            for name, (low, high) in self.bounds.items()
            if low == high
        }
        if self.asymptotes == "fixed":
            held |= dict.fromkeys(("guess", "lapse"), '`asymptotes="fixed"` holds guess and lapse')
        if self.chance is not None:
            held["guess"] = f'`task="{self.task}"` holds guess at {self.chance:g}'
        if likelihood == "binomial":
            held["overdispersion"] = '`likelihood="binomial"` has no overdispersion'
        return held

    def _prior_faults(self, priors: Mapping[str, str]) -> list[str]:
        bounds = {**self.bounds, **self.asymptote_bounds, "overdispersion": (0.0, 1.0)}
        bounds.setdefault("width", (0.0, math.inf))
        equal = self.asymptotes == "equal"
        return prior_faults(priors, self._held(), bounds, equal=equal)

    def _choice_faults(self) -> list[str]:
        choices: dict[str, tuple[str, ...]] = {
            "engine": ENGINES,
            "sigmoid": SIGMOID_NAMES,
            "asymptotes": ASYMPTOTES,
            "likelihood": LIKELIHOODS,
            "share_over": SHARE_OVER,
        }
        faults = [
            f"`{name}` must be one of {', '.join(known)}: got {getattr(self, name)!r}"
            for name, known in choices.items()
            if not (name == "likelihood" and self.likelihood is None)
            and not (isinstance(getattr(self, name), str) and getattr(self, name) in known)
        ]
        if self.task != "yes-no" and _alternatives(self.task) < 2:
            faults.append(
                f"`task` must be one of {', '.join(TASKS)} (N a whole number from 2): "
                f"got {self.task!r}"
            )
        return faults

    def _number_faults(self) -> list[str]:
        faults = [
            f"`{name}` must be a whole number from 0: got {getattr(self, name)!r}"
            for name in ("bootstrap", "gof", "seed")
            if not _is_count(getattr(self, name))
        ]
        return faults + confidence_faults(self.confidence)

    def _bound_faults(self) -> list[str]:
        faults = [
            f"`bounds` must name one of {', '.join(PARAMETERS)}: got {name!r}"
            for name in self.bounds
            if name not in PARAMETERS
        ]
        for name, ends in self.bounds.items():
            if not all(map(math.isfinite, ends)):
                faults.append(
                    f"`bounds` must be two finite numbers, low and high: {name} has "
                    f"{ends[0]:g}:{ends[1]:g}"
                )
                continue
            low, high = ends
            if low > high:
                faults.append(
                    f"`bounds` must run from low to high: got {name}={low:g}:{high:g}; "
                    f'write `bounds="{name}={high:g}:{low:g}"`'
                )
            elif name == "width" and high <= 0:
                faults.append(
                    f"width must be above 0: its `bounds` are {low:g}:{high:g}; raise them"
                )
            elif name in ("guess", "lapse") and not (0 <= low < MAX_ASYMPTOTE and high <= 1):
                faults.append(
                    f"{name} must lie in [0, 1): its `bounds` are {low:g}:{high:g}; change them"
                )
        return faults

    def _contradictions(self) -> list[str]:
        faults = []
        if self.chance is not None and "guess" in self.bounds:
            faults.append(
                f'`task="{self.task}"` fixes guess at {self.chance:g}: leave out the bounds on '
                'guess, or use `task="yes-no"`'
            )
        if self.chance is not None and self.asymptotes == "equal":
            faults.append(
                f'`asymptotes="equal"` needs `task="yes-no"`: `task="{self.task}"` fixes guess at '
                f"{self.chance:g}; use free or fixed"
            )
        if self.engine != "ml" and self.bootstrap:
            faults.append(
                f'`bootstrap` needs `engine="ml"`: engine {self.engine} takes its intervals from '
                'the posterior; leave out `bootstrap`, or use `engine="ml"`'
            )
        if self.share:
            faults.extend(self._share_faults())
        if faults:
            return faults
        made = self.asymptote_bounds
        for name, (low, high) in made.items():
            if self.asymptotes == "fixed" and low != high:
                faults.append(
                    f'`asymptotes="fixed"` holds {name} at one value: its bounds are '
                    f'{low:g}:{high:g}; write `bounds="{name}={low:g}:{low:g}"`, or use '
                    '`asymptotes="free"`'
                )
            elif low > high:
                faults.append(
                    "`bounds` must not exclude everything: guess and lapse are equal, "
                    "but their bounds do not overlap; widen them"
                )
        if made["guess"][0] + made["lapse"][0] >= MAX_ASYMPTOTE:
            faults.append(
                "`bounds` must not exclude everything: guess + lapse < 1, but their lower bounds "
                f"are {made['guess'][0]:g} and {made['lapse'][0]:g}; lower them"
            )
        return list(dict.fromkeys(faults))

    def _share_faults(self) -> list[str]:
        unknown = [name for name in self.share if name not in SHAREABLE]
        if unknown:
            return [
                f"`share` must name parameters, {', '.join(SHAREABLE)}: got '{name}'"
                f'{nearest(name, SHAREABLE)}; write for example `share="pse,jnd"`'
                for name in unknown
            ]
        needs = {'`engine="ml"` or `engine="bayes"`': self.engine != "psignifit"}
        if set(self.share) != {"lapse"} and self.has_pse:
            needs["a threshold without `bounds`"] = "threshold" not in self.bounds
            needs["a threshold without a prior"] = "threshold" not in parse_priors(self.priors)
        if "jnd" in self.share and "width" in self.bounds:
            low, high = self.bounds["width"]
            needs["a width that is not held; leave jnd out, or widen its `bounds`"] = low < high
        for name in set(self.share) & {"guess", "lapse"}:
            need = f"a {name} rate that is not held; leave {name} out, or {self._freeing(name)}"
            needs[need] = name not in self.held_rates
        shown = ",".join(self.share)
        return [f'`share="{shown}"` needs {need}' for need, met in needs.items() if not met]

    def _freeing(self, rate: str) -> str:
        """Say what would let a rate be estimated."""
        if rate == "guess" and self.chance is not None:
            return '`task="yes-no"`'
        if self.asymptotes == "fixed" and rate not in self.bounds:
            return 'use `asymptotes="free"`'
        return "widen its `bounds`"


def _is_count(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 0


def _alternatives(task: str) -> int:
    if task == "2afc":
        return 2
    name, _, count = str(task).partition(":")
    return int(count) if name == "nafc" and count.isascii() and count.isdigit() else 0


def parse_bounds(bounds: BoundsLike) -> dict[str, Bounds]:
    """Read bounds: a mapping, or ``PARAMETER=LOW:HIGH`` as text or in a list.

    Parameters
    ----------
    bounds : mapping, str, iterable of str or None
        ``{"lapse": (0, 0.05)}``, ``"lapse=0:0.05,width=0.1:2"`` or a list of such texts.

    Returns
    -------
    dict of str to (float, float)
        Low and high ends by parameter.

    Raises
    ------
    OptionError
        With one line for each part that is something else.

    Examples
    --------
    >>> parse_bounds("lapse=0:0.05,width=0.1:2")
    {'lapse': (0.0, 0.05), 'width': (0.1, 2.0)}
    """
    given = (
        {str(name): ends for name, ends in bounds.items()}
        if isinstance(bounds, Mapping)
        else parse_pairs(bounds, "bounds", "lapse=0:0.05", commas=True, form=FORM)
    )
    read: dict[str, Bounds] = {}
    faults = []
    for name, ends in given.items():
        try:
            low, high = ends.split(":") if isinstance(ends, str) else ends
            read[name] = (float(low), float(high))
        except (TypeError, ValueError):
            faults.append(
                f"`bounds` must be of the form {FORM}, two numbers: "
                f'{name} has {ends!r}; write for example `bounds="{name}=0:0.05"`'
            )
    if faults:
        raise OptionError(*faults)
    return read
