"""The networks are torchvision's and the paper's, layer by layer."""

from __future__ import annotations

import pytest
import torch
from psychobench_torch.heads.head_types import make_head
from psychobench_torch.networks.architectures import (
    ARCHITECTURES,
    ConvolutionalFeatures,
    convolutions,
    draw_kaiming_normal,
    with_head,
)
from psychobench_torch.networks.torchvision_import import import_torchvision
from torch import nn

COUNTS = {"alexnet": 2_469_696, "vgg11": 9_220_480, "vgg13": 9_404_992, "vgg16": 14_714_688}


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def torchvisions(architecture: str, **options: int) -> nn.Module:
    with torch.device("meta"):
        network: nn.Module = import_torchvision().models.get_model(architecture, **options)
    return network


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_convolutions_are_torchvisions_layer_by_layer(name: str) -> None:
    expected = {
        layer: value.shape
        for layer, value in torchvisions(name).state_dict().items()
        if layer.startswith("features.")
    }
    network = with_head(ConvolutionalFeatures(convolutions(name), 1), nn.Identity())
    assert {layer: value.shape for layer, value in network.state_dict().items()} == expected
    assert count(convolutions(name)) == COUNTS[name]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_two_way_network_has_as_many_parameters_as_torchvisions(name: str) -> None:
    design = ARCHITECTURES[name]
    head = make_head("dense", design.channels * design.grid**2)
    assert count(convolutions(name)) + count(head) == count(torchvisions(name, num_classes=2))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_pre_trained_dense_layers_are_where_torchvision_has_them(name: str) -> None:
    network = torchvisions(name)
    sizes = [network.get_submodule(layer).out_features for layer in ARCHITECTURES[name].dense]
    assert sizes == [4096, 4096]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_last_relu_comes_right_after_the_last_convolution(name: str) -> None:
    layers = list(convolutions(name))
    last = ARCHITECTURES[name].last
    assert isinstance(layers[last], nn.ReLU)
    assert isinstance(layers[last - 1], nn.Conv2d)
    assert not any(isinstance(layer, nn.Conv2d) for layer in layers[last:])
    assert layers[last - 1].out_channels == ARCHITECTURES[name].channels


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_grid_is_that_of_torchvisions_pool_and_shrinks_with_the_image(name: str) -> None:
    design = ARCHITECTURES[name]
    pool = torchvisions(name).avgpool.output_size
    assert (design.grid_at(224), design.grid_at(224)) == tuple(pool)
    assert design.grid_at(64) == (1 if name == "alexnet" else 2)


def test_fe_alexnets_head_has_the_papers_number_of_parameters() -> None:
    design = ARCHITECTURES["alexnet"]
    head = make_head("excitation", design.channels * design.grid**2)
    assert count(head) == 9216 * 2304 * 2 + 9216 * 2 + 2 == 42_485_762


@pytest.mark.slow
def test_the_features_are_torchvisions_up_to_the_flattening() -> None:
    network = import_torchvision().models.alexnet(num_classes=2).eval()
    images = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = torch.flatten(network.avgpool(network.features(images)), 1)
        found = ConvolutionalFeatures(network.features, 6).eval()(images)
    torch.testing.assert_close(found, expected)
    assert found.shape == (1, 9216)


def test_a_network_of_another_kind_keeps_its_own_names_under_backbone() -> None:
    network = with_head(nn.Linear(3, 4), nn.Linear(4, 2))
    assert next(iter(network.state_dict())) == "backbone.weight"
    assert network(torch.zeros(5, 3)).shape == (5, 2)


def test_kaiming_normal_weights_have_the_spread_that_keeps_activations_alive() -> None:
    layer = nn.Linear(2000, 500)
    draw_kaiming_normal(layer, torch.Generator().manual_seed(0))
    assert abs(float(layer.weight.detach().std()) / (2 / 2000) ** 0.5 - 1) < 0.01
    assert not layer.bias.any()
