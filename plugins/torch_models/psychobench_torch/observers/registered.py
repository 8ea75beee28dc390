"""The registered observers; nothing heavy is imported until one of them is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from psychobench.plugins import ObserverInfo, OptionError
from psychobench_torch.attention.observer import TorchAttention
from psychobench_torch.heads.recipe import OBSERVERS, TransferRecipe
from psychobench_torch.networks.weights_origin import Pretraining, choose_pretraining
from psychobench_torch.observers.designs import DESIGNS, Design, design_of
from psychobench_torch.version import __version__

if TYPE_CHECKING:
    from torch import Tensor, nn

    from psychobench_torch.observers.classifier import ClassifierSet, FaceClassifier

MOST_SEED = 2**63 - 1


@dataclass
class TrainedObserver(TorchAttention):
    """A frozen network with a trained head: one from the package, or trained on first use.

    Parameters
    ----------
    design : Design
        Which network and which head.
    pretraining : Pretraining
        Where the frozen network's weights come from.
    seed : int
        Of the head's training: initial values, order, dropout.
    recipe : TransferRecipe
        How the head is trained.
    """

    design: Design
    pretraining: Pretraining
    seed: int = 0
    recipe: TransferRecipe = OBSERVERS

    @property
    def info(self) -> ObserverInfo:
        """Name, weights and preprocessing of the observer; trains the head if need be."""
        from psychobench_torch.observers.classifier import preprocessing

        classifier = self._classifier
        return ObserverInfo(
            name=self.design.name,
            version=__version__,
            labels=("sad", "happy"),
            target="happy",
            preprocessing=preprocessing(classifier.frozen.extractor),
            weights_sha256=classifier.sha256,
            weights_origin=classifier.origin,
            pretraining=classifier.frozen.extractor.pretraining,
            deterministic=classifier.record["device"] == "cpu",
            options=classifier.record,
            label_log_odds=classifier.log_odds,
        )

    def respond(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Compute the probability of "happy" for images.

        Parameters
        ----------
        images : ndarray of uint8, shape (n, height, width, 3)
            RGB, of any size.

        Returns
        -------
        ndarray of float64, shape (n,)
            P(happy).

        Raises
        ------
        ObserverError
            If `images` is not such an array, or the weights cannot be loaded.
        """
        from psychobench_torch.observers.batched_inference import check_images

        check_images(images, self.design.name)
        return self._classifier.predict(images)

    def prepare(self, images: NDArray[np.uint8]) -> Tensor:
        """Convert images to what `module` takes: its size, normalised, on its device."""
        from psychobench_torch.observers.batched_inference import check_images

        check_images(images, self.design.name)
        return self._classifier.frozen.prepare(images)

    @property
    def module(self) -> nn.Module:
        """The network, from prepared images to two scores; trains the head if need be."""
        return self._classifier.network

    @property
    def _classifier(self) -> FaceClassifier:
        return self._classifiers.classifier(self.seed)

    @cached_property
    def _classifiers(self) -> ClassifierSet:
        from psychobench_torch.observers.classifier import ClassifierSet

        return ClassifierSet(self.design, self.pretraining, self.recipe)


class SeededObserver(TrainedObserver):
    """An observer whose head depends on a seed, so that another seed gives another one."""

    def replicates(self, n: int) -> Sequence[SeededObserver]:
        """Return this observer and others that differ from it by their seed alone.

        Their heads are trained together, and each is kept in the cache as soon as it is trained.

        Parameters
        ----------
        n : int
            How many in all, this one included; their seeds follow on this one's.

        Returns
        -------
        list of SeededObserver
        """
        others = [replace(self, seed=self.seed + i) for i in range(1, n)]
        for other in others:
            other.__dict__["_classifiers"] = self._classifiers  # one frozen network for all
        self._classifiers.train([self.seed, *(other.seed for other in others)])
        return [self, *others]


def holds_head(path: Path) -> bool:
    """Return whether a file of weights holds a trained head beside its frozen network."""
    if path.suffix.lower() != ".safetensors":
        return False
    from psychobench_torch.heads.weights_file import read_record

    return read_record(path) is not None


class Factory(Protocol):
    """Makes a registered observer."""

    def __call__(
        self, *, pretraining: str = ..., seed: int = ..., optimizer: str = ...
    ) -> TrainedObserver:
        """Check the options; nothing is loaded."""


