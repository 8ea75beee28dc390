"""A paper's experiments, answered by observers that are known beforehand."""

from __future__ import annotations

import pandas as pd
import pytest
from known_networks import ODDS, Known

from psychobench.reproduction.experiments import PaperExperiments
from psychobench.reproduction.result import Reproduction


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
