"""`psychobench fit`: a table of responses in, a table of psychometric functions out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from psychobench.cli import options as shared
from psychobench.cli.notes import count, note_input

if TYPE_CHECKING:
    from psychobench.fits.pse import Fits

WRITERS = (".csv", ".json")
FLAGGING = 39  # refits at which a two-sided p can be .05


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@shared.COLUMNS
@click.option("--by", metavar="COL,COL", help="Columns that split conditions further.")
@shared.WHERE
@click.option(
    "--engine", default="ml", show_default=True, metavar="ml|bayes|psignifit", help="What fits."
)
@click.option(
    "--sigmoid",
    default="norm",
    show_default=True,
    metavar="norm|logistic|gumbel|rgumbel|tdist|weibull|lognorm",
    help="Shape; the last two on the logarithm of the level.",
)
@click.option(
    "--asymptotes",
    default="free",
    show_default=True,
    metavar="free|equal|fixed",
    help="Guess and lapse rates: fitted apart, as one, or held (at 0, or what --bounds says).",
)
@click.option(
    "--likelihood",
    metavar="binomial|beta-binomial",
    help="Whether blocks may vary more than chance; where they do, binomial intervals are too "
    "narrow.  "
    "[default: the engine's: ml binomial, bayes and psignifit beta-binomial]",
)
@click.option("--task", default="yes-no", show_default=True, metavar="yes-no|2afc|nafc:N")
@click.option(
    "--bounds",
    metavar="PARAM=LOW:HIGH,...",
    help="Keep threshold, width, guess or lapse within bounds, like lapse=0:0.05.",
)
@click.option(
    "--bootstrap",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Refits of simulated answers that intervals rest on; 0: profile likelihood.",
)
@click.option(
    "--gof",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Check the fit against N refits of simulated answers: deviance, trends, single blocks.",
)
@click.option(
    "--share",
    multiple=True,
    metavar="lapse",
    help="Fit one lapse rate to all conditions of an observer (engine ml).",
)
@shared.CONFIDENCE
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same intervals.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the whole table here, as .csv or .json.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole table as JSON.")
def fit(
    file: Path,
    columns: tuple[str, ...],
    by: str | None,
    where: tuple[str, ...],
    bounds: str | None,
    share: tuple[str, ...],
    out: Path | None,
    as_json: bool,
    **options: str | int | float,
) -> None:
    """Fit a psychometric function to each observer and condition in FILE.

    FILE is a CSV or TSV of trials (observer, level, response) or counts (observer, level, n_trials,
    n_target), or of a network's probabilities (observer, level, p_target). Each row of the result
    has a PSE with a status: ok, step, outside, reversed, never or failed.
    """
    from psychobench.fits.options import parse_bounds
    from psychobench.fits.pse import fit as fit_table
    from psychobench.trials.table import parse_columns, parse_where, read_trials

    _check_out(out)
    limits = parse_bounds(bounds)
    table = read_trials(file, columns=parse_columns(columns), where=parse_where(where))
    groups = [name.strip() for name in (by or "").split(",") if name.strip()]
    fits = fit_table(table, by=groups, bounds=limits, share=share, **options)  # type: ignore[arg-type]
    note_input(table, file)
    _note_few(fits.options)
    if out is not None:
        _write(fits, out)
    click.echo(_to_json(fits) if as_json else _readable(fits, groups))


def _check_out(out: Path | None) -> None:
    """Find out before any work whether the result can be written."""
    from psychobench.errors import OptionError, ResourceError
    from psychobench.resources import check_writable

    if out is None:
        return
    if out.suffix.lower() not in WRITERS:
        raise OptionError(f"--out must end in {' or '.join(WRITERS)}: got {out}")
    if out.is_dir():
        raise ResourceError(f"--out must be a file: {out} is a folder")
    check_writable(out.parent)


def _note_few(options: dict[str, Any]) -> None:
    """Say so where there are too few refits for what rests on them."""
    confidence = options["confidence"]
    if 0 < options["bootstrap"] < 2 / (1 - confidence):
        click.echo(
            f"{options['bootstrap']} refits are too few for the ends of a {confidence:.4g} "
            "interval: 1000 or more is usual.",
            err=True,
        )
    if 0 < options["gof"] < FLAGGING:
        click.echo(
            f"--gof {options['gof']} is too few refits for a check to be flagged: "
            f"that takes {FLAGGING}, and 1000 is usual.",
            err=True,
        )


def _write(fits: Fits, out: Path) -> None:
    from psychobench.resources import write_whole
    from psychobench.tables.output import csv_bytes

    as_csv = out.suffix.lower() == ".csv"
    write_whole(out, csv_bytes(fits.table) if as_csv else (_to_json(fits) + "\n").encode())
    click.echo(f"Wrote {out}: {count(len(fits.table), 'fit')}.", err=True)


def _to_json(fits: Fits) -> str:
    import json

    return json.dumps(fits.to_json_rows(), indent=2, allow_nan=False, ensure_ascii=False)


def _readable(fits: Fits, by: list[str]) -> str:
    """Lay out what a reader wants first, and why a PSE is missing or odd."""
    table = fits.table
    keys = list(dict.fromkeys(["observer", "condition", *by]))
    numbers = ["pse", "pse_low", "pse_high", "jnd", "threshold", "width", "guess", "lapse"]
    shown = table[[*keys, *numbers, "status"]].dropna(axis="columns", how="all")
    lines = [shown.to_string(index=False, na_rep="-", float_format="{:.3f}".format), ""]
    for row in fits.to_json_rows():
        name = ", ".join(str(row[key]) for key in keys)
        if row["reason"]:
            lines.append(f"{name}: {row['status']}: {row['reason']}")
        lines += [f"{name}: check the fit: {flag}" for flag in row.get("flags", ())]
    found = table["status"].value_counts()
    lines.append("Status: " + ", ".join(f"{name} {n}" for name, n in found.items()))
    if fits.goodness is not None:
        lines.append(fits.goodness.summary())
    return "\n".join(lines)
