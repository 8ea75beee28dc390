"""Make an observer of any PyTorch network that tells two categories apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from psychobench.plugins import ObserverError, ObserverInfo, OptionError
from psychobench_torch.attention.interface import SeenPart, Window, central_square
from psychobench_torch.attention.observer import TorchAttention
from psychobench_torch.observers.batched_inference import (
    check_images,
    run_filled,
    target_probabilities,
)
from psychobench_torch.storage.weight_files import tensors_sha256

Outputs = int | Sequence[int]


class TorchObserver(TorchAttention):
    """A PyTorch network as an observer.

    The network is asked in evaluation mode, in batches of one size, so that neither the number of
    images nor their order changes an answer; its mode is left as it was found.

    Parameters
    ----------
    module : torch.nn.Module
        From a batch of transformed images to its outputs, before any softmax: shape (n, k), of
        which `outputs` picks; or (n,) or (n, 1), the score of the target before a sigmoid. An
        output with an attribute ``logits`` will do. It stays on its device.
    transform : callable
        From one RGB image (`PIL.Image.Image`) to a float tensor of shape (3, height, width), the
        same for all images: ``weights.transforms()`` of torchvision, for instance.
    name : str
        In tables, figures and the registry.
    labels : tuple of two str, default ("sad", "happy")
        The two categories.
    target : str, optional
        Of `labels`, the one whose probability is the answer; the second by default.
    outputs : sequence of two, default (0, 1)
        Which output scores which label. Where several outputs belong to a label, a sequence of
        them; the others are left out: ``outputs=([0, 2, 5], 3)``.
    version : str, default "1"
        Of the observer.
    window : callable, default `psychobench_torch.attention.interface.central_square`
        Which part of an image the transform shows the network, so that attention maps lie where
        it looked: from height and width in pixels to top, left, bottom and right in fractions.
        ``partial(central_square, share=224 / 256)`` for torchvision's ``Resize(256)`` with
        ``CenterCrop(224)``; ``lambda height, width: (0, 0, 1, 1)`` where the whole image is
        squeezed.
    **info
        Further fields of `psychobench.observers.protocol.ObserverInfo`: `preprocessing`,
        `weights_origin`, `pretraining`, `options`, `label_log_odds`.

    Attributes
    ----------
    module : torch.nn.Module
        From prepared images to the scores of the other category and the target, shape (n, 2).

    Raises
    ------
    OptionError
        If `target` or `outputs` do not fit the labels.

    Examples
    --------
    >>> from torch import nn
    >>> network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
    >>> def transform(image):
    ...     return torch.tensor(np.array(image.resize((8, 8)))).permute(2, 0, 1) / 255
    >>> observer = TorchObserver(network, transform=transform, name="mean_colour")
    >>> observer.respond(np.zeros((5, 40, 40, 3), np.uint8)).shape
    (5,)
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        transform: Callable[[Image.Image], Tensor],
        name: str,
        labels: tuple[str, str] = ("sad", "happy"),
        target: str | None = None,
        outputs: Sequence[Outputs] = (0, 1),
        version: str = "1",
        window: SeenPart = central_square,
        **info: Any,
    ) -> None:
        target = labels[1] if target is None else target
        if target not in labels:
            raise OptionError(f"`target` must be one of the labels {labels}: it is '{target}'")
        at = list(labels).index(target)
        of_labels = _checked(outputs, name)
        self.module = TwoScores(module, of_labels[1 - at], of_labels[at], name)
        self._transform, self._window = transform, window
        self._info = ObserverInfo(
            name=name,
            version=version,
            labels=(labels[1 - at], target),
            target=target,
            **{
                "preprocessing": "as its author's transform has it",
                "weights_origin": "not told",
                **info,
            },
        )

    @property
    def info(self) -> ObserverInfo:
        """Who answers, with the hash of the network's values as they are now."""
        return replace(
            self._info,
            weights_sha256=tensors_sha256(self.module.module.state_dict()),
            deterministic=self._device.type == "cpu",
        )

    def attention_window(self, height: int, width: int) -> Window:
        """Return which part of an image the network is shown; see `window`.

        Raises
        ------
        ObserverError
            If `window` gives no part of an image.
        """
        part = self._window(height, width)
        if not _is_window(part):
            raise ObserverError(
                "`window` must return top, left, bottom and right in fractions from 0 to 1: that "
                f"of '{self._info.name}' returns {part} for an image of {height} x {width} px"
            )
        return part

    def respond(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Compute the probability of the target category for images.

        Parameters
        ----------
        images : ndarray of uint8, shape (n, height, width, 3)
            RGB, of any size.

        Returns
        -------
        ndarray of float64, shape (n,)
            P(target).

        Raises
        ------
        ObserverError
            If `images` is not such an array, or transform or network give something else than
            they should.
        """

        def score(part: NDArray[np.uint8], size: int) -> Tensor:
            return run_filled(self.module, self.prepare(part), size)[: len(part)]

        check_images(images, self._info.name)
        return target_probabilities(score, images)

    def prepare(self, images: NDArray[np.uint8]) -> Tensor:
        """Transform images one by one; shape (n, 3, height, width), on the network's device."""
        name = self._info.name
        prepared = [self._transform(Image.fromarray(image)) for image in images]
        for each in prepared:
            if not isinstance(each, Tensor) or each.ndim != 3 or not each.is_floating_point():
                raise ObserverError(
                    "a transform must return a float tensor of shape (3, height, width): that of "
                    f"'{name}' gives {_described(each)}"
                )
        if len({each.shape for each in prepared}) > 1:
            raise ObserverError(
                f"a transform must bring all images to one size: that of '{name}' gives "
                f"{sorted({tuple(each.shape[1:]) for each in prepared})}"
            )
        return torch.stack(prepared).to(self._device)

    @property
    def _device(self) -> torch.device:
        values = next(self.module.parameters(), None)
        return torch.device("cpu") if values is None else values.device


class TwoScores(nn.Module):
    """Reduce a network's outputs to the scores of the other category and the target.

    Parameters
    ----------
    module : torch.nn.Module
        See `TorchObserver`.
    other, target : list of int
        The outputs of either category; of several, the softmax's probabilities are added up.
    name : str
        For messages.
    """

    def __init__(self, module: nn.Module, other: list[int], target: list[int], name: str) -> None:
        super().__init__()
        self.module = module
        self.other, self.target, self.name = other, target, name

    def forward(self, images: Tensor) -> Tensor:
        """Score prepared images; shape (n, 2)."""
        raw = self.module(images)
        raw = getattr(raw, "logits", raw)
        if isinstance(raw, Tensor) and (raw.ndim == 1 or raw.shape[1:] == (1,)):
            score = raw.reshape(-1, 1)
            return torch.cat([torch.zeros_like(score), score], 1)
        most = max(*self.other, *self.target)
        if not isinstance(raw, Tensor) or raw.ndim != 2 or raw.shape[1] <= most:
            raise ObserverError(
                f"a network must return scores of shape (n, k) with k above {most}, or (n, 1): "
                f"'{self.name}' gives {_described(raw)}"
            )
        return torch.stack([raw[:, part].logsumexp(1) for part in (self.other, self.target)], 1)


def _checked(outputs: Sequence[Outputs], name: str) -> list[list[int]]:
    """List the outputs of the first and of the second label."""
    both = [[each] if isinstance(each, int) else list(each) for each in outputs]
    chosen = [index for each in both for index in each]
    fits = len(both) == 2 and all(both) and len(set(chosen)) == len(chosen)
    if not fits or not all(isinstance(index, int) and index >= 0 for index in chosen):
        raise OptionError(
            "`outputs` must name the outputs of either label, each once, from 0: "
            f"'{name}' was given {outputs!r}"
        )
    return both


def _is_window(part: object) -> bool:
    if not isinstance(part, tuple) or len(part) != 4:
        return False
    top, left, bottom, right = part
    return bool(0 <= top < bottom <= 1 and 0 <= left < right <= 1)


def _described(value: object) -> str:
    if isinstance(value, Tensor):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    return type(value).__name__
