"""Checks of invariance: an answer depends on its image and on nothing else."""

from __future__ import annotations

import numpy as np

from psychobench.observers.runner import make_replicates, offers_replicates, read_info
from psychobench.testing import material
from psychobench.testing.subject import CheckFailed, CheckSkipped, Subject

_SHUFFLED = np.array([5, 2, 7, 0, 3, 6, 1, 4])


def check_order(subject: Subject) -> None:
    """Check that shuffled images get the same answers, shuffled."""
    subject.require_determinism()
    shuffled = subject.answer(subject.probe[_SHUFFLED])
    subject.require_same(
        shuffled, subject.baseline[_SHUFFLED], "change with the order of the images"
    )


def check_batch_size(subject: Subject) -> None:
    """Check that images get the same answers one by one as together."""
    subject.require_determinism()
    alone = np.concatenate([subject.answer(image[None]) for image in subject.probe])
    subject.require_same(alone, subject.baseline, "change when images come one by one")


def check_repeatable(subject: Subject) -> None:
    """Check that the same call gives the same answers."""
    subject.require_determinism()
    first, second = (subject.answer(subject.probe) for _ in range(2))
    subject.require_same(second, first, "change when the same images are shown again")


def check_state(subject: Subject) -> None:
    """Check that what was seen before leaves no trace, from the first call on."""
    subject.require_determinism()
    first = np.asarray(subject.first_reply, dtype=np.float64)
    subject.require_same(subject.baseline, first, "change after the first call")
    subject.answer(material.greys())
    subject.require_same(
        subject.answer(subject.probe),
        subject.baseline,
        "change after other images were shown",
    )


def check_fresh_instance(subject: Subject) -> None:
    """Check that a second observer from the same factory gives the same answers."""
    if subject.factory is None:
        raise CheckSkipped("an observer was given, not a factory")
    subject.require_determinism()
    answers = subject.answer(subject.probe, observer=subject.factory())
    subject.require_same(answers, subject.baseline, "change from one instance to another")


def check_replicates(subject: Subject) -> None:
    """Check that replicates are this observer and others of its name that chance made differ.

    Two are asked for, since a network has to be trained for each.
    """
    if not offers_replicates(subject.observer):
        raise CheckSkipped("the observer has no method 'replicates'")
    found = make_replicates(subject.observer, 2)
    first, second = (subject.answer(subject.probe, observer=each) for each in found)
    names = [read_info(each).name for each in found]
    if names != [subject.info.name] * 2:
        raise CheckFailed(f"replicates of '{subject.info.name}' are called {' and '.join(names)}")
    if subject.info.deterministic:
        subject.require_same(first, subject.baseline, "of the first replicate are others")
    if np.allclose(first, second, rtol=0, atol=1e-9):
        raise CheckFailed(
            "two replicates give the same answers: is the seed used? An observer that owes nothing "
            "to chance has no method 'replicates'"
        )


def check_input_unmodified(subject: Subject) -> None:
    """Check that the images are left as they were."""
    images = subject.probe.copy()
    subject.answer(images, as_is=True)
    if not np.array_equal(images, subject.probe):
        raise CheckFailed(
            f"respond wrote into {np.count_nonzero(images != subject.probe)} values of its input"
        )
