"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

COLUMNS = click.option(
    "--columns",
    multiple=True,
    metavar="NAME=YOURS,...",
    help="What the file calls our columns, like observer=subject,response=chose_anger.",
)
WHERE = click.option(
    "--where", multiple=True, metavar="COL=VALUE", help="Use only rows like these; repeatable."
)
STATUSES = click.option(
    "--statuses",
    default="ok,step",
    show_default=True,
    metavar="STATUS,...",
    help="The PSE statuses that count in means and tests.",
)
CONFIDENCE = click.option("--confidence", type=float, default=0.95, show_default=True, metavar="P")
SIGMOID_NAMES = "norm|logistic|gumbel|rgumbel|tdist|weibull|lognorm"
SEED = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")


def fitting(*, engine: str) -> Callable[[Any], Any]:
    """Declare the options of fitting, the same for every command that fits.

    Parameters
    ----------
    engine : str
        The default engine.
    """
    declared = [
        click.option(
            "--engine",
            default=engine,
            show_default=True,
            metavar="ml|bayes|psignifit",
            help="What fits the curves.",
        ),
        click.option(
            "--sigmoid",
            default="norm",
            show_default=True,
            metavar=SIGMOID_NAMES,
            help="Shape; the last two on the logarithm of the level.",
        ),
        click.option(
            "--asymptotes",
            default="free",
            show_default=True,
            metavar="free|equal|fixed",
            help="Guess and lapse rates: fitted apart, as one, or held (at 0, or at --bounds).",
        ),
        click.option(
            "--likelihood",
            metavar="binomial|beta-binomial",
            help="Whether blocks may vary more than chance; where they do, binomial intervals are "
            "too narrow.  [default: the engine's: ml binomial, bayes and psignifit beta-binomial]",
        ),
        click.option("--task", default="yes-no", show_default=True, metavar="yes-no|2afc|nafc:N"),
        click.option(
            "--bounds",
            metavar="PARAM=LOW:HIGH,...",
            help="Keep threshold, width, guess or lapse within bounds, like lapse=0:0.05.",
        ),
        click.option(
            "--bootstrap",
            type=int,
            default=0,
            show_default=True,
            metavar="N",
            help="Refits of simulated answers that intervals rest on; 0: profile likelihood.",
        ),
        click.option(
            "--share",
            multiple=True,
            metavar="lapse",
            help="Fit one lapse rate to all conditions of an observer (engine ml).",
        ),
        CONFIDENCE,
        SEED,
    ]

    def decorate(command: Any) -> Any:
        for option in reversed(declared):
            command = option(command)
        return command

    return decorate
