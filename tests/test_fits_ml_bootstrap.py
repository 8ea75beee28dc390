"""A bootstrap is the same on any machine."""

import numpy as np

from psychobench import parallel as cores
from psychobench.fits.blocks import Blocks
from psychobench.fits.ml import bootstrap
from psychobench.fits.ml import engine as ml
from psychobench.fits.options import FitOptions


def test_a_bootstrap_does_not_depend_on_the_number_of_cores(monkeypatch):
    monkeypatch.setattr(bootstrap, "TOGETHER", 200)
    hits = np.random.default_rng(3).binomial(20, [0.05, 0.2, 0.5, 0.8, 0.95], (6, 5))
    levels = np.tile(np.linspace(0, 1, 5), (6, 1))
    blocks, options = Blocks(levels, np.full((6, 5), 20.0), hits.astype(float)), FitOptions()
    found = []
    for number in (1, 3):
        monkeypatch.setattr(cores, "usable_cores", lambda number=number: number)
        curves = ml.fit(blocks, options)
        parts = bootstrap.refit_simulated(curves, blocks, options, 100, list(range(6)))
        found.append([(refits.threshold.tobytes(), refits.width.tobytes(), refits.guess.tobytes())
                      for _, refits, _ in parts])  # fmt: skip
    assert len(found[0]) == 3
    assert found[0] == found[1]
