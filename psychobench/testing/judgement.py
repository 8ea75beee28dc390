"""Checks of judgement: sad and happy are the right way round, and colours are too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from psychobench.testing import material
from psychobench.testing.material import LabelledImages
from psychobench.testing.subject import CheckFailed, CheckSkipped, Subject

LEAST_AUC = 0.75
CHANCE = 0.5
TWICE_SOFTMAX = (1 / (1 + np.e), np.e / (1 + np.e))  # all that a softmax of probabilities reaches
LEAST_COLOUR_GAIN = 0.02  # nats per image
_FLOOR = 1e-6


def check_polarity(subject: Subject) -> None:
    """Check that the target category gets the higher probabilities."""
    labelled = _labelled(subject)
    separation = _separation(subject, labelled)
    if separation < LEAST_AUC:
        swapped = "; are the labels swapped?" if separation < 1 - LEAST_AUC else ""
        raise CheckFailed(
            f"a clear '{subject.info.target}' gets the higher answer in {separation:.0%} of "
            f"pairs, {LEAST_AUC:.0%} are expected{swapped}"
        )
    if subject.labelled is None and not _separation(subject, material.bundled_ends()) == 1:
        raise CheckFailed(
            f"the '{subject.info.target}' end of the bundled continuum gets no higher answer "
            "than the other"
        )


def check_certainty(subject: Subject) -> None:
    """Check that clear cases leave the range of a softmax applied twice."""
    answers = subject.answer(_labelled(subject).images)
    low, high = TWICE_SOFTMAX
    if low <= answers.min() and answers.max() <= high:
        raise CheckFailed(
            f"clear cases get {answers.min():.3f} to {answers.max():.3f}, all within "
            f"[{low:.3f}, {high:.3f}]: is softmax applied twice?"
        )


def check_colour_order(subject: Subject) -> None:
    """Check that faces are not told apart better with red and blue exchanged.

    Whoever learnt from true colours tells those apart better, or as well; a network that is
    handed BGR where it learnt RGB has it the other way round. Either order is judged at the
    criterion that suits it best: an observer with a leaning to one answer may well lose it in
    odd colours, and has made no mistake of colours.
    """
    subject.require_determinism()
    labelled = _labelled(subject, strength=0.5, n=24)
    target, answers = _is_target(subject, labelled), subject.answer(labelled.images)
    if not _auc(answers, target) >= CHANCE:
        raise CheckSkipped("answers are the wrong way round or not numbers: mend that first")
    given = _losses(answers, target)
    exchanged = _losses(subject.answer(labelled.images[..., ::-1]), target)
    gain = given - exchanged
    if subject.labelled is None:  # what pushes one face's two expressions the same way cancels
        gain = gain.reshape(2, -1).mean(axis=0)
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    if gain.mean() > max(LEAST_COLOUR_GAIN, 2.5 * error):
        raise CheckFailed(
            "with red and blue exchanged faces are told apart better (log loss at the best "
            f"criterion {exchanged.mean():.3g} instead of {given.mean():.3g}): are channels taken "
            "as BGR where they are RGB?"
        )


def _labelled(subject: Subject, strength: float = 1.0, n: int = 12) -> LabelledImages:
    """Give the author's labelled images, or faces where the observer judges sad and happy."""
    labels = subject.info.labels
    if subject.labelled is not None:
        if set(subject.labelled.labels) != set(labels):
            raise CheckFailed(
                f"labelled= has labels {sorted(set(subject.labelled.labels))}, the observer "
                f"{sorted(labels)}"
            )
        return subject.labelled
    if set(labels) != {material.SAD, material.HAPPY}:
        raise CheckSkipped(
            f"the observer tells {labels[0]} from {labels[1]}, the kit's faces are sad or happy; "
            "pass labelled="
        )
    return material.labelled_faces(strength, n)


def _is_target(subject: Subject, labelled: LabelledImages) -> NDArray[np.bool_]:
    return np.array([label == subject.info.target for label in labelled.labels])


def _separation(subject: Subject, labelled: LabelledImages) -> float:
    return _auc(subject.answer(labelled.images), _is_target(subject, labelled))


def _auc(answers: NDArray[np.float64], target: NDArray[np.bool_]) -> float:
    """Give the share of target-other pairs in which the target gets the higher answer."""
    difference = answers[target][:, None] - answers[~target][None, :]
    return float(np.mean((np.sign(difference) + 1) / 2))


def _losses(answers: NDArray[np.float64], target: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Give each image's log loss at the criterion that makes their mean least."""
    logits = logit(answers.clip(_FLOOR, 1 - _FLOOR))
    base = logit(target.mean())  # at the best criterion the mean answer is the targets' share
    criterion = brentq(
        lambda value: expit(logits - value).mean() - target.mean(),
        logits.min() - base - 1,
        logits.max() - base + 1,
    )
    shifted = expit(logits - criterion)
    return -np.log(np.where(target, shifted, 1 - shifted))
