"""The Densely Connected Attention Model: all layers, each weighted by position and by channel.

It explains no class: it asks how much the last layer's total depends on each activation.

References
----------
Ebrahimpour, M. K., Falandays, J. B., Spevack, S. & Noelle, D. C. (2019). Do humans look where deep
convolutional neural networks "attend"? ISVC, equations 5 to 14.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from psychobench_torch.attention.guided import upscale
from psychobench_torch.attention.hooks import captured

READINGS = {
    "total": ("mean", "sum"),
    "weighting": ("linear", "printed"),
    "accumulation": ("maps", "concatenation", "printed"),
}
"""The readings of the paper's equations, the default first.

total
    Equation 6: the mean of the last layer, as printed, or the sum, as on the authors' poster. With
    the mean both softmaxes come out almost uniform, with the sum almost one-hot.
weighting
    Equation 12: ``linear`` adds the two weighted activations of equations 5 and 10; ``printed``
    multiplies each by the activation once more, as the equation says.
accumulation
    Equations 13 and 14: ``maps`` adds the layers' own maps, each once; ``concatenation`` takes the
    mean over all channels of equation 13, so that layers count by their channels; ``printed`` does
    both one after the other, so that late layers count again and again.
"""


def layer_names(number: int) -> list[str]:
    """Return the names of layers and their combinations, from the last layer to the first.

    Examples
    --------
    >>> layer_names(3)
    ['conv1', 'conv2', 'conv3', 'conv32', 'conv321']
    """
    single = [f"conv{layer}" for layer in range(1, number + 1)]
    digits = "".join(str(layer) for layer in range(number, 0, -1))
    return single + [f"conv{digits[:length]}" for length in range(2, number + 1)]


def dense_maps(
    module: nn.Module,
    images: Tensor,
    layers: dict[str, nn.Module],
    *,
    total: str = "mean",
    weighting: str = "linear",
    accumulation: str = "maps",
) -> dict[str, Tensor]:
    """Map each layer and every combination of the last layers.

    Equation 6 is circular as printed: it takes the attention-weighted last layer. The last layer's
    activation itself is taken here; its own weights are then uniform.

    Parameters
    ----------
    module : torch.nn.Module
        The network, in evaluation mode.
    images : Tensor of float32, shape (n, 3, height, width)
        Normalised.
    layers : dict of str to torch.nn.Module
        ``conv1`` ... in the order in which they run.
    total, weighting, accumulation : str, optional
        See `READINGS`.

    Returns
    -------
    dict of str to Tensor, shape (n, h, w)
        By the names of `layer_names`; a combination has the resolution of its earliest layer.
    """
    with captured(layers) as outputs:
        module(images)
    last = outputs[list(layers)[-1]]
    whole = last.mean((1, 2, 3)).sum() if total == "mean" else last.sum()
    gradients = torch.autograd.grad(whole, [outputs[name] for name in layers])
    weighted = {
        name: _weighted(outputs[name].detach(), gradient, weighting)
        for name, gradient in zip(layers, gradients, strict=True)
    }
    own = {name: values.mean(1) for name, values in weighted.items()}
    channels = {name: values.shape[1] for name, values in weighted.items()}
    return own | dict(_combinations(own, channels, accumulation))


def _weighted(activation: Tensor, gradient: Tensor, weighting: str) -> Tensor:
    """Equations 8 to 12: weight positions and channels by a softmax over their sensitivities."""
    by_place = gradient.sum(1)
    spatial = by_place.flatten(1).softmax(1).view_as(by_place)[:, None]
    channel = gradient.sum((2, 3)).softmax(1)[:, :, None, None]
    power = activation.square() if weighting == "printed" else activation
    return (channel + spatial) * power


def _combinations(
    own: dict[str, Tensor], channels: dict[str, int], accumulation: str
) -> Iterator[tuple[str, Tensor]]:
    """Equations 13 and 14, for the last two layers, the last three, and so on."""
    late = list(own)[::-1]
    for length in range(2, len(late) + 1):
        part = late[:length]
        height, width = own[part[-1]].shape[-2:]
        maps = [upscale(own[name], height, width) for name in part]
        counts = [channels[name] for name in part]
        digits = "".join(name.removeprefix("conv") for name in part)
        yield f"conv{digits}", _accumulate(maps, counts, accumulation)


def _accumulate(maps: list[Tensor], channels: list[int], accumulation: str) -> Tensor:
    if accumulation == "maps":
        return torch.stack(maps).sum(0)
    weights = maps[0].new_tensor(channels).view(-1, 1, 1, 1)
    stacked = torch.stack(maps)
    # the mean over the channels of [m], [m, m-1], ... down to all of them
    means = (weights * stacked).cumsum(0) / weights.cumsum(0)
    return means[-1] if accumulation == "concatenation" else means.sum(0)
