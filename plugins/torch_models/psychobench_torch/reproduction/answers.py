"""Keep every network's answers as they come, so that a run that was stopped goes on."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from psychobench.plugins import OptionError, write_whole
from psychobench_torch.storage.store import KeptFile, csv_bytes, json_bytes, plain

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


def combine_answers(answers: Iterable[Answers]) -> pd.DataFrame:
    """Combine all answers in one tidy table, with the values of the whole network beside them."""
    return pd.concat(
        [
            each.table.assign(
                observer=each.observer,
                pretraining=each.pretraining,
                seed=each.seed,
                label_log_odds=each.info.get("label_log_odds"),
                accuracy=each.info.get("options", {}).get("validation_accuracy"),
            )
            for each in answers
        ],
        ignore_index=True,
    ).astype({"label_log_odds": np.float64, "accuracy": np.float64})


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
            write_whole(record, json_bytes(plain(self.settings)))

    def _check(self, record: Path) -> None:
        try:
            before = json.loads(record.read_text("utf-8"))
        except ValueError:
            before = {}
        differing = [
            f"{name} was {_shown(before.get(name))} and is {_shown(value)}"
            for name, value in plain(self.settings).items()
            if before.get(name) != value
        ]
        if differing:
            raise OptionError(
                f"a folder must belong to one reproduction: in {self.folder}, "
                f"{'; '.join(differing)}; choose another `out`, or the options of before"
            )

    def read(self, observer: str, pretraining: str, seed: int) -> Answers | None:
        """Read one network's answers back; None where there are none, or none that are whole."""
        if self.folder is None:
            return None
        blank = Answers(observer, pretraining, seed, pd.DataFrame(), {})
        try:
            data, record = self._file(blank).read()
            current = plain(self.settings), dict(self.versions)
            if (record["settings"], record["versions"]) != current:
                return None
            # as text first: so every digit counts, whatever the parser does with numbers
            read = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)[COLUMNS]
            numbers = {name: np.array(read[name], dtype=np.float64) for name in COLUMNS[2:]}
            return Answers(observer, pretraining, seed, read.assign(**numbers), record["info"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, answers: Answers) -> None:
        """Keep one network's answers; the record comes last, so that it vouches for the table."""
        if self.folder is None:
            return
        record = {
            "observer": answers.observer,
            "pretraining": answers.pretraining,
            "seed": answers.seed,
            "settings": plain(self.settings),
            "versions": dict(self.versions),
            "info": plain(answers.info),
        }
        self._file(answers).write(csv_bytes(answers.table[COLUMNS]), record)

    def _file(self, answers: Answers) -> KeptFile:
        return KeptFile((self.folder or Path()) / f"{answers.name}.csv")


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(each)}" for name, each in value.items())
    text = "not there" if value is None else str(value)
    return text[:12] if len(text) == 64 else text  # of a hash the beginning is enough
