"""Checks of discrimination: sad and happy, and red and blue, are not exchanged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from psychobench.testing import probe_images
from psychobench.testing.observer_under_test import CheckFailed, CheckSkipped, ObserverUnderTest
from psychobench.testing.probe_images import LabelledImages

LEAST_AUC = 0.75
CHANCE = 0.5
MIDDLE = 0.3  # valence of faces near the middle: levels .35 and .65
LEAST_MIDDLE_AUC = 0.45  # a little below chance, for observers that are no better there
TWICE_SOFTMAX = (1 / (1 + np.e), np.e / (1 + np.e))  # all that a softmax of probabilities reaches
LEAST_COLOUR_GAIN = 0.02  # nats per image
_FLOOR = 1e-6


def check_polarity(tested: ObserverUnderTest) -> None:
    """Check that the target category gets the higher probabilities."""
    labelled = _labelled(tested)
    separation = _separation(tested, labelled)
    if separation < LEAST_AUC:
        swapped = "; are the labels swapped?" if separation < 1 - LEAST_AUC else ""
        raise CheckFailed(
            f"a clear '{tested.info.target}' gets the higher answer in {separation:.0%} of "
            f"pairs, {LEAST_AUC:.0%} are expected{swapped}"
        )
    if tested.labelled is None and not _separation(tested, probe_images.bundled_ends()) == 1:
        raise CheckFailed(
            f"the '{tested.info.target}' end of the bundled continuum gets no higher answer "
            "than the other"
        )


def check_middle(tested: ObserverUnderTest) -> None:
    """Check that faces near the middle of the continuum are not discriminated the wrong way round.

    That they are hard is no fault; that slightly happy faces get lower answers than slightly sad
    ones is, where clear cases are right.
    """
    labelled = _labelled(tested, strength=MIDDLE)
    if tested.labelled is not None:
        raise CheckSkipped("labelled= holds clear cases")
    _require_clear_cases(tested)
    separation = _separation(tested, labelled)
    if separation < LEAST_MIDDLE_AUC:
        raise CheckFailed(
            f"near the middle, a '{tested.info.target}' gets the higher answer in only "
            f"{separation:.0%} of pairs: are answers exchanged there?"
        )


def check_oblong_images(tested: ObserverUnderTest) -> None:
    """Check that clear cases are discriminated in images that are not square, too."""
    labelled = _labelled(tested)
    if tested.labelled is not None:
        raise CheckSkipped("labelled= brings images of its own shape")
    _require_clear_cases(tested)
    for height, width in ((200, 260), (260, 200)):
        images = probe_images.oblong(height, width, labelled.images)
        separation = _auc(tested.answer(images), _is_target(tested, labelled))
        if separation < LEAST_AUC:
            raise CheckFailed(
                f"in images of {height} x {width} a clear '{tested.info.target}' gets the higher "
                f"answer in {separation:.0%} of pairs, {LEAST_AUC:.0%} are expected: are height "
                "and width exchanged?"
            )


def check_certainty(tested: ObserverUnderTest) -> None:
    """Check that clear cases leave the range of a softmax applied twice."""
    answers = tested.answer(_labelled(tested).images)
    low, high = TWICE_SOFTMAX
    if low <= answers.min() and answers.max() <= high:
        raise CheckFailed(
            f"clear cases get {answers.min():.3f} to {answers.max():.3f}, all within "
            f"[{low:.3f}, {high:.3f}]: is softmax applied twice?"
        )


def check_colour_order(tested: ObserverUnderTest) -> None:
    """Check that faces are not told apart better with red and blue exchanged.

    An observer that learnt from true colours discriminates those better, or as well; a network
    that is given BGR but learnt RGB does the reverse. Either order is judged at its best criterion:
    an observer that is biased towards one answer may well lose that bias in odd colours, which is
    no error of colours.
    """
    tested.require_determinism()
    labelled = _labelled(tested, strength=0.5, n=24)
    target, answers = _is_target(tested, labelled), tested.answer(labelled.images)
    if not _auc(answers, target) >= CHANCE:
        raise CheckSkipped("answers are reversed or not numbers: correct that first")
    given = _losses(answers, target)
    exchanged = _losses(tested.answer(labelled.images[..., ::-1]), target)
    gain = given - exchanged
    if tested.labelled is None:  # what pushes one face's two expressions the same way cancels
        gain = gain.reshape(2, -1).mean(axis=0)
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    if gain.mean() > max(LEAST_COLOUR_GAIN, 2.5 * error):
        raise CheckFailed(
            "with red and blue exchanged, faces are discriminated better (log loss at the best "
            f"criterion {exchanged.mean():.3g} instead of {given.mean():.3g}): are channels read "
            "as BGR although they are RGB?"
        )


def _require_clear_cases(tested: ObserverUnderTest) -> None:
    """Skip what is harder than clear cases where those are not discriminated."""
    if not _separation(tested, _labelled(tested)) >= LEAST_AUC:
        raise CheckSkipped("clear cases are not discriminated: correct that first")


def _labelled(tested: ObserverUnderTest, strength: float = 1.0, n: int = 12) -> LabelledImages:
    """Return the author's labelled images, or faces where the observer judges sad and happy."""
    labels = tested.info.labels
    if tested.labelled is not None:
        if set(tested.labelled.labels) != set(labels):
            raise CheckFailed(
                f"labelled= has labels {sorted(set(tested.labelled.labels))}, the observer "
                f"{sorted(labels)}"
            )
        return tested.labelled
    if set(labels) != {probe_images.SAD, probe_images.HAPPY}:
        raise CheckSkipped(
            f"the observer tells {labels[0]} from {labels[1]}, the kit's faces are sad or happy; "
            "pass labelled="
        )
    return probe_images.labelled_faces(strength, n)


def _is_target(tested: ObserverUnderTest, labelled: LabelledImages) -> NDArray[np.bool_]:
    return np.array([label == tested.info.target for label in labelled.labels])


def _separation(tested: ObserverUnderTest, labelled: LabelledImages) -> float:
    return _auc(tested.answer(labelled.images), _is_target(tested, labelled))


def _auc(answers: NDArray[np.float64], target: NDArray[np.bool_]) -> float:
    """Return the share of target-other pairs in which the target gets the higher answer."""
    difference = answers[target][:, None] - answers[~target][None, :]
    return float(np.mean((np.sign(difference) + 1) / 2))


def _losses(answers: NDArray[np.float64], target: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return each image's log loss at the criterion that minimises their mean."""
    logits = logit(answers.clip(_FLOOR, 1 - _FLOOR))
    base = logit(target.mean())  # at the best criterion the mean answer is the targets' share
    criterion = brentq(
        lambda value: expit(logits - value).mean() - target.mean(),
        logits.min() - base - 1,
        logits.max() - base + 1,
    )
    shifted = expit(logits - criterion)
    return -np.log(np.where(target, shifted, 1 - shifted))
