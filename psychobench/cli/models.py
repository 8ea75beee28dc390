"""`psychobench models`: which parameters of the curves differ between conditions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psychobench.cli import options as shared


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--vary",
    multiple=True,
    metavar="NAME,...|none",
    help="A model: the parameters (pse, jnd, guess, lapse) that differ between conditions; "
    "repeatable.  [default: none; pse; jnd; pse,jnd]",
)
@shared.COLUMNS
@shared.WHERE
@shared.curve_shape
@click.option(
    "--likelihood",
    default="binomial",
    show_default=True,
    metavar="binomial|beta-binomial",
    help="Whether blocks may vary more than chance, as much in all conditions of an observer.",
)
@click.option(
    "--bootstrap",
    type=int,
    metavar="N",
    help="Simulated data sets that each p rests on, at most; 0: the chi-squared distribution.  "
    "[default: 999 where chi-squared is doubtful]",
)
@shared.CONFIDENCE
@shared.SEED
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the table here, as .csv or .json.",
)
@shared.OVERWRITE
@shared.JSON
def models(
    file: Path,
    vary: tuple[str, ...],
    out: Path | None,
    overwrite: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Compare models of which parameters differ between each observer's conditions in FILE.

    Every condition has the parameters named by --vary for itself, and the conditions share the
    others. Fits are plain maximum likelihood, without a prior. Nested models are compared by
    likelihood-ratio tests, all of them by AIC and BIC.
    """
    from psychobench.fits.models.comparison import compare_models
    from psychobench.fits.models.result import ModelComparison
    from psychobench.tables.output import json_text

    if out is not None:
        ModelComparison.check_file(out, overwrite=overwrite)
    found = compare_models(file, vary=list(vary) or None, **options)
    if out is not None:
        click.echo(f"Wrote {found.save(out, overwrite=overwrite)}.", err=True)
    click.echo(json_text(found.to_json()) if as_json else found.summary() + "\n", nl=False)
