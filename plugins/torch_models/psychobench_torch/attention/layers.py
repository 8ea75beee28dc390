"""The layers that attention can be read at, by the names that papers give them.

``conv5`` is the last ReLU of a network's fifth stage. In VGG a stage ends with a max-pool: VGG16's
are the ReLUs 3, 8, 15, 22 and 29 of ``features``. Networks of five convolutions or fewer, such as
AlexNet, have no stages: there each convolution counts, and ``conv5`` is the ReLU 11 of AlexNet.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from psychobench.plugins import ObserverError

_POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
_PASSING = (*_POOLS, nn.Dropout, nn.Dropout2d, nn.Identity)
_FEW = 5  # convolutions


def stages(module: nn.Module) -> dict[str, str]:
    """Return the stages of a network whose convolutions form one plain sequence.

    Parameters
    ----------
    module : torch.nn.Module
        A network such as AlexNet or VGG, with a head or without.

    Returns
    -------
    dict of str to str
        ``conv1`` ... to the path of the stage's last ReLU, such as ``features.29``; empty for
        networks that are built otherwise.

    Examples
    --------
    >>> stages(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2)))
    {'conv1': '1'}
    """
    path, sequence = _plain_sequence(module)
    if sequence is None:
        return {}
    prefix = f"{path}." if path else ""
    layers = dict(sequence.named_children())
    few = sum(isinstance(layer, nn.Conv2d) for layer in layers.values()) <= _FEW
    last: list[str] = []
    open_stage = True
    for name, layer in layers.items():
        if isinstance(layer, nn.ReLU):
            if open_stage or few:
                last.append(name)
            else:
                last[-1] = name
            open_stage = False
        elif isinstance(layer, _POOLS):
            open_stage = True
    return {f"conv{number}": prefix + name for number, name in enumerate(last, 1)}


def find_layer(module: nn.Module, layer: str | None, images: Tensor) -> tuple[str, nn.Module]:
    """Find one layer by a stage's name or by its path in the network.

    Parameters
    ----------
    module : torch.nn.Module
        The network, in evaluation mode.
    layer : str or None
        ``conv5``, ``features.29``; None is the last stage, and for networks without stages the
        last layer that still has a map of the image.
    images : Tensor of float32, shape (n, 3, height, width)
        Normalised images; the first is shown to networks without stages to find their last layer.

    Returns
    -------
    tuple of str and torch.nn.Module
        The stage's name, or the path where it is the last ReLU of no stage, and the layer.

    Raises
    ------
    ObserverError
        If there is no such layer; the error lists those that there are.
    """
    known = stages(module)
    paths = dict(module.named_modules())
    if layer is None:
        layer = list(known)[-1] if known else _last_map(module, images[:1])
    path = known.get(layer, layer)
    if not path or path not in paths:
        raise ObserverError(unknown_layer(layer, known, paths))
    named = {place: name for name, place in known.items()}
    return named.get(path, path), paths[path]


def unknown_layer(layer: str, known: Mapping[str, str], paths: Mapping[str, nn.Module]) -> str:
    """Return which layers there are, for messages."""
    short = ", ".join(f"{name} ({path})" for name, path in known.items())
    maps = [
        path
        for path, part in paths.items()
        if path and isinstance(part, nn.Conv2d | nn.ReLU | nn.BatchNorm2d)
    ]
    several = ", ".join(maps[-8:])
    listed = f"{short}, or a path such as {several}" if short else several
    return f"a layer must be one of the network's: there is no '{layer}'; choose from {listed}"


def _plain_sequence(module: nn.Module) -> tuple[str, nn.Sequential | None]:
    """Find the sequence of convolutions and ReLUs that holds no blocks of its own."""
    for path, part in module.named_modules():
        if not isinstance(part, nn.Sequential) or any(list(each.children()) for each in part):
            continue
        kinds = [type(each) for each in part]
        if nn.Conv2d in kinds and nn.ReLU in kinds and _leads(module, path):
            return path, part
    return "", None


def _leads(module: nn.Module, path: str) -> bool:
    """Return whether a sequence holds every convolution of the network."""
    convolutions = [name for name, part in module.named_modules() if isinstance(part, nn.Conv2d)]
    return all(not path or name.startswith(f"{path}.") for name in convolutions)


def _last_map(module: nn.Module, image: Tensor) -> str:
    """Run one image and find the last layer whose output is still a map of it."""
    found: list[str] = []
    paths = {
        part: name
        for name, part in module.named_modules()
        if name and not list(part.children()) and not isinstance(part, _PASSING)
    }

    def note(part: nn.Module, _: object, output: object) -> None:
        if isinstance(output, Tensor) and output.ndim == 4 and min(output.shape[-2:]) > 1:
            found.append(paths[part])

    handles = [part.register_forward_hook(note) for part in paths]
    try:
        with torch.no_grad():
            module(image)
    finally:
        for handle in handles:
            handle.remove()
    if not found:
        raise ObserverError(
            "attention needs a layer that keeps a map of the image: "
            f"{type(module).__name__} has none"
        )
    return found[-1]
