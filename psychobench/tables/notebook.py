"""Results as tables in a notebook."""

from __future__ import annotations

from abc import abstractmethod

import pandas as pd

_DIGITS, _ROWS = 3, 60


class ShownAsTable:
    """A result that a notebook shows as its table."""

    __slots__ = ()

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""

    def _shown(self) -> pd.DataFrame:
        """Return what a notebook shows of it: by default all."""
        return self.to_frame()

    def _repr_html_(self) -> str:
        """Return the table as HTML, its numbers rounded, its text escaped."""
        table = self._shown()
        number = f"{{:.{_DIGITS}f}}".format
        return str(table.to_html(index=False, na_rep="", float_format=number, max_rows=_ROWS))
