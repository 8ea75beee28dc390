"""Keep every network's answers as they come, so that a run that was stopped goes on."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from psychobench.plugins import OptionError, csv_bytes, write_whole

COLUMNS = ["condition", "stimulus", "level", "p_target"]


@dataclass(frozen=True)
class Answers:
    """What one trained network answered, and what it says of itself.

    Attributes
    ----------
    observer, pretraining : str
        Which network, and which of the paper's two pre-trainings: ``object`` or ``face``.
    seed : int
        Of its training.
    table : pandas.DataFrame
        ``condition, stimulus, level, p_target``: one row per mask and image.
    info : mapping
        The fields of its `psychobench.observers.protocol.ObserverInfo`, as JSON has them.
    """

    observer: str
    pretraining: str
    seed: int
    table: pd.DataFrame
    info: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of its files."""
        return f"{self.observer}-{self.pretraining}-seed{self.seed}"


@dataclass(frozen=True)
class Store:
    """A folder of answers that belong to one choice of stimuli, people, weights and data.

    Attributes
    ----------
    folder : pathlib.Path or None
        Where they lie; None keeps nothing.
    settings : mapping
        What the folder's answers belong to; plain values.
    versions : mapping
        Of the code that answers: what other versions answered is asked again.
    """

    folder: Path | None
    settings: Mapping[str, Any]
    versions: Mapping[str, str]

    def open(self) -> None:
        """Make the folder this reproduction's, before it keeps what is trained for it.

        Raises
        ------
        OptionError
            If it holds another one, naming what differs.
        ResourceError
            If it cannot be written.
        """
        if self.folder is None:
            return
        record = self.folder / "settings.json"
        if record.is_file():
            self._check(record)
        else:
            write_whole(record, _json(_plain(self.settings)))

    def _check(self, record: Path) -> None:
        try:
            before = json.loads(record.read_text("utf-8"))
        except ValueError:
            before = {}
        differing = [
            f"{name} was {_shown(before.get(name))} and is {_shown(value)}"
            for name, value in _plain(self.settings).items()
            if before.get(name) != value
        ]
        if differing:
            raise OptionError(
                f"a folder must belong to one reproduction: in {self.folder}, "
                f"{'; '.join(differing)}; choose another --out, or the options of before"
            )

    def read(self, observer: str, pretraining: str, seed: int) -> Answers | None:
        """Read one network's answers back; None where there are none, or none that are whole."""
        if self.folder is None:
            return None
        blank = Answers(observer, pretraining, seed, pd.DataFrame(), {})
        table, record = self._places(blank)
        try:
            data, noted = table.read_bytes(), json.loads(record.read_text("utf-8"))
            same = (
                noted["sha256"] == hashlib.sha256(data).hexdigest()
                and noted["settings"] == _plain(self.settings)
                and noted["versions"] == dict(self.versions)
            )
            if not same:
                return None
            # as text first: so every digit counts, whatever the parser does with numbers
            read = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)[COLUMNS]
            numbers = {name: np.array(read[name], dtype=np.float64) for name in COLUMNS[2:]}
            return Answers(observer, pretraining, seed, read.assign(**numbers), noted["info"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, answers: Answers) -> None:
        """Keep one network's answers; the record comes last, so that it vouches for the table."""
        if self.folder is None:
            return
        data = csv_bytes(answers.table[COLUMNS])
        noted = {
            "observer": answers.observer,
            "pretraining": answers.pretraining,
            "seed": answers.seed,
            "sha256": hashlib.sha256(data).hexdigest(),
            "settings": _plain(self.settings),
            "versions": dict(self.versions),
            "info": _plain(answers.info),
        }
        table, record = self._places(answers)
        record.unlink(missing_ok=True)
        write_whole(table, data)
        write_whole(record, _json(noted))

    def _places(self, answers: Answers) -> tuple[Path, Path]:
        folder = self.folder or Path()
        return folder / f"{answers.name}.csv", folder / f"{answers.name}.json"


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give values as JSON gives them back, so that they can be compared."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(values), default=str))
    return plain


def _json(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, indent=1) + "\n").encode()


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(each)}" for name, each in value.items())
    text = "not there" if value is None else str(value)
    return text[:12] if len(text) == 64 else text  # of a hash the beginning is enough
