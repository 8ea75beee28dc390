"""Attention: an optional second protocol for observers that can map where they look."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import ObserverError, PsychobenchError
from psychobench.observers.plugin_faults import as_observer_error
from psychobench.observers.protocol import Observer
from psychobench.observers.registry import list_observers, load_observer

WHOLE = (0.0, 0.0, 1.0, 1.0)
_NAMES = ("attention", "attention_methods")


@dataclass(frozen=True, eq=False)
class AttentionMaps:
    """Raw attention maps of images, with what they are maps of.

    Parameters
    ----------
    maps : ndarray of float32, shape (n, h, w)
        One map per image, at the layer's own resolution and in its own unit: neither resized nor
        normalised. Values may be negative for methods that keep evidence against the target.
    method : str
        What made them.
    layer : str
        Where in the network they were read.
    target : str
        Which score they explain; ``none`` for methods that explain no score.
    options : mapping, optional
        The readings of the method that were taken, for the record.
    window : tuple of float, optional
        The part of each image that the maps cover, as (top, left, bottom, right) in fractions of
        its height and width: an observer may look at the central square only.

    Raises
    ------
    ObserverError
        If the maps are not three-dimensional, or hold values that are not finite.

    Examples
    --------
    >>> found = AttentionMaps(np.zeros((2, 13, 13), np.float32), "layercam", "conv5", "happy")
    >>> found.empty
    array([ True,  True])
    """

    maps: NDArray[np.float32] = field(repr=False)
    method: str
    layer: str
    target: str
    options: Mapping[str, Any] = field(default_factory=dict)
    window: tuple[float, float, float, float] = WHOLE

    def __post_init__(self) -> None:
        maps = np.asarray(self.maps)
        if maps.ndim != 3 or maps.dtype != np.float32:
            raise ObserverError(
                "attention maps must be float32 of shape (n, h, w): those of "
                f"{self.method} are {maps.dtype} of shape {maps.shape}"
            )
        bad = np.flatnonzero(~np.isfinite(maps).all(axis=(1, 2)))
        if len(bad):
            raise ObserverError(
                f"attention maps must be finite: {self.method} at {self.layer} has values that are "
                f"not in {len(bad)} of {len(maps)} maps, the first for image {bad[0]}"
            )

    @property
    def empty(self) -> NDArray[np.bool_]:
        """Which maps have no positive value anywhere, shape (n,): they point at nothing."""
        return np.asarray(~(self.maps > 0).any(axis=(1, 2)))

    def pick(self, rows: NDArray[np.intp]) -> AttentionMaps:
        """Keep the maps of some images, by number."""
        return replace(self, maps=self.maps[rows])


class OffersAttention(Protocol):
    """What an observer has, besides `info` and `respond`, if it can map where it looks."""

    @property
    def attention_methods(self) -> Sequence[str]:
        """The names that `attention` takes as `method`."""

    def attention(
        self,
        images: NDArray[np.uint8],
        *,
        method: str,
        layer: str | None = None,
        target: str | None = None,
        **options: Any,
    ) -> AttentionMaps:
        """Map where the observer looks.

        Parameters
        ----------
        images : ndarray of uint8, shape (n, height, width, 3)
            As for `respond`.
        method : str
            One of `attention_methods`.
        layer : str, optional
            Where to read; the method's usual layer by default.
        target : str, optional
            One of the two labels, ``margin`` (the target's score minus the other's) or
            ``winning`` (for each image the label with the higher score); the observer's target by
            default.
        **options
            Readings of the method.

        Returns
        -------
        AttentionMaps

        Raises
        ------
        ObserverError
            If there is no such method, layer or target; it lists those that there are.
        """


def offers_attention(observer: object) -> bool:
    """Return whether an observer offers attention maps; nothing is loaded.

    Examples
    --------
    >>> from psychobench.observers.template import make_template
    >>> offers_attention(make_template())
    False
    """
    # found without being read: a property may load weights
    found = (inspect.getattr_static(observer, name, None) for name in _NAMES)
    return None not in found


def with_attention(observer: Observer, name: str) -> OffersAttention:
    """Check that an observer has attention.

    Raises
    ------
    ObserverError
        If it has none; it names the registered ones that have.
    """
    if not offers_attention(observer):
        having = ", ".join(_offering()) or "no registered observer"
        raise ObserverError(
            f"an observer must offer attention maps: '{name}' has none; these have: {having}"
        )
    return cast(OffersAttention, observer)


def request_maps(
    observer: OffersAttention,
    images: NDArray[np.uint8],
    *,
    name: str,
    method: str,
    layer: str | None = None,
    target: str | None = None,
    **options: Any,
) -> AttentionMaps:
    """Request an observer's attention maps, and check them.

    Parameters
    ----------
    observer : OffersAttention
        The observer.
    images : ndarray of uint8, shape (n, height, width, 3)
        RGB images.
    name : str
        The observer's, for errors.
    method, layer, target, **options
        As for `OffersAttention.attention`.

    Returns
    -------
    AttentionMaps

    Raises
    ------
    ObserverError
        If it fails, knows no such method, layer or target, or does not return one map for each
        image.
    """
    with as_observer_error(f"an observer must map its attention: '{name}' with method {method}"):
        found = observer.attention(images, method=method, layer=layer, target=target, **options)
    if not isinstance(found, AttentionMaps) or len(found.maps) != len(images):
        given = (
            f"{len(found.maps)} maps" if isinstance(found, AttentionMaps) else type(found).__name__
        )
        raise ObserverError(
            f"an observer must return one attention map for each image: '{name}' returned {given} "
            f"for {len(images)} images"
        )
    return found


def _offering() -> list[str]:
    """List the registered observers that have attention; making one loads no weights."""
    names = []
    for entry in list_observers():
        if entry.status != "ok":
            continue
        try:
            observer = load_observer(entry.name)
        except PsychobenchError:  # needs an option, or is broken: neither matters here
            continue
        if offers_attention(observer):
            names.append(entry.name)
    return names
