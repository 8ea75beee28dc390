"""FE-AlexNet has the paper's layers and sizes."""

from __future__ import annotations

import torch
from psychobench_torch._torchvision import import_torchvision
from psychobench_torch.heads import Excitation, make_head
from psychobench_torch.networks import (
    FEATURES,
    FEAlexNet,
    alexnet_convolutions,
    draw_kaiming_normal,
    flat_features,
)


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_head_has_the_papers_number_of_parameters() -> None:
    assert count(make_head("excitation", FEATURES)) == 9216 * 2304 * 2 + 9216 * 2 + 2 == 42_485_762


def test_the_excitation_has_no_biases_and_squeezes_four_to_one() -> None:
    shapes = {
        name: tuple(value.shape)
        for name, value in make_head("excitation", FEATURES).excitation.named_parameters()
    }
    assert shapes == {"squeeze.weight": (2304, 9216), "excite.weight": (9216, 2304)}


def test_the_convolutions_are_torchvisions_layer_by_layer() -> None:
    with torch.device("meta"):
        reference = import_torchvision().models.alexnet()
    expected = {
        name: value.shape
        for name, value in reference.state_dict().items()
        if name.startswith("features.")
    }
    network = FEAlexNet(alexnet_convolutions(), make_head("excitation", FEATURES))
    found = {
        name: value.shape
        for name, value in network.state_dict().items()
        if name.startswith("features.")
    }
    assert found == expected
    assert count(network.features) == 2_469_696


def test_the_excitation_gates_each_feature_as_computed_by_hand() -> None:
    gate = Excitation(4, ratio=2)
    with torch.no_grad():
        gate.squeeze.weight.copy_(torch.tensor([[1.0, 0, 0, 0], [0, -1.0, 0, 0]]))
        gate.excite.weight.copy_(torch.tensor([[0.0, 0], [1.0, 0], [0, 1.0], [-2.0, 0]]))
    x = torch.tensor([[2.0, 3.0, 5.0, 7.0]])
    # W1 x = (2, -3), relu -> (2, 0), W2 -> (0, 2, 0, -4)
    by_hand = x * torch.sigmoid(torch.tensor([[0.0, 2.0, 0.0, -4.0]]))
    torch.testing.assert_close(gate(x), by_hand)


def test_the_features_are_torchvisions_up_to_the_flattening() -> None:
    network = import_torchvision().models.alexnet(num_classes=2).eval()
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = torch.flatten(network.avgpool(network.features(images)), 1)
        torch.testing.assert_close(flat_features(network.features, images), expected)
    assert expected.shape == (2, 9216)


def test_kaiming_normal_weights_have_the_spread_that_keeps_activations_alive() -> None:
    layer = torch.nn.Linear(2000, 500)
    draw_kaiming_normal(layer, torch.Generator().manual_seed(0))
    assert abs(float(layer.weight.detach().std()) / (2 / 2000) ** 0.5 - 1) < 0.01
    assert not layer.bias.any()
