"""`psychobench observers`: list the registered observers, check one."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import click

from psychobench.cli.groups import SuggestingGroup

if TYPE_CHECKING:
    from psychobench.observers.registry import ObserverEntry

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")


@click.group(cls=SuggestingGroup)
def observers() -> None:
    """List observers, or check one.

    An observer is whoever judges the images: a neural network, a rule, a template. Installed
    packages bring them; docs/writing-an-observer.md shows how to write one.
    """


@observers.command("list")
@JSON
def list_(as_json: bool) -> None:
    """List the observers that --observer takes, and why any of them cannot be used."""
    from psychobench.observers.registry import list_observers

    entries = list_observers()
    if as_json:
        click.echo(json.dumps([entry.to_dict() for entry in entries], indent=2))
    elif entries:
        click.echo(_table(entries))
    else:
        click.echo("No observer is registered; reinstall psychobench.", err=True)


@observers.command()
@click.argument("name")
@click.option("--pretraining", metavar="NAME|FILE", help="What the weights saw before this task.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@JSON
def check(name: str, pretraining: str | None, seed: int, as_json: bool) -> None:
    """Run the conformance kit on observer NAME; exit 1 if a check fails.

    The first check of an observer may train it, or download its weights.
    """
    from psychobench.errors import ObserverError
    from psychobench.observers.registry import load_observer
    from psychobench.testing import check_observer

    factory = partial(load_observer, name, pretraining=pretraining, seed=seed)
    report = check_observer(factory, registered_name=name, progress=True)
    click.echo(json.dumps(report.to_dict(), indent=2) if as_json else str(report))
    if not report.passed:
        raise ObserverError(
            f"an observer must pass every check: '{name}' fails {', '.join(report.failed)}; "
            "docs/writing-an-observer.md says what each asks for"
        )


def _table(entries: list[ObserverEntry]) -> str:
    """Align the columns; what is wrong with a row stands under it."""
    rows = [("observer", "status", "options", "package")]
    rows += [(e.usage, e.status, ", ".join(e.options) or "-", e.package) for e in entries]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row, reason in zip(rows, ["", *(entry.reason for entry in entries)], strict=True):
        lines.append("  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip())
        if reason:
            lines.append(f"    {reason}")
    return "\n".join(lines)