def check_seed(seed: int) -> int:
    """Check that a value is a seed.

    Raises
    ------
    OptionError
        If it is not a whole number from 0 to 2**63 - 1.
    """
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not whole or not 0 <= seed <= MOST_SEED:
        raise OptionError(f"`seed` must be a whole number from 0 to 2**63 - 1: it is {seed!r}")
    return int(seed)


def make_observer(
    design: Design, pretraining: str, seed: int = 0, optimizer: str = "adam"
) -> TrainedObserver:
    """Check the options and make an observer; nothing is loaded.

    Raises
    ------
    OptionError
        If an option is not one of its choices.
    ResourceError
        If a file of weights does not exist.
    """
    chosen, checked = choose_pretraining(pretraining), check_seed(seed)
    has_head = chosen.file is not None and holds_head(chosen.file)
    kind = TrainedObserver if has_head else SeededObserver
    recipe = replace(OBSERVERS, optimizer=optimizer)
    return kind(design, chosen, checked, recipe)


def _factory(name: str, what: str) -> Factory:
    def make(
        *, pretraining: str = "procedural-objects", seed: int = 0, optimizer: str = "adam"
    ) -> TrainedObserver:
        return make_observer(DESIGNS[name], pretraining, seed, optimizer)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"""Make the observer {name}, which judges whether a face is happy.

    {what} The convolutions stay frozen; the rest is trained on rendered faces. AlexNet's trained
    heads come with the package for the first seeds; others are trained when they are first used,
    and kept in the user's cache folder.

    Parameters
    ----------
    pretraining : str, default "procedural-objects"
        What the network was pre-trained on: ``procedural-objects``, ``rendered-faces``,
        ``imagenet`` (torchvision's weights, one download) or a .safetensors, .pth or .pt file.
    seed : int, default 0
        Of the training on faces: initial values, order, dropout.
    optimizer : str, default "adam"
        Of the training on faces.

    Raises
    ------
    OptionError
        If an option is not one of its choices.
    ResourceError
        If the file does not exist.

    References
    ----------
    Ying, H., Li, Y.-F. & Chen, Y. (2023). arXiv:2310.13674, section 2.1.
    """
    return make


alexnet = _factory("alexnet", "AlexNet with a two-way last layer.")
vgg11 = _factory("vgg11", "VGG11 with a two-way last layer.")
vgg13 = _factory("vgg13", "VGG13 with a two-way last layer.")
vgg16 = _factory("vgg16", "VGG16 with a two-way last layer.")
fe_alexnet = _factory(
    "fe_alexnet", "FE-AlexNet: an excitation in place of AlexNet's first two dense layers."
)
alexnet_linear = _factory("alexnet_linear", "AlexNet's convolutions and one linear layer.")
alexnet_fresh = _factory(
    "alexnet_fresh", "AlexNet with fully connected layers that all start afresh."
)
alexnet_ungated = _factory(
    "alexnet_ungated", "FE-AlexNet's layers without the gate: as many parameters, no excitation."
)


def torchvision(
    *, network: str, pretraining: str = "imagenet", seed: int = 0, optimizer: str = "adam"
) -> TrainedObserver:
    """Make an observer of any classifier of torchvision's, as ``torchvision:NETWORK``.

    The network stays frozen, its last layer is taken off, and a linear layer to sad and happy is
    trained on its features when the observer is first used.

    Parameters
    ----------
    network : str
        torchvision's name: ``resnet18``, ``vit_b_16``; `torchvision.models.list_models` has all.
    pretraining : str, default "imagenet"
        ``imagenet`` (torchvision's best weights of that network, one download) or a
        .safetensors, .pth or .pt file.
    seed : int, default 0
        Of the training on faces: initial values, order, dropout.
    optimizer : str, default "adam"
        Of the training on faces.

    Raises
    ------
    OptionError
        If torchvision has no such classifier, or another option is not one of its choices.
    ResourceError
        If the file does not exist.
    """
    from psychobench_torch.extractors.torchvision_networks import check_torchvision

    check_torchvision(network, choose_pretraining(pretraining))
    return make_observer(design_of(f"torchvision:{network}"), pretraining, seed, optimizer)
