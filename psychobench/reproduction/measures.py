"""From answers to measures: curves, PSEs and distances, cell by cell and training by training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from psychobench.comparison import CohortMeasures, Sample, compare_curves
from psychobench.comparison.published import Published
from psychobench.fits.pse import Fits, fit
from psychobench.observers.base_rates import without_log_odds
from psychobench.reproduction.paper import CONDITIONS, NETWORKS, PRETRAININGS, TABLES
from psychobench.trials.cohort import Cohort

Floats = NDArray[np.float64]
# of a fit, as comparisons take it
KEPT = [
    "pse", "pse_low", "pse_high", "jnd", "jnd_low", "jnd_high", "status", "reason", "crossings",
]  # fmt: skip
KEYS = ["pretraining", "observer", "condition", "seed"]
# the paper does not say whether a PSE beyond the tested levels is one: both readings are shown
READINGS = {"none": ("ok", "step"), "pse": ("ok", "step", "outside")}
OBJECT, FACE = range(2)


@dataclass(frozen=True)
class People:
    """The cohort with its curves, as networks are compared with it.

    Attributes
    ----------
    cohort : Cohort
        Who they are.
    fits : Fits
        Their curves.
    measures : CohortMeasures
        Their PSEs.
    levels : ndarray of float64
        The levels that they judged.
    """

    cohort: Cohort
    fits: Fits
    measures: CohortMeasures
    levels: Floats


@dataclass(frozen=True)
class Measured:
    """Every curve of a reproduction with what was read off it.

    Attributes
    ----------
    fits : Fits
        One fit for each pre-training, network, training, mask and kind: the answers as they are
        (``balanced`` 0), and with the training labels' log-odds removed (1).
    cells : pandas.DataFrame
        The same rows: `KEYS`, ``balanced``, ``pse, jnd, status, reason``, ``distance`` (of the
        curve from the people's mean curve), ``residual`` (of the answers from the curve; both root
        mean squares of P), ``accuracy`` (of the transfer's validation) and ``label_log_odds`` (of
        its training labels).
    answers : pandas.DataFrame
        All answers, tidy.
    """

    fits: Fits
    cells: pd.DataFrame
    answers: pd.DataFrame


@dataclass(frozen=True)
class Replicates:
    """Measures as arrays: the whole study, once for each training of the networks.

    The axes are pre-training (object, face), network, mask (none, eyes, nose, mouth), training,
    and, of answers, level.

    Attributes
    ----------
    observers : tuple of str
        Of the second axis.
    pse, distance, residual, accuracy : ndarray of float64, shape (2, n, 4, trainings)
        NaN where there is none.
    answers : ndarray of float64, shape (2, n, 4, trainings, levels)
        P(target), by rising level.
    family : ndarray of float64, shape (2, n, 4, trainings)
        How many cells of each cell's table have a PSE, whichever networks were kept since.
    people : Sample
        The people's PSEs.
    """

    observers: tuple[str, ...]
    pse: Floats
    distance: Floats
    residual: Floats
    accuracy: Floats
    answers: Floats
    family: Floats
    people: Sample

    def only(self, observers: Sequence[str]) -> Replicates:
        """Keep some networks, in the order given."""
        rows = [self.observers.index(name) for name in observers]
        fields = ("pse", "distance", "residual", "accuracy", "answers", "family")
        kept = {name: getattr(self, name)[:, rows] for name in fields}
        return replace(self, observers=tuple(observers), **kept)

    @property
    def error(self) -> Floats:
        """How far each PSE lies from the people's mean."""
        return np.asarray(np.abs(self.pse - self.people.mean))

    @property
    def no_pse(self) -> Floats:
        """1 where a curve has no PSE, 0 where it has one."""
        return np.isnan(self.pse).astype(np.float64)

    @property
    def t(self) -> Floats:
        """The paper's one-sample t."""
        return np.asarray((self.pse - self.people.mean) / self.people.sem)

    @property
    def corrected_p(self) -> Floats:
        """Its two-sided p, Bonferroni-corrected within the paper's tables."""
        p = 2 * stats.t.sf(np.abs(self.t), self.people.df)
        return np.asarray(np.minimum(p * np.maximum(self.family, 1), 1.0))

    @property
    def mask_effects(self) -> Floats:
        """How masks change answers, shape (2, n, 3, trainings, levels)."""
        return np.asarray(self.answers[:, :, 1:] - self.answers[:, :, :1])


