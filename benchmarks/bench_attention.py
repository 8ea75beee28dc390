"""How long attention maps take: 21 levels x 4 masks, every method on AlexNet, LayerCAM on VGG16.

Run as ``python benchmarks/bench_attention.py``; ``--cam`` adds CAM's regression over 5,000 rendered
faces, which happens once for each network; ``--images N --size PX`` makes it small, to try it out.
Weights are random: time does not depend on their values. Results go to
``benchmarks/results/attention.json``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from psychobench_torch.attention.attend import attend, attend_dense
from psychobench_torch.attention.cam import CAMWeights, fit_cam
from psychobench_torch.attention.interface import METHODS
from psychobench_torch.heads.head_types import make_head
from psychobench_torch.networks.architectures import (
    ARCHITECTURES,
    ConvolutionalFeatures,
    convolutions,
    draw_kaiming_normal,
    in_channels_last,
    with_head,
)
from psychobench_torch.networks.images import fit_square, normalise, to_tensor
from records import RESULTS, timed, torch_setting, write
from torch import Tensor, nn

from psychobench import load_stimuli
from psychobench.stimuli.faces import training_faces

SECONDS_ALEXNET, SECONDS_VGG16 = 20, 30  # on two idle cores
MASKS = ("none", "eyes", "nose", "mouth")


def network(architecture: str, head: str, size: int) -> nn.Module:
    """Build an observer's network with random values."""
    design = ARCHITECTURES[architecture]
    grid = design.grid_at(size)
    generator = torch.Generator().manual_seed(0)
    extractor = ConvolutionalFeatures(convolutions(architecture), grid)
    made = with_head(extractor, make_head(head, design.channels * grid**2)).to_empty(device="cpu")
    draw_kaiming_normal(made, generator)
    return in_channels_last(made).eval()


def faces(n: int, size: int) -> Tensor:
    """Prepare the bundled set under its masks."""
    stimuli = load_stimuli()
    images = np.concatenate([stimuli.images(mask) for mask in MASKS])[:n]
    return normalise(fit_square(to_tensor(images), size))


def every_method(module: nn.Module, images: Tensor) -> dict[str, dict[str, float]]:
    """Time each method; CAM with weights at hand, the dense model with all combinations."""
    channels = CAMWeights(np.ones((2, 256), np.float32), "conv5", "random")
    seconds = {}
    for method in METHODS:
        options: dict[str, Any] = {"weights": channels} if method == "cam" else {}
        if method == "dense":
            _, seconds[method] = timed(attend_dense, module, images)
        else:
            _, seconds[method] = timed(attend, module, images, method=method, target=1, **options)
    return seconds


def regression(module: nn.Module, n: int, size: int) -> dict[str, float]:
    """Time CAM's regression: rendering, judging and fitting."""

    def batches() -> Any:
        for start in range(0, n, 200):
            part = training_faces(min(200, n - start) // 4, 4, seed=start, size=size).images
            for first in range(0, len(part), 20):
                yield normalise(fit_square(to_tensor(part[first : first + 20]), size))

    return timed(fit_cam, module, batches(), source="rendered faces", at_least=min(n, 5000))[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=84)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--cam", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULTS / "attention.json")
    options = parser.parse_args()
    result = torch_setting(size_px=options.size)
    images = faces(options.images, options.size)
    attend(network("alexnet", "linear", options.size), images[:2], method="layercam", target=1)
    result["images"] = len(images)
    for name, head in (("alexnet", "dense"), ("fe_alexnet", "excitation")):
        module = network("alexnet", head, options.size)
        methods = every_method(module, images)
        total = round(sum(each["wall_s"] for each in methods.values()), 2)
        result[name] = {"methods": methods, "wall_s": total, "allowed_s": SECONDS_ALEXNET}
        if options.cam and name == "alexnet":
            result[name]["cam_regression_once"] = regression(module, 5000, options.size)
        del module
    module = network("vgg16", "dense", options.size)
    _, seconds = timed(attend, module, images, method="layercam", target=1)
    result["vgg16"] = {"layercam": seconds, "allowed_s": SECONDS_VGG16}
    write(options.out, result)


if __name__ == "__main__":
    main()
