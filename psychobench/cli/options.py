"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any

import click

from psychobench.fits.options import (
    ASYMPTOTES,
    ENGINES,
    LIKELIHOODS,
    SHARE_OVER,
    SIGMOID_NAMES,
    FitOptions,
)

_DEFAULTS = {
    field.name: None if field.default is MISSING else field.default for field in fields(FitOptions)
}


def default(name: str) -> Any:
    """Return the default of a fitting option, which `FitOptions` declares."""
    return _DEFAULTS[name]


COLUMNS = click.option(
    "--columns",
    multiple=True,
    metavar="NAME=YOURS,...",
    help="Names of your columns, ours first, like observer=subject,response=chose_anger.",
)
WHERE = click.option(
    "--where", multiple=True, metavar="COL=VALUE", help="Use only rows with this value; repeatable."
)
STATUSES = click.option(
    "--statuses",
    default="ok,step",
    show_default=True,
    metavar="STATUS,...",
    help="The PSE statuses that are included in means and tests.",
)
CONFIDENCE = click.option(
    "--confidence",
    type=float,
    default=default("confidence"),
    show_default=True,
    metavar="P",
    help="Coverage of intervals.",
)
SEED = click.option(
    "--seed",
    type=int,
    default=default("seed"),
    show_default=True,
    help="Same seed, same result.",
)
OVERWRITE = click.option(
    "--overwrite",
    is_flag=True,
    help="Replace files in the way that psychobench did not write there, or that were edited.",
)
VERBOSE = click.option(
    "--verbose", is_flag=True, help="Print everything: each check, each reason, each test in words."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")


def _fit_option(name: str, text: str, **settings: Any) -> Callable[[Any], Any]:
    settings = {"default": default(name), **settings}
    return click.option(
        f"--{name.replace('_', '-')}",
        help=text,
        show_default=settings["default"] is not None,
        **settings,
    )


_SIGMOID = _fit_option(
    "sigmoid",
    "Shape; the last two on the logarithm of the level.",
    metavar="|".join(SIGMOID_NAMES),
)
_ASYMPTOTES = _fit_option(
    "asymptotes",
    "Guess and lapse rates: fitted apart, as one, or held (at 0, or at --bounds).",
    metavar="|".join(ASYMPTOTES),
)
_TASK = _fit_option("task", "What observers were asked.", metavar="yes-no|2afc|nafc:N")
_BOUNDS = _fit_option(
    "bounds",
    "Keep threshold, width, guess or lapse within bounds, like lapse=0:0.05.",
    metavar="PARAM=LOW:HIGH,...",
)
_PRIORS = click.option(
    "--prior",
    "priors",
    multiple=True,
    metavar="PARAM=SHAPE(X,...)",
    help="Prior densities, like guess=beta(1,10),lapse=beta(1,10); or published, or none.  "
    "[default: the engine's: ml none, bayes and psignifit published]",
)


def given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were typed, without those that have their default."""
    context = click.get_current_context()
    untyped = click.core.ParameterSource.DEFAULT
    return {
        name: it for name, it in options.items() if context.get_parameter_source(name) != untyped
    }


SHARE_OVER_OPTION = click.option(
    "--share-over",
    default=default("share_over"),
    show_default=True,
    metavar="|".join(SHARE_OVER),
    help="Which fits have --share in common: an observer's conditions, a condition's observers, "
    "or all.",
)


def curve_shape(command: Any) -> Any:
    """Declare the options of the curve's shape, for commands that fit in one way only."""
    for option in reversed((_SIGMOID, _ASYMPTOTES, _TASK, _BOUNDS)):
        command = option(command)
    return command


def fitting(*, engine: str) -> Callable[[Any], Any]:
    """Declare the options of fitting, the same for every command that fits.

    Names and defaults are those of `FitOptions`; only the engine's default is each command's own.

    Parameters
    ----------
    engine : str
        The default engine.
    """
    declared = [
        _fit_option("engine", "What fits the curves.", metavar="|".join(ENGINES), default=engine),
        _SIGMOID,
        _ASYMPTOTES,
        _fit_option(
            "likelihood",
            "Whether blocks may vary more than chance; where they do, binomial intervals are "
            "too narrow.  [default: the engine's: ml binomial, bayes and psignifit beta-binomial]",
            metavar="|".join(LIKELIHOODS),
        ),
        _TASK,
        _BOUNDS,
        _PRIORS,
        _fit_option(
            "bootstrap",
            "Refits of simulated answers that intervals rest on; 0: profile likelihood.",
            metavar="N",
            type=int,
        ),
        click.option(
            "--share",
            multiple=True,
            metavar="pse,jnd,guess,lapse",
            help="What all conditions of an observer have in common: any of these.",
        ),
        CONFIDENCE,
        SEED,
    ]

    def decorate(command: Any) -> Any:
        for option in reversed(declared):
            command = option(command)
        return command

    return decorate
