"""Groups of commands that name the command that was probably meant."""

from __future__ import annotations

import click

from psychobench.messages import nearest


class SuggestingGroup(click.Group):
    """A group that answers a typing error with the nearest command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is named first."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            meant = nearest(args[0], self.list_commands(ctx))
            raise click.UsageError(error.message.rstrip(".") + (meant or "."), ctx) from None
