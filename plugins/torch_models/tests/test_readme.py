"""The plug-in's page says what its weights and networks are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from psychobench_torch.extractors.convolutions import FOLDER
from psychobench_torch.heads.head_types import make_head
from psychobench_torch.networks.architectures import ARCHITECTURES
from psychobench_torch.networks.weights_origin import NAMES
from psychobench_torch.observers.designs import DESIGNS

TEXT = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def row(start: str) -> str:
    (found,) = (line for line in TEXT.splitlines() if line.startswith(f"| {start}"))
    return found


@pytest.mark.parametrize("card", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_bundled_weights_are_as_accurate_as_their_cards_say(card: Path) -> None:
    values = json.loads(card.read_text("utf-8"))
    measured = [f"{values[f'{name}_accuracy']:.3f}"[1:] for name in ("held_out", "chance")]
    assert row(f"`{card.stem}.safetensors`").endswith(f"| {measured[0]} | {measured[1]} |")


@pytest.mark.parametrize("name", DESIGNS)
def test_heads_have_as_many_parameters_as_it_says(name: str) -> None:
    design = DESIGNS[name]
    network = ARCHITECTURES[design.architecture]
    grids = {network.grid} if design.architecture == "alexnet" else {network.grid_at(128), 7}
    for grid in grids:
        head = make_head(design.head, network.channels * grid**2)
        n_parameters = sum(values.numel() for values in head.parameters())
        assert f"{n_parameters:,}" in row("`vgg11`" if name.startswith("vgg") else f"`{name}`")


def test_every_observer_and_pretraining_is_named() -> None:
    assert all(f"`{name}`" in TEXT for name in (*DESIGNS, *NAMES))
