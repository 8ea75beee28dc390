"""Checks of form: what comes back, for which images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychobench.testing import material
from psychobench.testing.subject import CheckFailed, CheckSkipped, Subject

MOST_SIZE_CHANGE = 0.2  # as a probability; resizing twice as fine an image changes a little


def check_info(subject: Subject) -> None:
    """Check that `info` is a valid `ObserverInfo` with the registered name."""
    name, registered = subject.info.name, subject.registered_name
    if registered is not None and name != registered:
        raise CheckFailed(f"info.name is '{name}', the entry point is called '{registered}'")


def check_responds(subject: Subject) -> None:
    """Check that `respond` answers a batch of ordinary images."""
    if subject.first_reply is None:
        raise CheckFailed("respond gave None")


def check_shape(subject: Subject) -> None:
    """Check that a numpy array of shape (n,) comes back."""
    reply, n = subject.first_reply, len(subject.probe)
    if not isinstance(reply, np.ndarray):
        raise CheckFailed(f"respond gave {type(reply).__name__}, not a numpy array")
    if reply.shape != (n,):
        raise CheckFailed(f"{n} images got answers of shape {reply.shape}, not ({n},)")


def check_dtype(subject: Subject) -> None:
    """Check that answers are float64."""
    dtype = getattr(subject.first_reply, "dtype", None)
    if dtype != np.float64:
        raise CheckFailed(f"answers are {dtype}, not float64")


def check_finite(subject: Subject) -> None:
    """Check that no answer is NaN or infinite."""
    answers = subject.baseline
    if not np.isfinite(answers).all():
        raise CheckFailed(f"{np.count_nonzero(~np.isfinite(answers))} answers are not finite")


def check_range(subject: Subject) -> None:
    """Check that answers are probabilities, neither logits nor percentages."""
    beyond = subject.baseline[(subject.baseline < 0) | (subject.baseline > 1)]
    if beyond.size:
        raise CheckFailed(f"{beyond.size} answers are beyond [0, 1], for instance {beyond[0]:.4g}")


def check_distinct(subject: Subject) -> None:
    """Check that different faces get different answers."""
    if np.ptp(subject.baseline) <= subject.atol:
        raise CheckFailed(f"{len(subject.probe)} different faces all got {subject.baseline[0]:.6g}")


def check_single_image(subject: Subject) -> None:
    """Check that a batch may hold one image."""
    subject.require_probabilities(subject.answer(subject.probe[:1]), "a single image")


def check_empty_input(subject: Subject) -> None:
    """Check that no images, shape (0, h, w, 3), get no answers, shape (0,)."""
    subject.answer(subject.probe[:0])


def check_grey_image(subject: Subject) -> None:
    """Check images without contrast or colour."""
    subject.require_probabilities(subject.answer(material.greys()), "a grey image")


def check_alpha_image(subject: Subject) -> None:
    """Check a face cut out by an alpha channel, laid over grey as it is read."""
    subject.require_probabilities(subject.answer(material.cut_out()), "a cut-out image")


def check_image_sizes(subject: Subject) -> None:
    """Check small, large and oblong images, and that a larger picture is judged much alike."""
    for height, width in ((32, 32), (200, 260), (260, 200)):
        answers = subject.answer(material.oblong(height, width))
        subject.require_probabilities(answers, f"an image of {height} x {width}")
    usual, large = (_mixed_answers(subject, size) for size in (material.SIZE, 2 * material.SIZE))
    change = float(np.abs(large - usual).mean())
    if change > MOST_SIZE_CHANGE:
        raise CheckFailed(
            f"faces drawn twice as large get answers that differ by {change:.2f} on average, at "
            f"most {MOST_SIZE_CHANGE:g} expected: are images cropped where they should be resized?"
        )


def _mixed_answers(subject: Subject, size: int) -> NDArray[np.float64]:
    both = [material.faces(valence, 4, size) for valence in (-1.0, 1.0)]
    return subject.answer(np.concatenate(both))


def check_memory_layout(subject: Subject) -> None:
    """Check reversed, Fortran-ordered and read-only arrays."""
    subject.require_determinism()
    expected = subject.baseline
    backwards = subject.answer(subject.probe.copy()[::-1], as_is=True)[::-1]
    subject.require_same(backwards, expected, "change when the array has negative strides")
    fortran = subject.answer(subject.probe.copy(order="F"), as_is=True)
    subject.require_same(fortran, expected, "change when the array is in Fortran order")
    locked = subject.probe.copy()
    locked.flags.writeable = False
    read_only = subject.answer(locked, as_is=True)
    subject.require_same(read_only, expected, "change when the array is read-only")


def check_references(subject: Subject) -> None:
    """Check the author's verified answers."""
    if subject.references is None:
        raise CheckSkipped("no references= were given")
    subject.require_determinism()
    found = subject.answer(subject.references.images)
    expected = np.asarray(subject.references.answers, dtype=np.float64)
    subject.require_same(found, expected, "differ from the references")
