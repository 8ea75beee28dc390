"""Which likelihood-ratio tests the chi-squared distribution answers, and which a bootstrap."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from psychobench.fits.blocks import Blocks
from psychobench.fits.functions import Floats
from psychobench.fits.models.fitting import FittedModel
from psychobench.fits.models.likelihood_ratio import bootstrap_tests, on_bound
from psychobench.fits.models.sentences import CERTAIN

CHI_SQUARED, BOOTSTRAP = "chi-squared", "bootstrap"
USUAL = 999  # simulated data sets where the chi-squared distribution is doubtful
FEW = 20  # answers per estimated parameter below which the distribution is doubtful
AT_BOUND = "a parameter lies on its bound"
FEW_ANSWERS = f"fewer than {FEW} answers per parameter"


def observer_trials(blocks: Blocks, owners: NDArray[np.intp]) -> NDArray[np.int64]:
    """Count each observer's answers."""
    return np.bincount(owners, blocks.trials.sum(axis=1)).astype(np.int64)


@dataclass(frozen=True)
class ChosenTests:
    """How models are tested.

    Parameters
    ----------
    bootstrap : int or None
        Simulated data sets behind each p; None for `USUAL` where chi-squared is doubtful.
    seed : int
        Of the bootstrap.
    trials : ndarray of int, shape (n,)
        Answers of each observer.
    """

    bootstrap: int | None
    seed: int
    trials: NDArray[np.int64]

    def columns(
        self, model: FittedModel, smaller: FittedModel | None, observers: Sequence[str]
    ) -> dict[str, object]:
        """Test a model against a smaller one, if there is one: columns of n observers."""
        n = len(observers)
        nothing, unknown = np.full(n, np.nan), pd.array([pd.NA] * n, dtype="Int64")
        if smaller is None:
            return {
                "against": None, "statistic": nothing, "df": unknown, "p": nothing, "test": None,
                "simulations": unknown, "on_bound": on_bound(model), "doubt": None,
            }  # fmt: skip
        statistic: Floats = np.maximum(2 * (model.value - smaller.value), 0.0)
        df = model.parameters - smaller.parameters
        p, bound = np.asarray(chi2.sf(statistic, df)), on_bound(model) | on_bound(smaller)
        doubt = np.full(n, None, dtype=object)
        doubt[self.trials < FEW * model.parameters] = FEW_ANSWERS
        doubt[bound] = AT_BOUND
        chosen = np.flatnonzero(self._simulated(p, doubt))
        count = unknown.copy()
        if len(chosen):
            seeds = [zlib.crc32(repr((self.seed, name)).encode()) for name in observers]
            refits = USUAL if self.bootstrap is None else self.bootstrap
            found = bootstrap_tests(smaller, model, refits, seeds, chosen)
            p[chosen], count[chosen] = found
        return {
            "against": smaller.vary,
            "statistic": statistic,
            "df": pd.array(df, dtype="Int64"),
            "p": p,
            "test": np.where(count.isna(), CHI_SQUARED, BOOTSTRAP).astype(object),
            "simulations": count,
            "on_bound": bound,
            "doubt": doubt,
        }

    def _simulated(self, p: Floats, doubt: NDArray[np.object_]) -> NDArray[np.bool_]:
        if self.bootstrap is None:
            return np.array([why is not None for why in doubt]) & (p >= CERTAIN)
        return np.full(len(p), self.bootstrap > 0)
