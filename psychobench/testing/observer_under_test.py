"""The observer under test, and what its checks share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychobench.observers.protocol import Observer, ObserverInfo
from psychobench.observers.runner import read_info
from psychobench.testing import probe_images
from psychobench.testing.probe_images import LabelledImages, References


class CheckFailed(Exception):  # noqa: N818 - an outcome, not an error of ours
    """A check found a fault; the message says what was found and expected."""


class CheckSkipped(Exception):  # noqa: N818 - an outcome, not an error of ours
    """A check cannot be made; the message says why."""


@dataclass
class ObserverUnderTest:
    """One observer, and what its checks need.

    Attributes
    ----------
    observer : Observer
        The observer that is checked.
    factory : callable, optional
        Makes another one like it.
    registered_name : str, optional
        The name in the registry, which `info` must agree with.
    labelled : LabelledImages, optional
        Its author's labelled images, in place of the kit's sad and happy faces.
    references : References, optional
        Its author's verified answers.
    atol : float
        How far answers that should be the same may differ.
    printed : callable
        Returns what has been printed on stdout so far.
    """

    observer: Observer
    factory: Callable[[], Observer] | None
    registered_name: str | None
    labelled: LabelledImages | None
    references: References | None
    atol: float
    printed: Callable[[], str] = field(default=str)

    @cached_property
    def info(self) -> ObserverInfo:
        """The observer's description of itself."""
        return read_info(self.observer)

    @cached_property
    def probe(self) -> NDArray[np.uint8]:
        """The batch that most checks show."""
        return probe_images.probe()

    @cached_property
    def first_reply(self) -> Any:
        """The observer's first answers to the probe, as they were returned."""
        return self.observer.respond(self.probe.copy())

    @cached_property
    def baseline(self) -> NDArray[np.float64]:
        """Answers to the probe after weights were loaded."""
        return self.answer(self.probe)

    def answer(
        self,
        images: NDArray[np.uint8],
        *,
        observer: Observer | None = None,
        as_is: bool = False,
    ) -> NDArray[np.float64]:
        """Return one number for each image, whatever its type and range.

        The observer gets a plain copy, or the images themselves where `as_is` is true.
        """
        reply = (observer or self.observer).respond(images if as_is else images.copy(order="C"))
        answers = np.asarray(reply, dtype=np.float64)
        if answers.shape != (len(images),):
            raise CheckFailed(
                f"{len(images)} images got answers of shape {answers.shape}, not ({len(images)},)"
            )
        return answers

    def require_determinism(self) -> None:
        """Skip a check that only makes sense where the same image gets the same answer."""
        if not self.info.deterministic:
            raise CheckSkipped("the observer states that it is not deterministic")

    def require_same(
        self, found: NDArray[np.float64], expected: NDArray[np.float64], fault: str
    ) -> None:
        """Fail where answers differ by more than the tolerance; NaN equals NaN."""
        same = np.isclose(found, expected, rtol=0, atol=self.atol, equal_nan=True)
        if not same.all():
            index = int(np.argmin(same))
            raise CheckFailed(
                f"answers {fault}: image {index} got {found[index]:.6g} instead of "
                f"{expected[index]:.6g} (tolerance {self.atol:g})"
            )

    def require_probabilities(self, answers: NDArray[np.float64], what: str) -> None:
        """Fail where an answer is no probability."""
        bad = ~((answers >= 0) & (answers <= 1))
        if bad.any():
            raise CheckFailed(f"{what} got {answers[bad][0]:g}, which is no probability")
