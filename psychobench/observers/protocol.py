"""The observer protocol: an observer describes itself and responds to images."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import ObserverError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_TEXT = ("name", "version", "preprocessing", "weights_origin")


@dataclass(frozen=True)
class ObserverInfo:
    """What a reader of a table must know about an observer.

    Parameters
    ----------
    name : str
        The name in tables, figures and the registry.
    version : str
        Version of the observer's code.
    labels : tuple of two str
        The two response labels, the other category first, the target second:
        ``("sad", "happy")``.
    target : str
        The label whose probability `Observer.respond` returns; the second of `labels`.
    preprocessing : str
        Description of what happens to an image before it is judged: size, colour order,
        normalisation.
    weights_origin : str
        Description of where the weights come from, for instance what they were trained on.
    weights_sha256 : str, optional
        SHA-256 of the weights, 64 hexadecimal digits; None for an observer without weights.
    pretraining : str, optional
        What the weights saw before they learnt this task, as the option `pretraining` names it.
    deterministic : bool, default True
        Whether the same images get the same answers every time.
    options : mapping, optional
        The options that the observer was made with, for the record.
    label_log_odds : float, optional
        Natural log of the odds of the target among the labels that the observer was trained on:
        0.69 where the target was given twice as often as the other category, 0 where both were
        given equally often; None where nobody trained it on labels, or where it does not say.

    Raises
    ------
    ObserverError
        If a field breaks these rules, with one line for each.

    Examples
    --------
    >>> info = ObserverInfo(
    ...     name="mouth_corners",
    ...     version="1.0",
    ...     labels=("sad", "happy"),
    ...     target="happy",
    ...     preprocessing="grey",
    ...     weights_origin="none: a rule",
    ... )
    >>> info.deterministic
    True
    """

    name: str
    version: str
    labels: tuple[str, str]
    target: str
    preprocessing: str
    weights_origin: str
    weights_sha256: str | None = None
    pretraining: str | None = None
    deterministic: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    label_log_odds: float | None = None

    def __post_init__(self) -> None:
        faults = tuple(self._faults())
        if faults:
            raise ObserverError(*faults)
        object.__setattr__(self, "labels", tuple(self.labels))
        object.__setattr__(self, "options", dict(self.options))
        if self.label_log_odds is not None:
            object.__setattr__(self, "label_log_odds", float(self.label_log_odds))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain types for JSON (`options` as they are).

        Examples
        --------
        >>> ObserverInfo("o", "1", ("sad", "happy"), "happy", "none", "a rule").to_dict()["labels"]
        ['sad', 'happy']
        """
        record = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**record, "labels": list(self.labels), "options": dict(self.options)}

    def _faults(self) -> Iterator[str]:
        place = f"ObserverInfo of {self.name!r}"
        for name in _TEXT:
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                yield f"{name} must be a non-empty text: {place} has {value!r}"
        yield from self._label_faults(place)
        digest = self.weights_sha256
        if digest is not None and not (isinstance(digest, str) and _SHA256.fullmatch(digest)):
            yield (
                "weights_sha256 must be 64 lower-case hexadecimal digits, or None: "
                f"{place} has {digest!r}"
            )
        if self.pretraining is not None and not isinstance(self.pretraining, str):
            yield f"pretraining must be a text or None: {place} has {self.pretraining!r}"
        if not isinstance(self.deterministic, bool):
            yield f"deterministic must be True or False: {place} has {self.deterministic!r}"
        if not isinstance(self.options, Mapping):
            yield f"options must be a mapping: {place} has {self.options!r}"
        odds = self.label_log_odds
        if odds is not None and not (
            isinstance(odds, int | float) and not isinstance(odds, bool) and math.isfinite(odds)
        ):
            yield f"label_log_odds must be a finite number or None: {place} has {odds!r}"

    def _label_faults(self, place: str) -> Iterator[str]:
        labels = self.labels
        if (
            not isinstance(labels, tuple | list)
            or len(labels) != 2
            or not all(isinstance(label, str) and label.strip() for label in labels)
            or labels[0] == labels[1]
        ):
            yield (
                "labels must be two different texts, the other category and the target: "
                f"{place} has {labels!r}"
            )
        elif self.target != labels[1]:
            yield (
                f"target must be the second of the labels {tuple(labels)!r}: "
                f"{place} has {self.target!r}"
            )


@runtime_checkable
class Observer(Protocol):
    """An observer: anything that has `info` and `respond`.

    No base class is needed. ``isinstance(x, Observer)`` only asks whether both names are there, but
    reads `info`, which may load the observer's weights.
    """

    @property
    def info(self) -> ObserverInfo:
        """Description of the observer; a plain attribute suffices."""

    def respond(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Judge images.

        Parameters
        ----------
        images : ndarray of uint8, shape (n, height, width, 3)
            Decoded RGB images, of any size; n may be 0. They must not be written into.

        Returns
        -------
        ndarray of float64, shape (n,)
            The probability of the target category for each image, in [0, 1], in order.
        """


@runtime_checkable
class ReplicableObserver(Observer, Protocol):
    """An observer that depends on a seed and can be made again with others.

    Optional: an observer without `replicates` depends on no seed, or does not state it.
    """

    def replicates(self, n: int) -> Sequence[Observer]:
        """Return this observer and others that were made in the same way from other seeds.

        Parameters
        ----------
        n : int
            How many, this one included; at least 1.

        Returns
        -------
        sequence of Observer, length n
            This observer, then those of the next seeds, of the same name. Slow work, such as
            training, should be done for all of them together, and its results kept, so that an
            interruption loses nothing.
        """
