"""Checks of the response format: type, shape and range of answers, for all kinds of images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychobench.testing import probe_images
from psychobench.testing.observer_under_test import CheckFailed, CheckSkipped, ObserverUnderTest

MOST_SIZE_CHANGE = 0.2  # as a probability; resizing twice as fine an image changes a little


def check_info(tested: ObserverUnderTest) -> None:
    """Check that `info` is a valid `ObserverInfo` with the registered name."""
    name, registered = tested.info.name, tested.registered_name
    if registered is not None and name != registered:
        raise CheckFailed(f"info.name is '{name}', the entry point is called '{registered}'")


def check_responds(tested: ObserverUnderTest) -> None:
    """Check that `respond` answers a batch of ordinary images."""
    if tested.first_reply is None:
        raise CheckFailed("respond returned None")


def check_shape(tested: ObserverUnderTest) -> None:
    """Check that a numpy array of shape (n,) comes back."""
    reply, n = tested.first_reply, len(tested.probe)
    if not isinstance(reply, np.ndarray):
        raise CheckFailed(f"respond returned {type(reply).__name__}, not a numpy array")
    if reply.shape != (n,):
        raise CheckFailed(f"{n} images got answers of shape {reply.shape}, not ({n},)")


def check_dtype(tested: ObserverUnderTest) -> None:
    """Check that answers are float64."""
    dtype = getattr(tested.first_reply, "dtype", None)
    if dtype != np.float64:
        raise CheckFailed(f"answers are {dtype}, not float64")


def check_finite(tested: ObserverUnderTest) -> None:
    """Check that no answer is NaN or infinite."""
    answers = tested.baseline
    if not np.isfinite(answers).all():
        raise CheckFailed(f"{np.count_nonzero(~np.isfinite(answers))} answers are not finite")


def check_range(tested: ObserverUnderTest) -> None:
    """Check that answers are probabilities, neither logits nor percentages."""
    beyond = tested.baseline[(tested.baseline < 0) | (tested.baseline > 1)]
    if beyond.size:
        raise CheckFailed(f"{beyond.size} answers are beyond [0, 1], for instance {beyond[0]:.4g}")


def check_distinct(tested: ObserverUnderTest) -> None:
    """Check that different faces get different answers."""
    if np.ptp(tested.baseline) <= tested.atol:
        raise CheckFailed(f"{len(tested.probe)} different faces all got {tested.baseline[0]:.6g}")


def check_single_image(tested: ObserverUnderTest) -> None:
    """Check that a batch may hold one image."""
    tested.require_probabilities(tested.answer(tested.probe[:1]), "a single image")


def check_empty_input(tested: ObserverUnderTest) -> None:
    """Check that no images, shape (0, h, w, 3), get no answers, shape (0,)."""
    tested.answer(tested.probe[:0])


def check_grey_image(tested: ObserverUnderTest) -> None:
    """Check images without contrast or colour."""
    tested.require_probabilities(tested.answer(probe_images.greys()), "a grey image")


def check_alpha_image(tested: ObserverUnderTest) -> None:
    """Check a face cut out by an alpha channel, which is read over grey."""
    tested.require_probabilities(tested.answer(probe_images.cut_out()), "a cut-out image")


def check_image_sizes(tested: ObserverUnderTest) -> None:
    """Check small, large and oblong images, and that larger images get similar answers."""
    for height, width in ((32, 32), (200, 260), (260, 200)):
        answers = tested.answer(probe_images.oblong(height, width))
        tested.require_probabilities(answers, f"an image of {height} x {width}")
    usual, large = (
        _mixed_answers(tested, size) for size in (probe_images.SIZE, 2 * probe_images.SIZE)
    )
    change = float(np.abs(large - usual).mean())
    if change > MOST_SIZE_CHANGE:
        raise CheckFailed(
            f"faces drawn twice as large get answers that differ by {change:.2f} on average, at "
            f"most {MOST_SIZE_CHANGE:g} expected: are images cropped where they should be resized?"
        )


def _mixed_answers(tested: ObserverUnderTest, size: int) -> NDArray[np.float64]:
    both = [probe_images.faces(valence, 4, size) for valence in (-1.0, 1.0)]
    return tested.answer(np.concatenate(both))


def check_masked_images(tested: ObserverUnderTest) -> None:
    """Check that masked faces are answered, and not all alike under every mask.

    Under one mask all levels may well get one answer: that of an observer which uses nothing else.
    """
    found = {}
    for mask, images in probe_images.masked_continuum().items():
        found[mask] = tested.answer(images)
        tested.require_probabilities(found[mask], f"a face with mask '{mask}'")
    if all(np.ptp(answers) <= tested.atol for answers in found.values()):
        raise CheckFailed(f"under each of the masks {', '.join(found)} all levels get one answer")


def check_graded(tested: ObserverUnderTest) -> None:
    """Check that answers along the bundled continuum are graded, not decisions or rounded."""
    answers = tested.answer(probe_images.continuum())
    if np.isin(answers, (0.0, 1.0)).all():
        raise CheckFailed("every answer along the bundled continuum is 0 or 1: a decision")
    tenths = np.abs(answers * 10 - np.round(answers * 10)) < 1e-9
    if tenths.all():
        raise CheckFailed("all answers along the bundled continuum are rounded to one decimal")


def check_memory_layout(tested: ObserverUnderTest) -> None:
    """Check reversed, Fortran-ordered and read-only arrays."""
    tested.require_determinism()
    expected = tested.baseline
    backwards = tested.answer(tested.probe.copy()[::-1], as_is=True)[::-1]
    tested.require_same(backwards, expected, "change when the array has negative strides")
    fortran = tested.answer(tested.probe.copy(order="F"), as_is=True)
    tested.require_same(fortran, expected, "change when the array is in Fortran order")
    locked = tested.probe.copy()
    locked.flags.writeable = False
    read_only = tested.answer(locked, as_is=True)
    tested.require_same(read_only, expected, "change when the array is read-only")


def check_references(tested: ObserverUnderTest) -> None:
    """Check the author's verified answers."""
    if tested.references is None:
        raise CheckSkipped("no references= were given")
    tested.require_determinism()
    found = tested.answer(tested.references.images)
    expected = np.asarray(tested.references.answers, dtype=np.float64)
    tested.require_same(found, expected, "differ from the references")
