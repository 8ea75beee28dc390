"""Render, pre-train, measure, save: how the bundled weights were made."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import cast

from torch import nn

from psychobench.plugins import PsychobenchError, check_writable
from psychobench_torch.computing.device import compute_device
from psychobench_torch.computing.processes import is_first
from psychobench_torch.networks.architectures import ARCHITECTURES
from psychobench_torch.pretraining import held_out, pretrain, save_weights
from psychobench_torch.pretraining.card import SIMILAR
from psychobench_torch.stand_in_weights.linear_probe import probe_all
from psychobench_torch.stand_in_weights.sources import LIMITS, SOURCES, render_source, source_recipe
from psychobench_torch.storage.checkpoints import remove_checkpoint


def main() -> None:
    """Run the command; a fault that the user can mend is one line and exit status 1."""
    parser = argparse.ArgumentParser(prog="psychobench_torch.cli.pretrain", description=__doc__)
    parser.add_argument("--source", choices=list(SOURCES), required=True)
    parser.add_argument("--architecture", choices=list(ARCHITECTURES), default="alexnet")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and card")
    options = parser.parse_args()
    try:
        make(options.source, options.architecture, options.seed, options.out)
    except PsychobenchError as error:
        sys.exit(f"Error: {error}")


def make(source: str, architecture: str, seed: int, out: Path) -> None:
    """Write weights and card of one source into `out`, going on where an earlier run stopped."""
    check_writable(out)
    compute_device()  # says that there is none before images are rendered
    name = f"{architecture}-{source}"
    folder = out / f"{name}-checkpoints"
    recipe = source_recipe(source, architecture=architecture, seed=seed)
    train, held = render_source(source, recipe, progress=is_first())
    pretrained = pretrain(recipe, train, folder=folder)
    if not is_first():
        return
    said = {
        "source": source,
        **held_out(pretrained, held),
        "linear_probe": probe_all(cast(nn.Module, pretrained.network.features), architecture),
        "limits": f"{LIMITS[source]} {SIMILAR}",
    }
    card = save_weights(pretrained, out / f"{name}.safetensors", said)
    remove_checkpoint(folder)
    shown = ("held_out_accuracy", "chance_accuracy", "silent_channels", "minutes", "sha256")
    print(json.dumps({key: card[key] for key in shown}))


if __name__ == "__main__":
    main()
