"""A paper's experiments, answered by observers that are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from psychobench.observers.protocol import ObserverInfo
from psychobench.reproduction.experiments import PaperExperiments
from psychobench.reproduction.paper import CONDITIONS
from psychobench.reproduction.result import Reproduction

LEVELS = np.linspace(0, 1, 21)
PLACES = {  # where each network's curve is .5, by mask: none, eyes, nose, mouth
    ("alexnet", "object"): (0.80, 0.85, 1.10, 0.95),
    ("alexnet", "face"): (0.60, 0.62, 0.70, 0.75),
    ("fe_alexnet", "object"): (0.54, 0.60, 0.70, 0.75),
    ("fe_alexnet", "face"): (0.56, 0.58, 0.66, 0.70),
}
ODDS, SCALE = 0.4, 0.06


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


@pytest.fixture(scope="session")
def experiments() -> PaperExperiments:
    return PaperExperiments.prepare("ying2023")


def again(experiments: PaperExperiments, seeds: int, odds: float | None = ODDS) -> Reproduction:
    """Run the experiments with known observers."""
    tables, infos = [], {}
    for name in experiments.observers:
        for pretraining in experiments.pretrainings:
            for seed in range(seeds):
                one = Known(name, pretraining, seed, odds)
                table = experiments.ask(one, name)
                whose = {"observer": name, "pretraining": pretraining, "seed": seed}
                tables.append(table.assign(**whose, label_log_odds=odds, accuracy=0.9))
                infos[f"{name}, {pretraining}"] = one.info.to_dict()
    return experiments.compare(pd.concat(tables, ignore_index=True), infos)


@pytest.fixture(scope="session")
def made(experiments: PaperExperiments) -> Reproduction:
    return again(experiments, seeds=3)


@pytest.fixture(scope="session")
def single(experiments: PaperExperiments) -> Reproduction:
    """Networks trained once, which do not say their labels' odds."""
    return again(experiments, seeds=1, odds=None)
