"""`psychobench cache`: what is kept for later, and how to be rid of it."""

from __future__ import annotations

import click

from psychobench.plugins import JSON


@click.group()
def cache() -> None:
    """Show or empty the folder of trained heads, networks and decoded photographs.

    It is the user's cache folder, or the one that $PSYCHOBENCH_CACHE names. Whatever is deleted is
    made again when it is needed.
    """


@cache.command("list")
@JSON
def list_command(as_json: bool) -> None:
    """List what is kept, and how large it is."""
    from psychobench_torch.storage.cache import list_cache

    table = list_cache()
    click.echo(
        table.to_json(orient="records", indent=2) if as_json else table.to_string(index=False)
    )


@cache.command("clear")
@click.argument("kinds", metavar="[KIND]...", nargs=-1)
def clear_command(kinds: tuple[str, ...]) -> None:
    """Delete what is kept of each KIND that `psychobench cache list` shows; without one, all."""
    from psychobench_torch.storage.cache import clear_cache

    click.echo(f"{clear_cache(*kinds) / 1e6:.1f} MB deleted.")
