"""`psychobench fit`: a table of responses in, a table of psychometric functions out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from psychobench.cli import options as shared


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@shared.COLUMNS
@click.option("--by", metavar="COL,COL", help="Columns that split conditions further.")
@shared.WHERE
@shared.fitting(engine="ml")
@shared.SHARE_OVER_OPTION
@click.option(
    "--gof",
    type=int,
    default=shared.default("gof"),
    show_default=True,
    metavar="N",
    help="Check the fit against N refits of simulated answers: deviance, trends, single blocks.",
)
@click.option(
    "--at",
    metavar="P,...",
    help="Also print the levels at which target responses have these proportions, like .75.",
)
@click.option(
    "--unscaled",
    is_flag=True,
    default=False,
    help="Take --at between the asymptotes: guess and lapse rates do not count.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the whole table here, as .csv or .json.",
)
@shared.OVERWRITE
@shared.JSON
def fit(file: Path, out: Path | None, overwrite: bool, as_json: bool, **options: Any) -> None:
    """Fit a psychometric function to each observer and condition in FILE.

    FILE is a CSV or TSV of trials (observer, level, response) or counts (observer, level, n_trials,
    n_target), or of a network's probabilities (observer, level, p_target). Each row of the result
    has a PSE with a status: ok, step, outside, reversed, never or failed.
    """
    from psychobench.fits.pse import fit as fit_table
    from psychobench.fits.results import Fits
    from psychobench.messages import number_of
    from psychobench.tables.output import json_text

    if out is not None:
        Fits.check_file(out, overwrite=overwrite)
    fits = fit_table(file, **options)
    if out is not None:
        saved = fits.save(out, overwrite=overwrite)
        click.echo(f"Wrote {saved}: {number_of(len(fits), 'fit')}.", err=True)
    click.echo(json_text(fits.to_json()) if as_json else fits.summary() + "\n", nl=False)
