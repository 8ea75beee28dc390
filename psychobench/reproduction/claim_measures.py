"""What claims measure: numbers from networks' answers and PSEs, one for each training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from psychobench.reproduction.measures import FACE, OBJECT, Floats, Replicates

NONE, EYES, NOSE, MOUTH = range(4)
MASKED = slice(1, None)
ALEX, FE = range(2)  # among the networks of experiment 3
ALPHA = 0.05


def mean(values: Floats, axis: int | tuple[int, ...]) -> Floats:
    """Average what there is; NaN where there is nothing."""
    there = np.isfinite(values)
    n = there.sum(axis=axis)
    total = np.where(there, values, 0.0).sum(axis=axis)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def rms(differences: Floats) -> Floats:
    """Root mean square over levels."""
    return np.asarray(np.sqrt(np.mean(differences**2, axis=-1)))


def spread(values: Floats) -> Floats:
    """Compute the SD over networks (the first axis), where two or more have a value."""
    there = np.isfinite(values)
    n = there.sum(axis=0)
    squares = np.where(there, (values - mean(values, 0)) ** 2, 0.0).sum(axis=0)
    return np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1)), np.nan)


def object_minus_face(name: str, conditions: Any = NONE) -> Callable[[Replicates], Floats]:
    """Average a measure's difference over networks and masks that have it with both."""

    def of(r: Replicates) -> Floats:
        values: Floats = getattr(r, name)
        gap = (values[OBJECT] - values[FACE])[:, np.atleast_1d(np.arange(4)[conditions])]
        return mean(gap, (0, 1))

    return of


def in_each_mask(name: str) -> Callable[[Replicates], Floats]:
    """Return the smallest, over masks, of a measure's mean difference, object - face."""

    def of(r: Replicates) -> Floats:
        values: Floats = getattr(r, name)
        return np.asarray(mean(values[OBJECT] - values[FACE], 0)[MASKED].min(axis=0))

    return of


def others_minus_eyes(name: str) -> Callable[[Replicates], Floats]:
    """Return the lower of a measure's means for nose and mouth, minus that for the eyes."""

    def of(r: Replicates) -> Floats:
        by_mask = mean(getattr(r, name), (0, 1))
        return np.asarray(np.minimum(by_mask[NOSE], by_mask[MOUTH]) - by_mask[EYES])

    return of


def alexnet_above_others(name: str) -> Callable[[Replicates], Floats]:
    """Return the smallest, over pre-trainings and masks, of AlexNet's lead over the others."""

    def of(r: Replicates) -> Floats:
        values: Floats = getattr(r, name)
        rest = values[:, 1:, MASKED]
        worst = np.where(np.isfinite(rest), rest, -np.inf).max(axis=1)
        lead = values[:, 0, MASKED] - np.where(np.isfinite(worst), worst, np.nan)
        known = np.isfinite(lead)
        least = np.where(known, lead, np.inf).min(axis=(0, 1))
        return np.where(known.any(axis=(0, 1)), least, np.nan)

    return of


def alexnet_minus_fe(name: str) -> Callable[[Replicates], Floats]:
    """Return AlexNet's value minus FE's, object-based, for whole faces."""

    def of(r: Replicates) -> Floats:
        values: Floats = getattr(r, name)[OBJECT, :, NONE]
        return np.asarray(values[ALEX] - values[FE])

    return of


def fe_ahead_of_all(name: str) -> Callable[[Replicates], Floats]:
    """Return the best value of the other networks, either pre-training, minus object-based FE's."""

    def of(r: Replicates) -> Floats:
        if r.observers[-1] != "fe_alexnet":
            return np.full(r.pse.shape[3], np.nan)
        values: Floats = getattr(r, name)[:, :, NONE]
        rest = values[:, :-1]
        best = np.where(np.isfinite(rest), rest, np.inf).min(axis=(0, 1))
        return np.asarray(np.where(np.isfinite(best), best, np.nan) - values[OBJECT, -1])

    return of


def answers_spread(r: Replicates) -> Floats:
    """SD of P over networks, averaged over levels, object - face."""
    by_level = [np.moveaxis(r.answers[p, :, NONE], -1, 1) for p in (OBJECT, FACE)]
    ours, theirs = (mean(spread(each), 0) for each in by_level)
    return np.asarray(ours - theirs)


def pse_spread(r: Replicates) -> Floats:
    """SD of PSEs over networks, object - face."""
    return np.asarray(spread(r.pse[OBJECT, :, NONE]) - spread(r.pse[FACE, :, NONE]))


