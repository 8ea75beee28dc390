"""Maps of photographs, for the winning class of the classifier that a network was pre-trained with.

Happy or sad means nothing in a photograph of a street, so the maps explain the class that the
network chose. Networks see the whole picture, squeezed into a square, so that maps cover all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from psychobench.plugins import AttentionMaps, read_image
from psychobench_torch.attention.attend import attend, attend_dense, own_readings
from psychobench_torch.attention.cam import AT_LEAST, CAMWeights, fit_cam, head_weights
from psychobench_torch.attention.interface import METHODS
from psychobench_torch.computing.device import compute_device
from psychobench_torch.extractors.pretrained_classifier import PretrainedClassifier
from psychobench_torch.networks.images import normalise, resize, to_tensor
from psychobench_torch.pretraining.network import PooledNetwork
from psychobench_torch.stand_in_weights.objects import object_set

_AT_ONCE = 16  # photographs
_OBJECTS_SEED = 20_190_905


class PhotographMaps(NamedTuple):
    """Maps of one photograph.

    Parameters
    ----------
    image : str
        The photograph's name without its ending.
    winning : str
        The class with the highest score: its name, or its number.
    maps : Mapping of str to AttentionMaps
        One map each, by source: ``layercam``, ``dense/conv54``.
    """

    image: str
    winning: str
    maps: Mapping[str, AttentionMaps]


def map_photographs(
    classifier: PretrainedClassifier,
    photographs: Sequence[Path],
    *,
    methods: Sequence[str] = METHODS,
    size: int | None = None,
    readings: Mapping[str, str] | None = None,
    progress: bool = False,
) -> Iterator[PhotographMaps]:
    """Map photographs with every method, a few at a time.

    Parameters
    ----------
    classifier : PretrainedClassifier
        The network.
    photographs : sequence of pathlib.Path
        Images of any size.
    methods : sequence of str
        Names of `METHODS`; ``dense`` gives every layer and combination.
    size : int, optional
        Width and height in pixels at which the network sees them; what it was trained at by
        default.
    readings : Mapping of str to str, optional
        Of the methods that have them.
    progress : bool
        Show a progress bar on stderr.

    Yields
    ------
    PhotographMaps
        In the order of `photographs`.

    Raises
    ------
    ObserverError, OptionError
        If there is no such method, or none of the methods has a reading.
    """
    size = size or classifier.size
    module = classifier.module.to(compute_device())
    chosen = own_readings(methods, readings or {})
    weights = _cam_weights(classifier, size, progress) if "cam" in methods else None
    with tqdm(total=len(photographs), desc="photographs", disable=not progress) as bar:
        for start in range(0, len(photographs), _AT_ONCE):
            paths = photographs[start : start + _AT_ONCE]
            images = torch.cat([_seen(classifier, read_image(path), size) for path in paths])
            found = _all_methods(module, images, chosen, weights)
            with torch.inference_mode():
                winning = module(images).argmax(1).tolist()
            for number, path in enumerate(paths):
                row = np.array([number])
                yield PhotographMaps(
                    path.stem,
                    classifier.classes[winning[number]]
                    if classifier.classes
                    else str(winning[number]),
                    {source: maps.pick(row) for source, maps in found.items()},
                )
                bar.update()


def _all_methods(
    module: torch.nn.Module,
    images: Tensor,
    chosen: Mapping[str, dict[str, Any]],
    weights: CAMWeights | None,
) -> dict[str, AttentionMaps]:
    found: dict[str, AttentionMaps] = {}
    for method, readings in chosen.items():
        if method == "dense":
            layers = attend_dense(module, images, **readings)
            found |= {f"dense/{layer}": maps for layer, maps in layers.items()}
        else:
            own: dict[str, Any] = {}
            if method == "cam" and weights is not None:
                own = {"weights": weights, "layer": weights.layer}
            found[method] = attend(
                module, images, method=method, target="winning", **own, **readings
            )
    return found


def _seen(classifier: PretrainedClassifier, image: Any, size: int) -> Tensor:
    """Squeeze one photograph into the square that the network sees, and normalise it."""
    square = resize(to_tensor(image[None]).to(compute_device()), size, size)
    return normalise(square, classifier.mean, classifier.std)


def _cam_weights(classifier: PretrainedClassifier, size: int, progress: bool) -> CAMWeights:
    """Return the head's own weights where it is linear in pooled channels, else regress them.

    The pooled classifiers average the last max-pool, so that CAM is exact there and nowhere else.
    """
    example = torch.zeros(1, 3, size, size, device=compute_device())
    layer = None
    if isinstance(classifier.module, PooledNetwork):
        layer = f"features.{len(classifier.module.features) - 1}"
    own = head_weights(classifier.module, example, layer)
    if own is not None:
        return own
    images = object_set(AT_LEAST, seed=_OBJECTS_SEED, size=size, progress=progress).images
    batches = (
        normalise(part.to(compute_device()), classifier.mean, classifier.std)
        for part in torch.split(to_tensor(images), _AT_ONCE)
    )
    return fit_cam(classifier.module, batches, source="procedural objects")
