"""`psychobench stimuli check`: is a set whole, and what besides the expression changes in it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from psychobench.cli.options import JSON

if TYPE_CHECKING:
    from psychobench.stimuli.set_checks import SetCheck


@click.command()
@click.argument("stimuli", metavar="NAME|DIR")
@JSON
def check(stimuli: str, as_json: bool) -> None:
    """Check a set: damage, what changes with the level, odd images, uneven steps.

    A set of your own needs no more than images and levels.csv (columns stimulus,level). The exit
    status is 1 if the set is damaged. Whether what is flagged matters is for you to judge.
    """
    import json

    from psychobench import check_stimuli

    checked = check_stimuli(stimuli)
    if as_json:
        click.echo(json.dumps(checked.to_dict(), indent=2, allow_nan=False))
    else:
        click.echo(_text(checked))
    if checked.damage:
        sys.exit(1)


def _text(checked: SetCheck) -> str:
    from psychobench.tables.output import json_rows

    lines = [f"{checked.folder}: {len(checked.statistics)} images", ""]
    for title, found in (("Damage", checked.damage), ("Flagged", checked.flags)):
        lines += [f"{title}: {'' if found else 'none'}".rstrip(), *(f"  {x}" for x in found), ""]
    lines.append("How much changes smoothly over the levels? (and how much is flagged)")
    limited = [row for row in json_rows(checked.trends) if row["limit"] is not None]
    width = max([14, *(len(row["property"]) for row in limited)])
    lines += [_trend_line(row, width) for row in limited]
    if checked.matched:
        lines.append(f"  Matched: {checked.matched}; matching.csv says what that changed.")
    lines += ["", "Are the steps even? (coefficient of variation between neighbouring levels)"]
    for row in json_rows(checked.evenness):
        mark = "flagged" if row["flagged"] else ""
        lines.append(f"  {row['distance']:<{width}} {row['cv']:8.2f}  {mark}".rstrip())
    lines += [f"  {note}" for note in checked.notes]
    return "\n".join(lines)


def _trend_line(row: dict[str, Any], width: int) -> str:
    name, mark = row["property"].replace("_", " "), "flagged" if row["flagged"] else ""
    amounts = f"{row['size']:8.2g} of {row['limit']:<4.3g} {row['unit']:<2}"
    return f"  {name:<{width}} {amounts}  {mark}".rstrip()
