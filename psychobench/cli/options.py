"""Options that several commands share."""

from __future__ import annotations

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
SEED = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
