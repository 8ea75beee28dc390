"""Results whose table can be written to a file."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from psychobench.outputs import check_output_file, write_output
from psychobench.tables.output import csv_bytes, json_text

FORMATS = (".csv", ".json")


class SavedAsTable:
    """A result with a `table` that is saved whole; `kind` is what its record calls it."""

    kind: ClassVar[str]
    table: pd.DataFrame

    @abstractmethod
    def to_json(self) -> list[dict[str, Any]]:
        """Return the rows as native types."""

    def save(self, out: str | Path, *, overwrite: bool = False) -> Path:
        """Write the whole table.

        Parameters
        ----------
        out : str or path
            A file that ends in ``.csv`` or ``.json``; it is written whole or not at all, with
            ``FILE.provenance.json`` beside it.
        overwrite : bool
            Whether to replace a file that psychobench did not write there, or that was edited.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        OptionError
            If the file has another ending.
        ResourceError
            If it cannot be written, or must not be replaced.
        """
        path = self.check_file(out, overwrite=overwrite)
        as_csv = path.suffix.lower() == ".csv"
        data = csv_bytes(self.table) if as_csv else json_text(self.to_json()).encode()
        return write_output(path, data, kind=self.kind, overwrite=overwrite)

    @classmethod
    def check_file(cls, out: object, *, overwrite: bool = False) -> Path:
        """Find out, before any work is done, whether a file could be written; see `save`."""
        return check_output_file(out, FORMATS, kind=cls.kind, overwrite=overwrite)
