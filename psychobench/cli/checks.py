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
    """Check a set: damage, what predicts the level, whether its steps are even.

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
    lines += ["Does it predict the level? (correlation, 95 % interval, range in % of the mean)"]
    trends = json_rows(checked.trends)
    width = max(14, *(len(row["property"]) for row in trends))
    lines += [_trend_line(row, width) for row in trends]
    if checked.matched:
        lines.append(f"  Matched: {checked.matched}; matching.csv says what that changed.")
    lines += ["", "Are the steps even? (coefficient of variation between neighbouring levels)"]
    for row in json_rows(checked.evenness):
        mark = "flagged" if row["flagged"] else ""
        lines.append(f"  {row['distance']:<14} {row['cv']:5.2f}  {mark}".rstrip())
    lines += [f"  {note}" for note in checked.notes]
    for title, found in (("Flagged", checked.flags), ("Damage", checked.damage)):
        lines += ["", f"{title}: {'' if found else 'none'}".rstrip(), *(f"  {x}" for x in found)]
    return "\n".join(lines)


def _trend_line(row: dict[str, Any], width: int) -> str:
    known = "the same in all images"
    if row["r"] is not None:
        interval = "no interval"
        if row["r_low"] is not None:
            interval = f"[{row['r_low']:5.2f}, {row['r_high']:5.2f}]"
        known = f"{row['r']:5.2f}  {interval}"
    name, mark = row["property"].replace("_", " "), "flagged" if row["flagged"] else ""
    return f"  {name:<{width}} {known:<23} {row['range_percent']:8.3g} %  {mark}".rstrip()