def first_and_third(name: str) -> Callable[[Replicates], Floats]:
    """Compare AlexNet and VGG13 with VGG11 and VGG16: how much more object exceeds face."""

    def of(r: Replicates) -> Floats:
        values: Floats = getattr(r, name)[:, :, NONE]
        return _a_and_13(values[OBJECT] - values[FACE])

    return of


def pse_change(r: Replicates) -> Floats:
    """Compare |PSE object - PSE face| of AlexNet and VGG13 with VGG11's and VGG16's."""
    return _a_and_13(np.abs(r.pse[OBJECT, :, NONE] - r.pse[FACE, :, NONE]))


def answers_change(r: Replicates) -> Floats:
    """Compare answers' change between pre-trainings in the same way."""
    return _a_and_13(rms(r.answers[OBJECT, :, NONE] - r.answers[FACE, :, NONE]))


def _a_and_13(values: Floats) -> Floats:
    return np.asarray(mean(values[[0, 2]], 0) - mean(values[[1, 3]], 0))


def share_different(r: Replicates) -> Floats:
    """Share of cells with p < .001, of those with a PSE, nothing hidden."""
    p = r.corrected_p[:, :, NONE]
    return mean(np.where(np.isfinite(p), p < 0.001, np.nan), (0, 1))


def masked_minus_whole(r: Replicates) -> Floats:
    """Distance from people's curve with a mask, less that without, averaged."""
    return mean(r.distance[:, :, MASKED] - r.distance[:, :, :1], (0, 1, 2))


def effect_sizes(r: Replicates) -> NDArray[np.float64]:
    """How far masks move answers: RMS over levels, averaged, shape (3, trainings)."""
    return mean(rms(r.mask_effects), (0, 1))


def lower_face(r: Replicates) -> Floats:
    """Mean effect of nose and mouth, less the eyes'."""
    eyes, nose, mouth = effect_sizes(r)
    return np.asarray((nose + mouth) / 2 - eyes)


def mouth_most(r: Replicates) -> Floats:
    """Effect of the mouth, less the larger of the others'."""
    eyes, nose, mouth = effect_sizes(r)
    return np.asarray(mouth - np.maximum(eyes, nose))


def lowest_answer(r: Replicates) -> Floats:
    """P at the lowest level, AlexNet - FE."""
    start = r.answers[OBJECT, :, NONE, :, 0]
    return np.asarray(start[ALEX] - start[FE])


def t_of_critical(r: Replicates) -> Floats:
    """|t| of FE with objects over the |t| at which its corrected p would be .05."""
    sizes = np.maximum(r.family[OBJECT, -1, NONE], 1)
    critical = stats.t.isf(ALPHA / 2 / sizes, r.people.df)
    return np.asarray(np.abs(r.t[OBJECT, -1, NONE]) / critical)


def effects_alike(r: Replicates) -> Floats:
    """Correlate masks' effects on FE with those on AlexNet, over masks, levels, pre-trainings."""
    moved = np.moveaxis(r.mask_effects, 3, 0)  # trainings first
    flat = np.moveaxis(moved, 2, 1).reshape(moved.shape[0], moved.shape[2], -1)
    centred = flat - flat.mean(axis=-1, keepdims=True)
    lengths = np.sqrt((centred**2).sum(axis=-1)).prod(axis=-1)
    product = (centred[:, ALEX] * centred[:, FE]).sum(axis=-1)
    return np.where(lengths > 0, product / np.where(lengths > 0, lengths, 1.0), np.nan)


def cells_alike(r: Replicates) -> Floats:
    """Share of masked cells in which both networks or neither have a PSE."""
    lost = r.no_pse[:, :, MASKED]
    return np.asarray((lost[:, ALEX] == lost[:, FE]).mean(axis=(0, 1)))


def fe_least_moved(r: Replicates) -> Floats:
    """Answers' change between pre-trainings, AlexNet - FE."""
    moved = rms(r.answers[OBJECT, :, NONE] - r.answers[FACE, :, NONE])
    return np.asarray(moved[ALEX] - moved[FE])


def fe_pse_least_moved(r: Replicates) -> Floats:
    """|PSE object - PSE face|, mean of the other networks - FE."""
    if r.observers[-1] != "fe_alexnet":
        return np.full(r.pse.shape[3], np.nan)
    moved = np.abs(r.pse[OBJECT, :, NONE] - r.pse[FACE, :, NONE])
    return np.asarray(mean(moved[:-1], 0) - moved[-1])


def alexnet_object_lost(r: Replicates) -> Floats:
    """1 where AlexNet has no PSE with objects."""
    return np.asarray(r.no_pse[OBJECT, 0, NONE])
