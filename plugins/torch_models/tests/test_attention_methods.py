"""Maps agree with independent libraries, and the network comes back as it was."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from psychobench_torch.attention.attend import attend, attend_dense
from psychobench_torch.attention.cam import fit_cam, head_weights, ridge
from psychobench_torch.attention.guided import guided_gradients
from psychobench_torch.attention.interface import METHODS
from psychobench_torch.attention.layers import stages
from psychobench_torch.attention.targets import Target, choose_target
from psychobench_torch.networks.torchvision_import import import_torchvision
from torch import Tensor, nn

from psychobench.errors import ObserverError, OptionError

LABELS = ("sad", "happy")


def small(classes: int = 2, *, inplace: bool = True, pooled: bool = False) -> nn.Sequential:
    """Five convolutions in three stages, as in AlexNet, with a dense or a pooled head."""
    torch.manual_seed(3)
    features = nn.Sequential(
        nn.Conv2d(3, 6, 5, 2), nn.ReLU(inplace), nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(inplace), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(inplace),
        nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(inplace),
        nn.Conv2d(8, 10, 3, padding=1), nn.ReLU(inplace),
    )  # fmt: skip
    if pooled:
        head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(10, classes)]
    else:
        head = [
            nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(), nn.Linear(90, 16), nn.ReLU(inplace),
            nn.Linear(16, classes),
        ]  # fmt: skip
    parts = {"features": features} | {f"head{i}": each for i, each in enumerate(head)}
    network = nn.Sequential()
    for name, part in parts.items():
        network.add_module(name, part)
    return network.eval()


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(5, 3, 64, 60, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def alexnet() -> nn.Module:
    torch.manual_seed(0)
    return import_torchvision().models.alexnet().eval()


def last(network: nn.Module) -> str:
    return list(stages(network).values())[-1]


def near(ours: np.ndarray, theirs: Tensor) -> None:
    expected = theirs.detach().numpy()
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(ours, expected, atol=1e-5 * np.abs(expected).max())


# --- against torchcam and captum ---------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", ["GradCAM", "LayerCAM"])
@pytest.mark.parametrize("inplace", [True, False])
def test_class_maps_are_those_of_torchcam(images, name, inplace):
    from torchcam import methods

    network = small(4, inplace=False)
    with getattr(methods, name)(network, last(network)) as extractor:
        scores = network(images)
        (theirs,) = extractor(2, scores, normalized=False)
    ours = attend(small(4, inplace=inplace), images, method=name.lower(), target=2)
    near(ours.maps, theirs)


@pytest.mark.slow
def test_class_maps_of_alexnet_are_those_of_torchcam(alexnet):
    from torchcam.methods import LayerCAM

    picture = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    ours = attend(alexnet, picture, method="layercam", target=7)
    alexnet.features[11].inplace = False
    with LayerCAM(alexnet, "features.11") as extractor:
        (theirs,) = extractor(7, alexnet(picture), normalized=False)
    alexnet.features[11].inplace = True
    assert ours.maps.shape == (1, 13, 13)
    near(ours.maps, theirs)


def test_cam_with_a_pooled_head_is_that_of_torchcam(images):
    from torchcam.methods import CAM

    network = small(4, inplace=False, pooled=True)
    with CAM(network, last(network), "head2") as extractor:
        network(images)
        (theirs,) = extractor(1, normalized=False)
    near(attend(network, images, method="cam", target=1).maps, theirs)


@pytest.mark.parametrize("classes", [2, 4])
def test_gradients_at_the_pixels_are_those_of_captum(images, classes):
    from captum.attr import GuidedBackprop, GuidedGradCam, LayerGradCam

    network = small(classes, inplace=False)
    part = dict(network.named_modules())[last(network)]
    with warnings.catch_warnings():  # captum tells that it sets hooks on ReLUs
        warnings.simplefilter("ignore")
        guided = GuidedBackprop(network).attribute(images, target=1)
        both = GuidedGradCam(network, part).attribute(images, target=1, interpolate_mode="bilinear")
        coarse = LayerGradCam(network, part).attribute(images, target=1, relu_attributions=True)
    near(attend(network, images, method="gradcam", target=1).maps, coarse[:, 0])
    ours = attend(network, images, method="guided-backprop", target=1, reduction="sum")
    near(ours.maps, guided.sum(1))
    ours = attend(network, images, method="guided-gradcam", target=1)
    near(ours.maps, both.abs().amax(1))


def test_guided_gradients_are_guided_by_relus_that_are_functions_too(images):
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = small(4, inplace=False)
            self.last = nn.Linear(4, 2)
            self.relu = nn.ReLU()

        def forward(self, pixels: Tensor) -> Tensor:
            rectify = self.relu if self.as_layer else torch.relu
            return self.last(rectify(self.body(pixels)))

    network = Gated().eval()
    network.as_layer = True
    as_layer = guided_gradients(network, images, Target("1", 1))
    network.as_layer = False
    assert torch.equal(guided_gradients(network, images, Target("1", 1)), as_layer)


# --- what the methods are ----------------------------------------------------------------------


def test_layers_are_those_of_the_papers():
    models = import_torchvision().models
    with torch.device("meta"):
        networks = {
            name: getattr(models, name)() for name in ("alexnet", "vgg11", "vgg13", "vgg16")
        }
    relus = {
        name: [int(path.rpartition(".")[2]) for path in stages(network).values()]
        for name, network in networks.items()
    }
    assert relus["alexnet"] == [1, 4, 7, 9, 11]
    assert relus["vgg11"] == [1, 4, 9, 14, 19]
    assert relus["vgg13"] == [3, 8, 13, 18, 23]
    assert relus["vgg16"] == [3, 8, 15, 22, 29]


@pytest.mark.parametrize("method", ["gradcam", "layercam", "guided-backprop", "guided-gradcam"])
def test_maps_of_one_image_do_not_depend_on_the_others(images, method):
    network = small()
    together = attend(network, images, method=method, target=1, batch=2).maps
    alone = attend(network, images[3:4], method=method, target=1).maps
    np.testing.assert_allclose(together[3:4], alone, atol=1e-5 * alone.max())


@pytest.mark.parametrize("inplace", [True, False])
def test_a_convolution_before_an_in_place_relu_gives_its_own_output(images, inplace):
    network = small(inplace=inplace)
    found = attend(network, images, method="gradcam", layer="features.10", target=1)
    expected = attend(small(inplace=False), images, method="gradcam", layer="features.10", target=1)
    np.testing.assert_array_equal(found.maps, expected.maps)


def test_a_linear_target_adds_up(images):
    """The gradient of the margin is happy's minus sad's."""
    network = small()
    happy, sad, margin = (
        guided_linear(network, images, choose_target(name, LABELS))
        for name in ("happy", "sad", "margin")
    )
    torch.testing.assert_close(margin, happy - sad, atol=1e-6, rtol=1e-4)


def guided_linear(network: nn.Module, images: Tensor, target: Target) -> Tensor:
    from psychobench_torch.attention.gradients import activations_and_gradients

    return activations_and_gradients(network, images, network.features[-1], target)[1]


def test_the_winning_target_is_each_images_own(images):
    network = small(4)
    with torch.no_grad():
        network.head5.bias -= network(images).mean(0)
    winners = network(images).argmax(1)
    assert len(set(winners.tolist())) > 1, "the images must not all be one class"
    found = attend(network, images, method="layercam", target="winning").maps
    each = [
        attend(network, images[i : i + 1], method="layercam", target=int(winner)).maps[0]
        for i, winner in enumerate(winners)
    ]
    np.testing.assert_allclose(found, each, atol=1e-6)


def test_a_map_that_is_zero_everywhere_is_flagged(images):
    network = small()
    with torch.no_grad():
        network.features[10].bias.fill_(-1e3)
    found = attend(network, images, method="layercam", target=1)
    assert not found.maps.any()
    assert found.empty.all()


# --- CAM's regression --------------------------------------------------------------------------


def test_regression_finds_the_weights_of_a_pooled_head(images):
    network = small(3, pooled=True)
    generator = torch.Generator().manual_seed(2)
    batches = [torch.randn(20, 3, 64, 60, generator=generator) for _ in range(6)]
    found = fit_cam(network, batches, source="noise", at_least=100)
    exact = head_weights(network, images)
    assert found.r2.min() > 0.999
    ours = attend(network, images, method="cam", target=1, weights=found).maps
    theirs = attend(network, images, method="cam", target=1, weights=exact).maps
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.99


def test_left_out_images_tell_when_channels_predict_nothing():
    rng = np.random.default_rng(0)
    _, penalty, r2 = ridge(rng.normal(size=(300, 40)), rng.normal(size=(300, 2)))
    assert abs(r2).max() < 0.1
    assert penalty >= 1


def test_leave_one_out_is_leave_one_out():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 1))
    _, penalty, r2 = ridge(x, y)
    unit = (np.linalg.svd(x - x.mean(0), compute_uv=False) ** 2).mean()
    left_out = []
    for row in range(30):
        keep = np.arange(30) != row
        # the ridge of all centred rows but one, with an intercept that is not shrunk
        a = np.column_stack([(x - x.mean(0))[keep], np.ones(29)])
        shrink = np.diag([penalty * unit] * 3 + [0.0])
        beta = np.linalg.solve(a.T @ a + shrink, a.T @ (y - y.mean(0))[keep])
        left_out.append((y - y.mean(0))[row] - np.append((x - x.mean(0))[row], 1) @ beta)
    expected = 1 - np.sum(np.square(left_out)) / np.sum(np.square(y - y.mean(0)))
    assert r2[0] == pytest.approx(expected, rel=1e-9)


def test_a_dozen_images_are_too_few_for_cam(images):
    with pytest.raises(OptionError, match="at least 5000 images: 5 are given"):
        fit_cam(small(), [images], source="a dozen")
    with pytest.raises(ObserverError, match="no linear layer over their means"):
        attend(small(), images, method="cam", target=1)


# --- the dense model ---------------------------------------------------------------------------


def by_hand(f: Tensor, g: Tensor, power: int) -> Tensor:
    """Equations 8 to 12 for one image, written out."""
    _, height, width = f.shape
    spatial = torch.exp(g.sum(0)) / torch.exp(g.sum(0)).sum()
    channel = torch.exp(g.sum((1, 2))) / torch.exp(g.sum((1, 2))).sum()
    result = torch.zeros(height, width)
    for c in range(len(f)):
        result += (channel[c] + spatial) * f[c] ** power
    return result / len(f)


@pytest.mark.parametrize("total", ["mean", "sum"])
@pytest.mark.parametrize("weighting", ["linear", "printed"])
def test_the_dense_model_is_its_equations(images, total, weighting):
    network = small(inplace=False)
    found = attend_dense(network, images[:1], total=total, weighting=weighting)
    second = network.features[:5](images[:1]).detach().requires_grad_()
    final = network.features[5:](second)
    whole = final.mean() if total == "mean" else final.sum()
    (gradient,) = torch.autograd.grad(whole, second)
    power = 2 if weighting == "printed" else 1
    near(found["conv2"].maps[0], by_hand(second[0], gradient[0], power))
    uniform = torch.full_like(final[0], 1 / final[0].numel() if total == "mean" else 1.0)
    near(found["conv5"].maps[0], by_hand(final[0], uniform, power))


def test_combinations_are_named_and_add_up(images):
    found = attend_dense(small(), images)
    assert list(found) == [
        "conv1", "conv2", "conv3", "conv4", "conv5", "conv54", "conv543", "conv5432", "conv54321",
    ]  # fmt: skip
    np.testing.assert_allclose(
        found["conv54"].maps, found["conv5"].maps + found["conv4"].maps, rtol=1e-5
    )
    assert found["conv54321"].maps.shape == found["conv1"].maps.shape
    one = attend(small(), images, method="dense", layer="conv54")
    np.testing.assert_array_equal(one.maps, found["conv54"].maps)
    assert (one.layer, one.target) == ("conv54", "none")


def test_the_readings_of_equations_13_and_14_differ_as_they_say(images):
    own = attend_dense(small(), images)
    both = attend_dense(small(), images, accumulation="concatenation")
    printed = attend_dense(small(), images, accumulation="printed")
    # ten channels of the last layer and eight of the one before
    mean = (10 * own["conv5"].maps + 8 * own["conv4"].maps) / 18
    np.testing.assert_allclose(both["conv54"].maps, mean, rtol=1e-5)
    np.testing.assert_allclose(printed["conv54"].maps, own["conv5"].maps + mean, rtol=1e-5)


def test_the_mean_weights_almost_evenly_and_the_sum_almost_one_channel(images):
    """What the two readings of equation 6 come to, at the scale of real networks."""
    from psychobench_torch.attention.dense import dense_maps

    network = small(inplace=False)
    layers = {name: network.get_submodule(path) for name, path in stages(network).items()}
    shape = (64, 60)
    even = dense_maps(network, images, layers, total="mean")["conv1"].detach()
    activation = network.features[:2](images).detach()
    channels, places = activation.shape[1], activation[0, 0].numel()
    uniform = activation.mean(1) * (1 / channels + 1 / places)
    assert (even - uniform).abs().max() < 0.05 * uniform.max(), shape
    peaked = dense_maps(network, images, layers, total="sum")["conv1"].detach()
    assert (peaked - uniform).abs().max() > 0.5 * uniform.max()


# --- the network comes back as it was ----------------------------------------------------------


def state(network: nn.Module) -> str:
    values = [(value.requires_grad, value.grad) for value in network.parameters()]
    parts = [
        (part.training, getattr(part, "inplace", None), part._forward_hooks, part._backward_hooks)
        for part in network.modules()
    ]
    return f"{values} {parts}"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fails", [False, True])
def test_the_network_comes_back_as_it_was(images, method, fails):
    network = small(pooled=True).train()
    network.features[0].weight.requires_grad_(False)
    network.features[3].weight.grad = torch.ones_like(network.features[3].weight)
    values = {name: value.clone() for name, value in network.state_dict().items()}
    before = state(network)
    if fails:
        wrong = torch.zeros(2, 4, 64, 60)  # four colours: the first convolution refuses them
        with pytest.raises(RuntimeError):
            attend(network, wrong, method=method)
    else:
        with torch.no_grad():  # a caller's own setting stands in nobody's way
            attend(network, images, method=method)
        assert torch.is_grad_enabled()
    after = state(network)
    assert after == before
    assert all(torch.equal(values[name], value) for name, value in network.state_dict().items())


# --- wrong input -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "grad-cam"}, "there is no 'grad-cam' .did you mean 'gradcam'"),
        ({"method": "gradcam", "layer": "conv9"}, r"no 'conv9'; choose from conv1 \(features.1\)"),
        ({"method": "dense", "layer": "conv45"}, "conv54321: there is no 'conv45'"),
        ({"method": "gradcam", "layer": "head3"}, r"keep a map .* Linear gives \(5, 16\)"),
        ({"method": "gradcam", "target": "angry"}, "choose from sad, happy, margin, winning"),
        ({"method": "guided-backprop", "layer": "conv5"}, "maps the pixels"),
    ],
)
def test_unknown_names_are_answered_with_those_that_there_are(images, options, message):
    with pytest.raises(ObserverError, match=message):
        attend(small(), images, labels=LABELS, **options)


def test_unknown_readings_are_answered_with_those_that_there_are(images):
    with pytest.raises(OptionError, match="must be one of mean, sum: it is 'median'"):
        attend(small(), images, method="dense", total="median")
    with pytest.raises(OptionError, match="layercam has no 'total'; it has none"):
        attend(small(), images, method="layercam", total="sum")


@pytest.mark.slow
def test_networks_of_blocks_are_mapped_at_their_last_map():
    torch.manual_seed(0)
    resnet = import_torchvision().models.resnet18(num_classes=5).eval()
    pictures = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    found = attend(resnet, pictures, method="cam", target=3)
    assert found.layer == "layer4.1.relu"
    expected = resnet.fc.weight[3] @ layer4(resnet, pictures).mean((2, 3)).T + resnet.fc.bias[3]
    np.testing.assert_allclose(
        found.maps.mean((1, 2)) + resnet.fc.bias[3].item(), expected.detach(), rtol=1e-4
    )
    with pytest.raises(ObserverError, match="ResNet is built otherwise"):
        attend(resnet, pictures, method="dense")


def layer4(resnet: nn.Module, pictures: Tensor) -> Tensor:
    parts = list(resnet.children())[:-2]
    return nn.Sequential(*parts)(pictures)
