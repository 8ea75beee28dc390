"""The heads have the paper's and torchvision's layers, sizes and numbers of parameters."""

from __future__ import annotations

import pytest
import torch
from psychobench_torch.heads.head_types import HEADS, dense_values, load_head, make_head
from psychobench_torch.networks.torchvision_import import import_torchvision
from torch import nn


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def filled(kind: str, n_features: int, hidden: int = 6) -> nn.Sequential:
    torch.manual_seed(0)
    head = make_head(kind, n_features, hidden=hidden).to_empty(device="cpu")
    for value in head.state_dict().values():
        value.normal_()
    return head


@pytest.mark.parametrize(("network", "n_features"), [("alexnet", 9216), ("vgg16", 25088)])
def test_a_dense_head_has_torchvisions_layers_in_torchvisions_order(
    network: str, n_features: int
) -> None:
    with torch.device("meta"):
        reference = import_torchvision().models.get_model(network, num_classes=2).classifier
    first = network == "alexnet"
    head = make_head("dense", n_features, dropout_first=first)
    assert [type(layer) for layer in head] == [type(layer) for layer in reference]
    assert [p.shape for p in head.parameters()] == [p.shape for p in reference.parameters()]
    known = {f"classifier.{name}": value for name, value in reference.state_dict().items()}
    again = make_head("dense", n_features, known, dropout_first=not first)
    assert [type(layer) for layer in again] == [type(layer) for layer in reference]


@pytest.mark.slow
def test_a_dense_head_answers_as_torchvisions_layers_with_the_same_values() -> None:
    reference = import_torchvision().models.AlexNet(num_classes=2).classifier.eval()
    state = {f"classifier.{name}": value for name, value in reference.state_dict().items()}
    head = make_head("dense", 9216, state).to_empty(device="cpu").eval()
    head.load_state_dict(
        dense_values(state)
        | {f"classifier.{part}": state[f"classifier.6.{part}"] for part in ("weight", "bias")}
    )
    x = torch.rand(2, 9216, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(head(x), reference(x))


def test_the_ungated_head_has_exactly_the_excitations_parameters_and_no_gate() -> None:
    gated, ungated = filled("excitation", 16), filled("ungated", 16)
    assert [p.shape for p in gated.parameters()] == [p.shape for p in ungated.parameters()]
    x = torch.rand(3, 16, generator=torch.Generator().manual_seed(0))
    w1, w2 = ungated.squeeze.weight, ungated.excite.weight
    torch.testing.assert_close(ungated(x), ungated.classifier(torch.relu(x @ w1.T) @ w2.T))
    assert not torch.allclose(gated(x), ungated(x))


@pytest.mark.parametrize("kind", HEADS)
def test_a_head_is_made_again_from_its_values_alone(kind: str) -> None:
    head = filled(kind, 24).eval()
    again = load_head(kind, dict(head.state_dict()))
    x = torch.rand(3, 24, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(again(x), head(x))
    assert not again.training
    assert not any(parameter.requires_grad for parameter in again.parameters())


def test_values_of_another_head_are_refused_with_the_first_layer_that_does_not_fit() -> None:
    values = dict(filled("excitation", 24).state_dict())
    with pytest.raises(ValueError, match=r"layer first\.weight .* missing"):
        load_head("dense", values)
    values["excitation.excite.weight"] = torch.zeros(3, 3)
    with pytest.raises(ValueError, match=r"excitation\.excite\.weight must be \(24, 6\): .*3, 3"):
        load_head("excitation", values)
    with pytest.raises(ValueError, match="no layer takes the features"):
        load_head("linear", {})


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="'convolutional'"):
        make_head("convolutional", 8)
