"""One call for every method: images in, raw maps out, the network as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from psychobench.plugins import AttentionMaps, ObserverError, OptionError, nearest
from psychobench_torch.attention.cam import CAMWeights, cam, head_weights, need_weights
from psychobench_torch.attention.dense import READINGS as DENSE_READINGS
from psychobench_torch.attention.dense import dense_maps, layer_names
from psychobench_torch.attention.gradients import activations_and_gradients, gradcam, layercam
from psychobench_torch.attention.guided import REDUCTIONS, guided_gradcam, guided_gradients
from psychobench_torch.attention.hooks import as_it_was, captured
from psychobench_torch.attention.interface import METHODS
from psychobench_torch.attention.layers import find_layer, stages
from psychobench_torch.attention.targets import Target, choose_target

_REDUCTION = {"reduction": tuple(REDUCTIONS)}
READINGS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "guided-backprop": _REDUCTION,
    "guided-gradcam": _REDUCTION,
    "dense": DENSE_READINGS,
}
"""The readings that a method's description leaves open, by method; the default comes first."""
PIXELS = "pixels"  # the layer of methods that map the image itself
BATCH = 14  # images at once: more saves little time and takes much memory
_WORTH_A_BAR = 64  # images


def attend(
    module: nn.Module,
    images: Tensor,
    *,
    method: str,
    layer: str | None = None,
    target: str | int | None = None,
    labels: Sequence[str] | None = None,
    weights: CAMWeights | None = None,
    batch: int = BATCH,
    progress: bool = False,
    **readings: str,
) -> AttentionMaps:
    """Map where a network looks.

    Works for any network that gives one score per class before the softmax: a torchvision
    classifier as well as an observer's. The network comes back as it was, also after an error.

    Parameters
    ----------
    module : torch.nn.Module
        From normalised images to scores, shape (n, classes).
    images : Tensor of float32, shape (n, 3, height, width)
        Normalised as the network wants them, on its device.
    method : str
        One of `METHODS`.
    layer : str, optional
        A stage (``conv5``) or a path (``features.29``); the last stage's ReLU by default. Method
        ``dense`` takes stages and their combinations (``conv54``), all of them by default. The
        guided methods map the pixels; for ``guided-gradcam`` this is the layer of its Grad-CAM.
    target : str or int, optional
        One of `labels`, the number of a class, ``margin`` or ``winning``; see `choose_target`.
    labels : sequence of str, optional
        Names of the classes.
    weights : CAMWeights, optional
        For ``cam``, where the head has no weights of its own for the channels.
    batch : int, optional
        Images at once; maps do not depend on it.
    progress : bool, optional
        Show a progress bar on stderr where there are many images.
    **readings : str
        See `READINGS`.

    Returns
    -------
    AttentionMaps

    Raises
    ------
    ObserverError
        If there is no such method, layer or target, listing those that there are.
    OptionError
        If there is no such reading of the method.

    Examples
    --------
    >>> network = nn.Sequential(
    ...     nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    ...     nn.Linear(4, 2),
    ... )
    >>> found = attend(network, torch.zeros(5, 3, 8, 8), method="gradcam", target=1)
    >>> found.maps.shape, found.layer, found.target
    ((5, 6, 6), 'conv1', '1')
    """
    chosen = check_readings(method, readings)
    with as_it_was(module):
        mapper = _mapper(module, images, method, layer, choose_target(target, labels), weights)
        maps = []
        starts = range(0, len(images), batch)
        hidden = None if progress and len(images) >= _WORTH_A_BAR else True
        for start in tqdm(starts, desc=f"attention: {method}", disable=hidden):
            part = mapper.run(images[start : start + batch], chosen)
            maps.append(part.detach().float().cpu().numpy())
    shape = (0, 0, 0)
    return AttentionMaps(
        np.concatenate(maps) if maps else np.zeros(shape, np.float32),
        method,
        mapper.layer,
        mapper.target,
        {**chosen, **mapper.notes},
    )


def check_readings(method: str, readings: Mapping[str, str]) -> dict[str, str]:
    """Check a method's name and readings, and fill in the defaults.

    Examples
    --------
    >>> check_readings("dense", {"total": "sum"})
    {'total': 'sum', 'weighting': 'linear', 'accumulation': 'maps'}
    """
    if method not in METHODS:
        raise ObserverError(
            f"an attention method must be one of {', '.join(METHODS)}: there is no '{method}'"
            f"{nearest(method, METHODS)}"
        )
    known = READINGS.get(method, {})
    for name, value in readings.items():
        if name not in known:
            raise OptionError(
                f"a reading must be one that the method has: {method} has no '{name}'; it has "
                f"{', '.join(known) or 'none'}"
            )
        if value not in known[name]:
            raise OptionError(
                f"{name} of {method} must be one of {', '.join(known[name])}: it is '{value}'"
            )
    return {name: readings.get(name, values[0]) for name, values in known.items()}


