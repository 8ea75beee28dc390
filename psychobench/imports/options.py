"""What the user says of all files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from psychobench.imports.reader import Source


@dataclass(frozen=True)
class Options:
    """What the user says of all files; see `psychobench.imports.import_trials`."""

    columns: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, int] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    keep: Sequence[str] = ()
    also: Sequence[str] = ()
    level_from: Mapping[str, str] = field(default_factory=dict)
    observer_from: str | None = None
    rt_unit: str | None = None

    @property
    def wanted(self) -> frozenset[str]:
        """The columns of the files that are named anywhere."""
        return frozenset([*self.columns.values(), *self.where, *self.also, *self.level_from])

    def keeps(self, reason: str) -> bool:
        """Whether rows that have this reason to be left are to be taken all the same."""
        return reason.startswith(tuple(self.keep))

    def left_of(self, source: Source) -> dict[int, str]:
        """Give the rows that a program's own marks leave, less those that are to be taken."""
        return {row: why for row, why in source.left.items() if not self.keeps(why)}
