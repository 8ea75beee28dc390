"""Steps that write gradients in place are the steps that automatic differentiation gives."""

from __future__ import annotations

import copy

import pytest
import torch
from psychobench_torch.heads.fitting import (
    HeadFit,
    make_optimiser,
    memory_of,
    prepare_dropout,
    prepare_layers,
)
from psychobench_torch.heads.head_types import HEADS, make_head
from psychobench_torch.heads.recipe import TransferRecipe
from psychobench_torch.networks.recipe_values import OPTIMIZERS
from torch import Tensor, nn
from tqdm import tqdm


def filled(kind: str, n_features: int = 12) -> nn.Sequential:
    generator = torch.Generator().manual_seed(1)
    head = make_head(kind, n_features, hidden=5).to_empty(device="cpu")
    for value in head.state_dict().values():
        value.normal_(generator=generator)
    return head


def examples(n: int = 40) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    features = torch.rand(n, 12, generator=generator)
    return features, (features.sum(1) > features.sum(1).median()).long()


@pytest.mark.parametrize("kind", HEADS)
def test_gradients_written_in_place_are_those_of_automatic_differentiation(kind: str) -> None:
    plain = filled(kind).double()
    for layer in plain.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    ours = copy.deepcopy(plain)
    prepare_layers(ours)
    features, labels = examples()
    for part in (slice(0, 10), slice(10, 40)):  # twice: old gradients are written over
        for head in (plain, ours):
            if head is plain:
                head.zero_grad()
            scores = head(features[part].double())
            nn.functional.cross_entropy(scores, labels[part]).backward()
        for expected, found in zip(plain.parameters(), ours.parameters(), strict=True):
            torch.testing.assert_close(found.grad, expected.grad, rtol=1e-12, atol=1e-15)


@pytest.mark.slow
@pytest.mark.parametrize("kind", HEADS)
def test_gradients_are_those_of_finite_differences(kind: str) -> None:
    head = filled(kind).double()
    for layer in head.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    prepare_layers(head)
    features, labels = examples(6)

    def loss() -> Tensor:
        return nn.functional.cross_entropy(head(features.double()), labels)

    loss().backward()
    for parameter in head.parameters():
        flat, gradient = parameter.detach().view(-1), parameter.grad.clone().view(-1)
        for place in (0, len(flat) // 2, len(flat) - 1):
            middle, step = float(flat[place]), 1e-6
            flat[place] = middle + step
            above = float(loss().detach())
            flat[place] = middle - step
            below = float(loss().detach())
            flat[place] = middle
            assert float(gradient[place]) == pytest.approx((above - below) / (2 * step), abs=1e-7)


def test_products_in_bfloat16_give_the_gradients_of_float32_but_for_rounding() -> None:
    gradients = {}
    features, labels = examples()
    for products in (torch.float32, torch.bfloat16):
        head = filled("excitation")
        prepare_layers(head, products)
        nn.functional.cross_entropy(head(features), labels).backward()
        values = [parameter.grad.flatten() for parameter in head.parameters()]
        assert {value.dtype for value in values} == {torch.float32}
        gradients[products] = torch.cat(values)
    exact, rounded = gradients[torch.float32], gradients[torch.bfloat16]
    assert 0 < float((rounded - exact).norm() / exact.norm()) < 0.02


def test_dropout_repeats_with_its_seed_whatever_else_the_process_draws() -> None:
    outputs = []
    for seed in (0, 0, 1):
        head = filled("dense")
        prepare_dropout(head, torch.Generator().manual_seed(seed))
        torch.rand(len(outputs) + 1)
        outputs.append(head.train()(torch.ones(4, 12)))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


def test_dropout_halves_the_units_and_keeps_their_mean() -> None:
    layer = nn.Sequential(nn.Dropout())
    prepare_dropout(layer, torch.Generator().manual_seed(0))
    dropped = layer(torch.ones(100, 1000))
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert float(dropped.mean()) == pytest.approx(1, abs=0.01)
    assert torch.equal(layer.eval()(torch.ones(3)), torch.ones(3))


def test_an_epoch_gives_the_mean_of_the_weights_over_its_steps() -> None:
    features, labels = examples(40)
    places = torch.arange(40)
    bar = tqdm(disable=True)
    recipe = TransferRecipe(batch=10, average_every=2, learning_rate=1e-2)
    fit = HeadFit(filled("linear"), recipe, torch.Generator().manual_seed(3), 0)
    fit.train(features, places, labels, bar)

    # the same steps by hand, with the weights after the second and the fourth
    head = filled("linear")
    optimiser = torch.optim.Adam(head.parameters(), lr=1e-2)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(3))
    seen = []
    for chosen in torch.split(order, 10):
        optimiser.zero_grad()
        nn.functional.cross_entropy(head(features[chosen]), labels[chosen]).backward()
        optimiser.step()
        seen.append(head.classifier.weight.detach().clone())
    torch.testing.assert_close(fit.mean[0], (seen[1] + seen[3]) / 2)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD),
        ("rmsprop", torch.optim.RMSprop),
    ],
)  # fmt: skip
def test_the_recipe_names_the_optimiser(name: str, expected: type) -> None:
    recipe = TransferRecipe(optimizer=name, learning_rate=3e-4)
    optimiser = make_optimiser(recipe, list(filled("linear").parameters()))
    assert type(optimiser) is expected
    assert optimiser.param_groups[0]["lr"] == 3e-4
    assert name in OPTIMIZERS
    if name == "sgd":
        assert optimiser.param_groups[0]["momentum"] == 0.9


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_memory_is_reckoned_for_all_that_a_training_keeps(optimizer: str) -> None:
    recipe = TransferRecipe(optimizer=optimizer, batch=10, learning_rate=1e-2, average_every=2)
    features, labels = examples()
    everyone = torch.arange(40)
    fit = HeadFit(filled("excitation", 12), recipe, torch.Generator(), 0)
    fit.run_epoch((features, everyone), (features, everyone), (labels, labels), tqdm(disable=True))
    states = [
        value
        for kept in fit.optimiser.state.values()
        for value in kept.values()
        if isinstance(value, Tensor) and value.dim() > 0
    ]
    tensors = [*fit.head.parameters(), *fit.mean, *fit.best.values(), *states]
    gradients = [parameter.grad for parameter in fit.head.parameters()]
    held = sum(value.numel() * value.element_size() for value in [*tensors, *gradients])
    assert held == memory_of(fit.head, recipe)