def own_readings(methods: Sequence[str], readings: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return for each of several methods the readings that it has, with its defaults.

    Raises
    ------
    ObserverError
        If there is no such method.
    OptionError
        If none of the methods has a reading, or a reading has no such value.

    Examples
    --------
    >>> own_readings(["layercam", "guided-backprop"], {"reduction": "norm"})
    {'layercam': {}, 'guided-backprop': {'reduction': 'norm'}}
    """
    defaults = {method: check_readings(method, {}) for method in methods}
    known = {name for own in defaults.values() for name in own}
    if strange := [name for name in readings if name not in known]:
        raise OptionError(
            f"a reading must be one of the methods' ({', '.join(sorted(known)) or 'none'}): there "
            f"is no '{strange[0]}'"
        )
    return {
        method: check_readings(method, {name: readings[name] for name in own if name in readings})
        for method, own in defaults.items()
    }


class _Mapper:
    """A method made ready for one network, layer and target."""

    def __init__(
        self,
        run: Callable[[Tensor, Mapping[str, str]], Tensor],
        layer: str,
        target: str,
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        self.run, self.layer, self.target, self.notes = run, layer, target, dict(notes or {})


def _mapper(
    module: nn.Module,
    images: Tensor,
    method: str,
    layer: str | None,
    target: Target,
    weights: CAMWeights | None,
) -> _Mapper:
    if method == "dense":
        return _dense(module, layer)
    if method == "guided-backprop":
        if layer not in (None, PIXELS):
            raise ObserverError(
                f"guided-backprop maps the {PIXELS}: it has no layer '{layer}'; leave it out"
            )
        return _Mapper(
            lambda part, chosen: REDUCTIONS[chosen["reduction"]](
                guided_gradients(module, part, target)
            ),
            PIXELS,
            target.name,
        )
    name, place = find_layer(module, layer, images)
    if method == "cam":
        return _cam(module, images, name, place, target, weights)

    def both(part: Tensor) -> tuple[Tensor, Tensor]:
        return activations_and_gradients(module, part, place, target)

    def guided(part: Tensor, chosen: Mapping[str, str]) -> Tensor:
        signed = guided_gradcam(guided_gradients(module, part, target), gradcam(*both(part)))
        return REDUCTIONS[chosen["reduction"]](signed)

    if method == "guided-gradcam":
        return _Mapper(guided, name, target.name)
    weighted = gradcam if method == "gradcam" else layercam
    return _Mapper(lambda part, _: weighted(*both(part)), name, target.name)


def _cam(
    module: nn.Module,
    images: Tensor,
    name: str,
    place: nn.Module,
    target: Target,
    weights: CAMWeights | None,
) -> _Mapper:
    weights = weights or head_weights(module, images, name)
    if weights is None:
        raise need_weights(name)
    if weights.layer != name:
        raise ObserverError(
            f"CAM's weights must be of the layer that is mapped: they are of {weights.layer}, "
            f"not of {name}"
        )
    values = torch.from_numpy(weights.values).to(images.device)

    def run(part: Tensor, _: Mapping[str, str]) -> Tensor:
        with captured({"layer": place}) as outputs, torch.no_grad():
            scores = module(part)
        return cam(outputs["layer"].detach(), target.coefficients(scores) @ values)

    notes = {"weights": weights.source, "n_images": weights.n_images, "penalty": weights.penalty}
    r2 = {"r2_lowest": float(np.min(weights.r2))}
    return _Mapper(run, name, target.name, {**notes, **r2})


def _dense(module: nn.Module, layer: str | None) -> _Mapper:
    paths = stages(module)
    names = layer_names(len(paths))
    if not names:
        raise ObserverError(
            "the dense model needs a network whose convolutions stand in one sequence, such as "
            f"AlexNet or VGG: {type(module).__name__} is built otherwise"
        )
    wanted = layer or names[-1]
    named = {path: name for name, path in paths.items()}
    wanted = named.get(wanted, wanted)
    if wanted not in names:
        raise ObserverError(
            f"a layer of the dense model must be one of {', '.join(names)}: there is no '{layer}'"
        )
    parts = dict(module.named_modules())
    layers = {name: parts[path] for name, path in paths.items()}
    return _Mapper(
        lambda part, chosen: dense_maps(module, part, layers, **chosen)[wanted], wanted, "none"
    )


def attend_dense(
    module: nn.Module, images: Tensor, *, batch: int = BATCH, **readings: str
) -> dict[str, AttentionMaps]:
    """Map every layer and every combination of the dense model in one pass.

    Parameters
    ----------
    module, images, batch, **readings
        As for `attend`.

    Returns
    -------
    dict of str to AttentionMaps
        By layer: ``conv1`` ... ``conv54321``.
    """
    chosen = check_readings("dense", readings)
    with as_it_was(module):
        _dense(module, None)
        parts = dict(module.named_modules())
        layers = {name: parts[path] for name, path in stages(module).items()}
        found: dict[str, list[np.ndarray[Any, np.dtype[np.float32]]]] = {}
        for start in range(0, len(images), batch):
            for name, maps in dense_maps(
                module, images[start : start + batch], layers, **chosen
            ).items():
                found.setdefault(name, []).append(maps.detach().float().cpu().numpy())
    return {
        name: AttentionMaps(np.concatenate(maps), "dense", name, "none", chosen)
        for name, maps in found.items()
    }