def measure(answers: pd.DataFrame, people: People) -> Measured:
    """Fit every curve, once as answered and once without the labels' log-odds, in one go.

    Parameters
    ----------
    answers : pandas.DataFrame
        As `psychobench.reproduction.answers.check_answers` returns them.
    people : People
        Whom the curves are compared with.
    """
    # answers of networks that do not say their labels' odds stay as they are
    odds = answers["label_log_odds"].fillna(0.0).to_numpy(np.float64)
    neutral = without_log_odds(answers["p_target"].to_numpy(np.float64), odds)
    table = pd.concat(
        [answers.assign(balanced=0), answers.assign(balanced=1, p_target=neutral)],
        ignore_index=True,
    )
    by = ["pretraining", "seed", "balanced"]
    fits = fit(table[["observer", "condition", *by, "stimulus", "level", "p_target"]], by=by)
    cells = fits.to_frame()[[*KEYS, "balanced", *KEPT]]
    masks = list(dict.fromkeys(cells["condition"]))
    near = compare_curves(
        fits,
        people.fits,
        dict.fromkeys(masks, people.measures),
        {people.measures.condition: people.levels},
    )
    of_network = ["observer", "pretraining", "seed"]
    whole = answers.groupby(of_network, as_index=False)[["accuracy", "label_log_odds"]].first()
    cells = cells.merge(whole, on=of_network, how="left", validate="m:1")
    return Measured(
        fits,
        cells.assign(
            distance=near["curve_distance"].to_numpy(),
            residual=_residuals(fits),
        ),
        answers,
    )


def _residuals(fits: Fits) -> Floats:
    """Compute the root mean square of the answers' differences from each fitted curve."""
    data = fits.data
    levels, place = np.unique(data["level"].to_numpy(np.float64), return_inverse=True)
    psi = fits.predict(levels)[data["fit"].to_numpy(), place]
    squares = (data["proportion"] - psi) ** 2
    means = squares.groupby(data["fit"]).mean().reindex(range(len(fits.table)))
    return np.asarray(np.sqrt(means.to_numpy(np.float64)))


def replicate(
    measured: Measured, people: Sample, *, reading: str = "none", balanced: bool = False
) -> Replicates:
    """Arrange the measures as arrays.

    Parameters
    ----------
    measured : Measured
        Of answers with every network, pre-training, mask and training.
    people : Sample
        The people's PSEs.
    reading : {"none", "pse"}
        What a PSE beyond the tested levels counts as.
    balanced : bool
        Whether the training labels' log-odds are removed.
    """
    cells = measured.cells[measured.cells["balanced"] == int(balanced)]
    shown = cells["status"].isin(READINGS[reading])
    cells = cells.assign(pse=cells["pse"].where(shown))
    observers = tuple(dict.fromkeys(measured.cells["observer"]))
    seeds = sorted(measured.cells["seed"].unique())
    axes: list[Any] = [PRETRAININGS, observers, CONDITIONS, seeds]
    shape = tuple(map(len, axes))
    laid = cells.set_index(KEYS).reindex(pd.MultiIndex.from_product(axes, names=KEYS))
    levels = np.sort(measured.answers["level"].unique())
    answers = measured.answers.groupby([*KEYS, "level"])["p_target"].mean()
    answers = answers.reindex(pd.MultiIndex.from_product([*axes, levels]))
    measured_of = {
        name: laid[name].to_numpy(np.float64).reshape(shape)
        for name in ("pse", "distance", "residual", "accuracy")
    }
    of_levels = answers.to_numpy(np.float64).reshape(*shape, len(levels))
    return Replicates(
        observers,
        **measured_of,
        answers=of_levels,
        family=family_sizes(measured_of["pse"], observers),
        people=people,
    )


def family_sizes(pse: Floats, observers: Sequence[str]) -> Floats:
    """Count the cells with a PSE in each cell's table, which has no controls.

    Parameters
    ----------
    pse : ndarray of float64, shape (2, n, 4, trainings)
        As in `Replicates`, of all networks that were asked.
    observers : sequence of str
        Of the second axis.

    Returns
    -------
    ndarray of float64, shape (2, n, 4, trainings)
    """
    has, sizes = ~np.isnan(pse), np.zeros(pse.shape)
    counted = [number for number, name in enumerate(observers) if name in NETWORKS]
    for table in TABLES:
        rows = [PRETRAININGS.index(name) for name in table.pretrainings]
        columns = [CONDITIONS.index(name) for name in table.conditions]
        mine = has[np.ix_(rows, counted, columns)].sum(axis=(0, 1, 2))
        sizes[np.ix_(rows, range(len(observers)), columns)] = mine
    return sizes


def paper_measures(paper: Published) -> Replicates:
    """Arrange the paper's own PSEs in the same way; what it does not print is NaN."""
    axes: list[Any] = [PRETRAININGS, NETWORKS, CONDITIONS]
    table = paper.table.rename(columns={"mask": "condition"})
    shape = (*map(len, axes), 1)
    listed = table.set_index(KEYS[:3])["pse"].reindex(pd.MultiIndex.from_product(axes))
    pses = listed.to_numpy(np.float64).reshape(shape)
    nothing = np.full(shape, np.nan)
    return Replicates(
        NETWORKS,
        pses,
        nothing,
        nothing,
        nothing,
        nothing[..., None],
        family_sizes(pses, NETWORKS),
        paper.cohort.sample,
    )
