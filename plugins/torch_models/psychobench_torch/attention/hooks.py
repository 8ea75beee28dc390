"""Read activations and gradients out of a network, and leave it as it was."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from psychobench.plugins import ObserverError


@contextlib.contextmanager
def as_it_was(module: nn.Module) -> Iterator[None]:
    """Evaluate a network with frozen values inside the block; put it back afterwards.

    Every submodule's mode and every parameter's ``requires_grad`` come back, whatever happens in
    the block. Gradients that parameters hold are not touched. Gradients can be taken inside even
    where the caller has switched them off.
    """
    modes = [(part, part.training) for part in module.modules()]
    needs = [(value, value.requires_grad) for value in module.parameters()]
    try:
        module.eval()
        for value, _ in needs:
            value.requires_grad_(False)
        with torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        for part, mode in modes:
            part.training = mode
        for value, need in needs:
            value.requires_grad_(need)


@contextlib.contextmanager
def captured(layers: Mapping[str, nn.Module]) -> Iterator[dict[str, Tensor]]:
    """Keep what layers put out, ready for gradients, while images pass inside the block.

    What follows a layer gets a copy. An in-place operation behind it, such as torchvision's ReLUs,
    cannot overwrite what was kept, which is the same as switching in-place off.

    Parameters
    ----------
    layers : mapping of str to torch.nn.Module
        By the name that the result has. A layer that runs several times keeps its last output.

    Yields
    ------
    dict of str to Tensor, shape (n, channels, h, w)
        Filled as the network runs.

    Raises
    ------
    ObserverError
        If a layer's output is no map of the image.
    """
    outputs: dict[str, Tensor] = {}
    handles = []

    def keep(name: str) -> torch.utils.hooks.RemovableHandle:
        def hook(_: nn.Module, __: object, output: object) -> Tensor:
            if not isinstance(output, Tensor) or output.ndim != 4:
                shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
                raise ObserverError(
                    "attention is read at layers that keep a map of the image, shape "
                    f"(n, channels, h, w): {type(layers[name]).__name__} gives {shape}; choose a "
                    "convolution or its ReLU"
                )
            kept = output if output.requires_grad else output.detach().requires_grad_()
            outputs[name] = kept
            return kept.clone()

        return layers[name].register_forward_hook(hook)

    try:
        for name in layers:
            handles.append(keep(name))
        yield outputs
    finally:
        for handle in handles:
            handle.remove()
