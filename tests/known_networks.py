"""Networks of the paper whose curves are known beforehand, for the tests of core and plug-in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from psychobench.observers.protocol import ObserverInfo
from psychobench.reproduction.paper import CONDITIONS

LEVELS = np.linspace(0, 1, 21)
PLACES = {  # where each network's curve is .5, by mask: none, eyes, nose, mouth
    ("alexnet", "object"): (0.80, 0.85, 1.10, 0.95),
    ("alexnet", "face"): (0.60, 0.62, 0.70, 0.75),
    ("fe_alexnet", "object"): (0.54, 0.60, 0.70, 0.75),
    ("fe_alexnet", "face"): (0.56, 0.58, 0.66, 0.70),
}
ODDS, SCALE = 0.4, 0.06  # log odds of their labels, SD of their curves


@dataclass(frozen=True)
class Known:
    """An observer of the bundled set with a known PSE under each mask, a little off by seed."""

    name: str
    pretraining: str
    seed: int
    odds: float | None = ODDS

    @property
    def info(self) -> ObserverInfo:
        return ObserverInfo(
            name=self.name,
            version="1",
            labels=("sad", "happy"),
            target="happy",
            preprocessing="none",
            weights_origin="pre-trained on nothing (a formula); head trained on 12 rendered faces",
            pretraining=f"{self.pretraining}s",
            label_log_odds=self.odds,
            options={"validation_accuracy": 0.9, "n_train": 12, "epochs": 20, "optimizer": "adam"},
        )

    def respond(self, images: np.ndarray) -> np.ndarray:
        places = PLACES.get((self.name, self.pretraining), (0.6, 0.65, 0.7, 0.75))
        centre = np.repeat(np.array(places) + 0.002 * (self.seed % 3), len(LEVELS))
        return expit((np.tile(LEVELS, len(CONDITIONS)) - centre) / SCALE)[: len(images)]
