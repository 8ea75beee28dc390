"""Classifiers of faces: frozen features and a trained head, from the cache or by training."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from psychobench.plugins import ObserverError
from psychobench_torch.computing.device import compute_device
from psychobench_torch.extractors.convolutions import load_extractor
from psychobench_torch.heads.kept_heads import head_file, head_sha256, read_head, write_head
from psychobench_torch.heads.recipe import TransferRecipe
from psychobench_torch.heads.shipped_cards import shipped_entry
from psychobench_torch.heads.shipped_heads import read_shipped
from psychobench_torch.heads.trained_head import TrainedHead
from psychobench_torch.heads.transfer import head_determinants, initial_head, train_heads
from psychobench_torch.heads.weights_file import read_record, read_trained_head
from psychobench_torch.networks.architectures import ConvolutionalFeatures, with_head
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.networks.images import fit_square, normalise, to_tensor
from psychobench_torch.networks.weights_origin import Pretraining
from psychobench_torch.observers.batched_inference import run_filled, target_probabilities
from psychobench_torch.observers.designs import Design
from psychobench_torch.storage.store import cache_folder, cache_key, note
from psychobench_torch.storage.weight_files import tensors_sha256

HEAD_BYTES = 2 * 10**9  # of heads held in memory: ten of VGG16's would take 5 GB
FEATURE_BYTES = 2**28  # of features of images seen before, shared by the classifiers of a design


class FrozenFeatures:
    """A frozen feature extractor that remembers the features of images it has seen.

    Classifiers that differ only in their heads share it: the features of an image are computed once
    for ten seeds.

    Parameters
    ----------
    extractor : Backbone
        On the device that computes.
    """

    def __init__(self, extractor: FeatureExtractor) -> None:
        self.extractor = extractor
        self._kept: OrderedDict[bytes, Tensor] = OrderedDict()

    def prepare(self, images: NDArray[np.uint8]) -> Tensor:
        """Fit and normalise images, on the network's device."""
        pixels = to_tensor(images).to(compute_device())
        extractor = self.extractor
        return normalise(fit_square(pixels, extractor.size), extractor.mean, extractor.std)

    def features(self, images: NDArray[np.uint8], size: int) -> Tensor:
        """Compute features in a batch that is filled up to `size`; shape (size, n_features)."""
        key = hashlib.sha256(repr(images.shape).encode() + images.tobytes()).digest()
        if (known := self._kept.get(key)) is None:
            known = run_filled(self.extractor.network, self.prepare(images), size)
            room = FEATURE_BYTES // (known.element_size() * known.numel())
            while self._kept and len(self._kept) >= room:
                self._kept.popitem(last=False)
            self._kept[key] = known
        return known


