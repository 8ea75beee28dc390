"""Results whose table can be written to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from psychobench.resources import check_file_to_write, write_whole
from psychobench.tables.output import csv_bytes, json_text

FORMATS = (".csv", ".json")


class SavedAsTable:
    """A result with a `table` that is saved whole."""

    __slots__ = ()
    table: pd.DataFrame

    def to_json(self) -> list[dict[str, Any]]:
        """Return the rows as native types."""
        raise NotImplementedError

    def save(self, out: str | Path) -> Path:
        """Write the whole table.

        Parameters
        ----------
        out : str or path
            A file that ends in ``.csv`` or ``.json``; it is written whole or not at all.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        OptionError
            If the file has another ending.
        ResourceError
            If it cannot be written.
        """
        path = check_file_to_write(out, FORMATS)
        as_csv = path.suffix.lower() == ".csv"
        write_whole(path, csv_bytes(self.table) if as_csv else json_text(self.to_json()).encode())
        return path
