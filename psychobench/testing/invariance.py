"""Checks of invariance: an answer depends on its image and on nothing else."""

from __future__ import annotations

import numpy as np

from psychobench.observers.runner import make_replicates, offers_replicates, read_info
from psychobench.testing import probe_images
from psychobench.testing.observer_under_test import CheckFailed, CheckSkipped, ObserverUnderTest
from psychobench.testing.other_process import answer_elsewhere

_SHUFFLED = np.array([5, 2, 7, 0, 3, 6, 1, 4])


def check_order(tested: ObserverUnderTest) -> None:
    """Check that shuffled images get the same answers, shuffled."""
    tested.require_determinism()
    shuffled = tested.answer(tested.probe[_SHUFFLED])
    tested.require_same(shuffled, tested.baseline[_SHUFFLED], "change with the order of the images")


def check_batch_size(tested: ObserverUnderTest) -> None:
    """Check that images get the same answers one by one as together."""
    tested.require_determinism()
    alone = np.concatenate([tested.answer(image[None]) for image in tested.probe])
    tested.require_same(alone, tested.baseline, "change when images come one by one")


def check_large_batch(tested: ObserverUnderTest) -> None:
    """Check that images get the same answers in one large batch as in small ones."""
    tested.require_determinism()
    crowd = probe_images.crowd()
    parts = [tested.answer(crowd[start : start + 6]) for start in range(0, len(crowd), 6)]
    fault = f"change when {len(crowd)} images come at once"
    tested.require_same(tested.answer(crowd), np.concatenate(parts), fault)


def check_other_process(tested: ObserverUnderTest) -> None:
    """Check that an observer made in another process gives the same answers.

    That process has another id and hashes text in another way.
    """
    if tested.factory is None:
        raise CheckSkipped("an observer was given, not a factory")
    tested.require_determinism()
    found = answer_elsewhere(tested.factory, tested.probe)
    tested.require_same(found, tested.baseline, "change from one process to another")


def check_repeatable(tested: ObserverUnderTest) -> None:
    """Check that the same call gives the same answers."""
    tested.require_determinism()
    first, second = (tested.answer(tested.probe) for _ in range(2))
    tested.require_same(second, first, "change when the same images are shown again")


def check_state(tested: ObserverUnderTest) -> None:
    """Check that what was seen before leaves no trace, from the first call on."""
    tested.require_determinism()
    first = np.asarray(tested.first_reply, dtype=np.float64)
    tested.require_same(tested.baseline, first, "change after the first call")
    tested.answer(probe_images.greys())
    tested.require_same(
        tested.answer(tested.probe),
        tested.baseline,
        "change after other images were shown",
    )


def check_fresh_instance(tested: ObserverUnderTest) -> None:
    """Check that a second observer from the same factory gives the same answers."""
    if tested.factory is None:
        raise CheckSkipped("an observer was given, not a factory")
    tested.require_determinism()
    answers = tested.answer(tested.probe, observer=tested.factory())
    tested.require_same(answers, tested.baseline, "change from one instance to another")


def check_replicates(tested: ObserverUnderTest) -> None:
    """Check that replicates are this observer and others of its name that chance made differ.

    Two are asked for, since a network has to be trained for each.
    """
    if not offers_replicates(tested.observer):
        raise CheckSkipped("the observer has no method 'replicates'")
    found = make_replicates(tested.observer, 2)
    first, second = (tested.answer(tested.probe, observer=each) for each in found)
    names = [read_info(each).name for each in found]
    if names != [tested.info.name] * 2:
        raise CheckFailed(f"replicates of '{tested.info.name}' are called {' and '.join(names)}")
    if tested.info.deterministic:
        tested.require_same(first, tested.baseline, "of the first replicate are others")
    if np.allclose(first, second, rtol=0, atol=1e-9):
        raise CheckFailed(
            "two replicates give the same answers: is the seed used? An observer that owes nothing "
            "to chance has no method 'replicates'"
        )


def check_input_unmodified(tested: ObserverUnderTest) -> None:
    """Check that the images are left as they were."""
    images = tested.probe.copy()
    tested.answer(images, as_is=True)
    if not np.array_equal(images, tested.probe):
        raise CheckFailed(
            f"respond wrote into {np.count_nonzero(images != tested.probe)} values of its input"
        )
