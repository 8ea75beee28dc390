"""`psychobench analyse`: people's trials in, checked, fitted, described and tested."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from psychobench.cli import options as shared
from psychobench.cli.notes import note_input, typed

if TYPE_CHECKING:
    from psychobench.analysis import Analysis

CHECKED = 100  # simulated data sets per fit, for a report


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@shared.COLUMNS
@shared.WHERE
@click.option(
    "--within",
    metavar="COL",
    help="The column of conditions that every participant went through.  [default: condition]",
)
@click.option("--between", metavar="COL", help="The column that tells groups of people apart.")
@click.option(
    "--exclude",
    multiple=True,
    metavar="RULE",
    help="Leave out whom a check flags, like ends, or by its value, like missing>0.2; repeatable. "
    "Without it nobody is left out.",
)
@click.option(
    "--engine", default="bayes", show_default=True, metavar="bayes|ml|psignifit", help="What fits."
)
@click.option("--sigmoid", default="norm", show_default=True, metavar="NAME", help="As in fit.")
@click.option(
    "--asymptotes", default="free", show_default=True, metavar="free|equal|fixed", help="As in fit."
)
@click.option(
    "--task", default="yes-no", show_default=True, metavar="yes-no|2afc|nafc:N", help="As in fit."
)
@shared.STATUSES
@click.option(
    "--gof",
    type=int,
    metavar="N",
    help="Check each fit against N simulated data sets; 0 does not.  "
    f"[default: {CHECKED} with --out, else 0]",
)
@shared.CONFIDENCE
@shared.SEED
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the report page, figures and tables here.",
)
@shared.JSON
def analyse(file: Path, out: Path | None, as_json: bool, **options: Any) -> None:
    """Analyse your participants' trials: checks, curves, PSE and JND, tests in words.

    FILE is a CSV or TSV of trials (observer, level, response) or counts. Before any fit, each
    participant's trials are looked over; flags are reported, and nobody is left out unless
    --exclude says so.
    """
    import json

    from psychobench.reports.analysis_text import analysis_json, analysis_text
    from psychobench.resources import check_writable, staged_folder

    if out is not None:
        check_writable(out)
    found, made = _run(file, out, options)
    if out is not None:
        with staged_folder(out) as folder:
            _write(found, made, folder)
        click.echo(f"Written to {out}: report, figures, tables, provenance.", err=True)
    if as_json:
        click.echo(json.dumps(analysis_json(found, made), indent=2, allow_nan=False))
    else:
        click.echo(analysis_text(found))


def _run(file: Path, out: Path | None, options: dict[str, Any]) -> tuple[Analysis, dict[str, Any]]:
    from psychobench.analysis import analyse as analyse_table
    from psychobench.reports.provenance import provenance
    from psychobench.resources import sha256
    from psychobench.trials.columns import parse_columns, parse_where
    from psychobench.trials.screening import parse_exclusion
    from psychobench.trials.table import read_trials

    names = ("within", "between", "engine", "sigmoid", "asymptotes", "task", "confidence", "seed")
    chosen = {name: options[name] for name in names}
    rules = [parse_exclusion(rule) for text in options["exclude"] for rule in text.split(",")]
    statuses = [name.strip() for name in options["statuses"].split(",")]
    columns = parse_columns(options["columns"])
    table = read_trials(file, columns=columns, where=parse_where(options["where"]))
    table.attrs["columns"] = {ours: theirs for ours, theirs in columns.items() if ours != theirs}
    ours_of = {theirs: ours for ours, theirs in columns.items()}
    for factor in ("within", "between"):  # a column goes by either of its names
        chosen[factor] = ours_of.get(chosen[factor], chosen[factor])
    note_input(table, file)
    if options["gof"] is None:
        # probabilities have no likelihood that simulated data could be drawn from
        options["gof"] = CHECKED if out is not None and "p_target" not in table else 0
    found = analyse_table(table, rules=rules, tested=statuses, gof=options["gof"], **chosen)
    made = provenance(
        command=typed(),
        options={**options, "file": str(file), "out": None if out is None else str(out)},
        seed=options["seed"],
        data={"file": file.name, "sha256": sha256(file)},
    )
    return found, made


def _write(found: Analysis, made: dict[str, Any], folder: Path) -> None:
    """Write the page, tables, figures, text and provenance into an existing folder."""
    import json

    from psychobench.draw.figures import save_figure
    from psychobench.reports.analysis_figures import analysis_figures
    from psychobench.reports.analysis_page import analysis_page
    from psychobench.reports.analysis_text import analysis_json, analysis_tables, analysis_text
    from psychobench.tables.output import csv_bytes

    figures = dict(analysis_figures(found))
    texts = {
        "report.html": analysis_page(found, made, figures).html(),
        "summary.txt": analysis_text(found),
        "analysis.json": json.dumps(analysis_json(found, made), indent=2, allow_nan=False),
        "provenance.json": json.dumps(made, indent=2, allow_nan=False),
    }
    for name, text in texts.items():
        (folder / name).write_text(text + "\n", encoding="utf-8")
    for name, table in analysis_tables(found).items():
        (folder / f"{name}.csv").write_bytes(csv_bytes(table))
    for name, figure in figures.items():
        save_figure(figure, folder, name)