@dataclass(frozen=True)
class FaceClassifier:
    """A trained network with the record of where its weights come from.

    Parameters
    ----------
    frozen : FrozenHalf
        What comes before the head.
    network : torch.nn.Sequential
        From prepared images to two scores; in evaluation mode, float32.
    head_sha256 : str
        Hash of the head's values.
    training : dict
        What is known of the head's training, as JSON takes it.
    data : str
        In words, what the head was trained on.
    dense_layers : {"none", "fresh", "pre-trained"}
        How the fully connected layers before the last started, where the head has any.
    log_odds : float, optional
        Of the training labels, happy : sad.
    """

    frozen: FrozenFeatures
    network: nn.Sequential = field(repr=False)
    head_sha256: str
    training: dict[str, Any]
    data: str
    dense_layers: str
    log_odds: float | None

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Compute P(happy) for images, shape (n, height, width, 3), in float32 throughout."""
        head = self.network.get_submodule("head")

        def score(part: NDArray[np.uint8], size: int) -> Tensor:
            return run_filled(head, self.frozen.features(part, size), size)[: len(part)]

        return target_probabilities(score, images)

    @property
    def sha256(self) -> str:
        """Hash of all weights."""
        parts = f"{self.frozen.extractor.sha256} {self.head_sha256}"
        return hashlib.sha256(parts.encode()).hexdigest()

    @property
    def origin(self) -> str:
        """Where the weights come from, in words."""
        extractor = self.frozen.extractor
        dense = {
            "none": "",
            "fresh": "; its fully connected layers started afresh",
            "pre-trained": "; its fully connected layers started from their pre-training",
        }[self.dense_layers]
        return (
            f"pre-trained on {extractor.origin} ({extractor.stands_for}); "
            f"head trained on {self.data}{dense}"
        )

    @property
    def record(self) -> dict[str, Any]:
        """What reports say about the weights."""
        extractor = self.frozen.extractor
        return {
            **self.training,
            "head_sha256": self.head_sha256,
            "dense_layers": self.dense_layers,
            "source": extractor.source,
            "stands_for": extractor.stands_for,
            "trained_size": extractor.trained_size,
            "input_size": extractor.size,
            "features": _shape_of(extractor),
            "device": compute_device().type,
        }


class ClassifierSet:
    """The classifiers of one design, one for each seed; they share the frozen features.

    Parameters
    ----------
    design : Design
        Which network and which head.
    pretraining : Pretraining
        Where the frozen network's weights come from; a file may hold a trained head too.
    recipe : TransferRecipe
        How heads are trained.
    """

    def __init__(self, design: Design, pretraining: Pretraining, recipe: TransferRecipe) -> None:
        self.design, self.pretraining, self.recipe = design, pretraining, recipe
        self._loaded: OrderedDict[int, FaceClassifier] = OrderedDict()
        self._not_cached: dict[int, tuple[TrainedHead, str]] = {}

    @cached_property
    def frozen(self) -> FrozenFeatures:
        """The frozen feature extractor, loaded when first used."""
        design = self.design
        extractor = load_extractor(design.architecture, self.pretraining, dense=design.wants_dense)
        extractor.network.to(compute_device())
        return FrozenFeatures(extractor)

    def classifier(self, seed: int) -> FaceClassifier:
        """Return the classifier of a seed; its head is trained if neither file nor cache has it.

        Raises
        ------
        ObserverError
            If weights cannot be loaded, or the training fails.
        """
        if seed not in self._loaded:
            made = self._from_file() or self._from_training(seed)
            room = HEAD_BYTES // sum(
                value.nbytes for value in made.network.get_submodule("head").parameters()
            )
            while self._loaded and len(self._loaded) >= room:
                self._loaded.popitem(last=False)
            self._loaded[seed] = made
        return self._loaded[seed]

    def train(self, seeds: Sequence[int]) -> None:
        """Train all heads that the cache lacks; each is cached as soon as it is trained."""
        self._train([seed for seed in seeds if not self._is_trained(seed)])

    def _is_trained(self, seed: int) -> bool:
        if seed in self._not_cached:
            return True
        determinants = self._determinants(seed)
        shipped = shipped_entry(determinants)
        return shipped is not None or head_file(cache_key(determinants)).exists()

    def _train(self, seeds: Sequence[int]) -> None:
        if not seeds:
            return
        heads = "the head" if len(seeds) == 1 else f"{len(seeds)} heads"
        folder = cache_folder("heads")
        note(f"training {heads} of {self.design.name} on rendered faces; kept in {folder}")
        for trained in train_heads(
            self.frozen.extractor, self.design.head, self.recipe, seeds,
            fresh_dense=self.design.fresh_dense,
        ):  # fmt: skip
            self._keep(trained)

    def _keep(self, trained: TrainedHead) -> None:
        determinants = self._determinants(trained.seed)
        if write_head(cache_key(determinants), trained, determinants) is None:
            self._not_cached[trained.seed] = trained, head_sha256(trained)

    def _found(self, seed: int) -> tuple[TrainedHead, str] | None:
        if seed in self._not_cached:
            return self._not_cached[seed]
        design, determinants = self.design, self._determinants(seed)
        initial = partial(
            initial_head, self.frozen.extractor, design.head, seed, fresh_dense=design.fresh_dense
        )
        if (entry := shipped_entry(determinants)) is not None:
            return read_shipped(entry, initial)
        return read_head(cache_key(determinants), initial)

    def _determinants(self, seed: int) -> dict[str, Any]:
        return head_determinants(
            self.frozen.extractor, self.design.head, self.recipe, seed,
            fresh_dense=self.design.fresh_dense,
        )  # fmt: skip

    def _from_training(self, seed: int) -> FaceClassifier:
        if (found := self._found(seed)) is None:
            self._train([seed])
            found = self._found(seed)
        if found is None:
            raise ObserverError(f"the head of {self.design.name} was removed while it was read")
        trained, digest = found
        determinants = self._determinants(seed)
        training = {
            **determinants,
            "shipped": shipped_entry(determinants) is not None,
            "n_train": trained.n_train,
            "n_validation": trained.n_validation,
            "best_epoch": trained.best,
            "validation_accuracy": trained.accuracy,
        }
        return FaceClassifier(
            self.frozen,
            self._network(trained.head),
            digest,
            training,
            f"{trained.n_train:,} rendered faces" + _how_kept(trained, training),
            str(training["dense"]) if self.design.head == "dense" else "none",
            trained.log_odds,
        )

    def _from_file(self) -> FaceClassifier | None:
        path, record = self.pretraining.file, read_record(self.pretraining.file)
        if path is None or record is None:
            return None
        head = read_trained_head(path, record, self.design.name)
        return FaceClassifier(
            self.frozen,
            self._network(head),
            tensors_sha256(head.state_dict()),
            {name: value for name, value in record.items() if name != "log"},
            str(record.get("data", f"what {path.name} does not say")),
            str(record.get("dense", "fresh")) if self.design.head == "dense" else "none",
            record.get("log_odds"),
        )

    def _network(self, head: nn.Module) -> nn.Sequential:
        return with_head(self.frozen.extractor.network, head).to(compute_device()).eval()


def preprocessing(extractor: FeatureExtractor) -> str:
    """Describe how an image is processed before the feature extractor is applied."""
    size = extractor.size
    mean, std = (
        ", ".join(f"{value:g}".removeprefix("0") for value in values)
        for values in (extractor.mean, extractor.std)
    )
    return (
        f"shorter side to {size} px (bilinear, antialiased), central {size} x {size}, "
        f"divided by 255, minus ({mean}), over ({std})"
    )


def _how_kept(trained: TrainedHead, training: Mapping[str, Any]) -> str:
    """Describe how a head is kept: as a change, and whether it came with the package."""
    change = f", a change of rank {training['rank']} in 8 bits" if trained.change else ""
    shipped = f", shipped with seed {trained.seed}" if training["shipped"] else ""
    return change + shipped


def _shape_of(extractor: FeatureExtractor) -> str:
    """Describe the number of features, as a feature map where they are one."""
    if isinstance(network := extractor.network, ConvolutionalFeatures):
        grid = network.grid
        return f"{grid} x {grid} x {extractor.n_features // grid**2}"
    return str(extractor.n_features)
