"""`psychobench demo`: a small data set and its report."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from psychobench.cli.options import OVERWRITE


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="psychobench-demo",
    show_default=True,
    metavar="DIR",
    help="Write trials.csv and, in the folder results, the report here.",
)
@OVERWRITE
def demo(out: Path, overwrite: bool) -> None:
    """Write a small data set and its report, to see what an analysis gives.

    The people are SIMULATED: twelve judge seven morphs of a face, upright and inverted.
    """
    from psychobench.analysis.demo import ENGINE, GOF, RESULTS, TRIALS
    from psychobench.analysis.demo import demo as write_demo

    found = write_demo(out, overwrite=overwrite)
    again = ["psychobench", "analyse", str(out / TRIALS), "--engine", ENGINE, "--gof", str(GOF)]
    again += ["--out", str(out / RESULTS)]
    click.echo("\n".join([*found.sentences(), ""]))
    click.echo(f"Data:   {out / TRIALS}")
    click.echo(f"Report: {out / RESULTS / 'report.html'} (open it in a browser)")
    click.echo(f"The same by hand: {shlex.join(again)}")
