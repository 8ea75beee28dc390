"""Put observers together, from the cache or by training, and let them judge images."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from psychobench.errors import ObserverError
from psychobench_torch.answering import run_filled, target_probabilities
from psychobench_torch.backbone import Backbone
from psychobench_torch.cache import cache_folder, cache_key, head_files, note, read_head, write_head
from psychobench_torch.convolutions import load_backbone
from psychobench_torch.design import Design
from psychobench_torch.device import compute_device
from psychobench_torch.images import fit_square, normalise, to_tensor
from psychobench_torch.networks import ConvolutionalFeatures, JudgingNetwork
from psychobench_torch.pretraining import Pretraining
from psychobench_torch.recipe import TransferRecipe
from psychobench_torch.trained import TrainedHead
from psychobench_torch.transfer import head_determinants, train_heads
from psychobench_torch.weight_files import tensors_sha256
from psychobench_torch.whole_observer import read_record, read_trained_head

HEAD_BYTES = 2 * 10**9  # of heads that are held at a time: ten of VGG16's would take 5 GB
FEATURE_BYTES = 2**28  # of features of images seen before, shared by the judges of a design


class FrozenHalf:
    """A backbone, and the features of images that it was shown before.

    Judges that differ by their heads alone share it, so that ten seeds see an image at the cost
    of one.

    Parameters
    ----------
    backbone : Backbone
        On the device that computes.
    """

    def __init__(self, backbone: Backbone) -> None:
        self.backbone = backbone
        self._kept: OrderedDict[bytes, Tensor] = OrderedDict()

    def prepare(self, images: NDArray[np.uint8]) -> Tensor:
        """Fit and normalise images, on the network's device."""
        pixels = to_tensor(images).to(compute_device())
        backbone = self.backbone
        return normalise(fit_square(pixels, backbone.size), backbone.mean, backbone.std)

    def features(self, images: NDArray[np.uint8], size: int) -> Tensor:
        """Compute features in a batch that is filled up to `size`; shape (size, n_features)."""
        key = hashlib.sha256(repr(images.shape).encode() + images.tobytes()).digest()
        if (known := self._kept.get(key)) is None:
            known = run_filled(self.backbone.network, self.prepare(images), size)
            room = FEATURE_BYTES // (known.element_size() * known.numel())
            while self._kept and len(self._kept) >= room:
                self._kept.popitem(last=False)
            self._kept[key] = known
        return known


@dataclass(frozen=True)
class Judge:
    """A trained network with the record of where its values come from.

    Parameters
    ----------
    frozen : FrozenHalf
        What comes before the head.
    network : JudgingNetwork
        In evaluation mode, float32.
    trained : TrainedHead
        Its head, with the record of the training.
    head_sha256 : str
        Hash of the head's values.
    determinants : dict
        What determined the head; the cache's key is made of it.
    data : str
        In words, what the head was trained on.
    """

    frozen: FrozenHalf
    network: JudgingNetwork = field(repr=False)
    trained: TrainedHead
    head_sha256: str
    determinants: dict[str, Any]
    data: str

    def answer(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Give P(happy) for images, shape (n, height, width, 3), in float32 throughout."""

        def score(part: NDArray[np.uint8], size: int) -> Tensor:
            features = self.frozen.features(part, size)
            return run_filled(self.network.head, features, size)[: len(part)]

        return target_probabilities(score, images)

    @property
    def sha256(self) -> str:
        """Of the weights of both halves."""
        parts = f"{self.frozen.backbone.sha256} {self.head_sha256}"
        return hashlib.sha256(parts.encode()).hexdigest()

    @property
    def preprocessing(self) -> str:
        """In words, what happens to an image."""
        backbone = self.frozen.backbone
        mean, std = (
            ", ".join(f"{value:g}".removeprefix("0") for value in values)
            for values in (backbone.mean, backbone.std)
        )
        return (
            f"shorter side to {backbone.size} px (bilinear, antialiased), central "
            f"{backbone.size} x {backbone.size}, divided by 255, minus ({mean}), over ({std})"
        )

    @property
    def dense_layers(self) -> str:
        """In words, how the fully connected layers before the last started."""
        if self.trained.kind != "dense":
            return "none"
        return "fresh" if self.determinants["dense"] == "fresh" else "pre-trained"

    @property
    def origin(self) -> str:
        """In words, where the weights come from."""
        backbone = self.frozen.backbone
        dense = {
            "none": "",
            "fresh": "; its fully connected layers started afresh",
            "pre-trained": "; its fully connected layers started from their pre-training",
        }[self.dense_layers]
        return (
            f"pre-trained on {backbone.origin} ({backbone.stands_for}); "
            f"head trained on {self.data}{dense}"
        )

    @property
    def record(self) -> dict[str, Any]:
        """Everything a report may want to say about the weights."""
        backbone, trained = self.frozen.backbone, self.trained
        return {
            **self.determinants,
            "n_train": trained.n_train,
            "n_validation": trained.n_validation,
            "best_epoch": trained.best,
            "validation_accuracy": trained.accuracy,
            "head_sha256": self.head_sha256,
            "dense_layers": self.dense_layers,
            "pretraining_stands_for": backbone.stands_for,
            "trained_size": backbone.trained_size,
            "input_size": backbone.size,
            "features": _shape_of(backbone),
        }


class Judges:
    """The judges of one design, one for each seed; they share the frozen half.

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
        self._at_hand: OrderedDict[int, Judge] = OrderedDict()
        self._unkept: dict[int, tuple[TrainedHead, str]] = {}

    @cached_property
    def frozen(self) -> FrozenHalf:
        """Load the backbone."""
        wants_dense = self.design.head == "dense" and not self.design.fresh_dense
        backbone = load_backbone(self.design.architecture, self.pretraining, dense=wants_dense)
        backbone.network.to(compute_device())
        return FrozenHalf(backbone)

    def judge(self, seed: int) -> Judge:
        """Give the judge of a seed; its head is trained where neither file nor cache has it.

        Raises
        ------
        ObserverError
            If weights cannot be loaded, or the training fails.
        """
        if seed not in self._at_hand:
            made = self._from_file() or self._from_training(seed)
            room = HEAD_BYTES // sum(value.nbytes for value in made.network.head.parameters())
            while self._at_hand and len(self._at_hand) >= room:
                self._at_hand.popitem(last=False)
            self._at_hand[seed] = made
        return self._at_hand[seed]

    def train(self, seeds: Sequence[int]) -> None:
        """Train the heads that the cache lacks, all in one go; each is kept once it is there."""
        keys = {seed: cache_key(self._determinants(seed)) for seed in seeds}
        due = [seed for seed in seeds if not all(file.is_file() for file in head_files(keys[seed]))]
        self._train(due)

    def _train(self, seeds: Sequence[int]) -> None:
        if not seeds:
            return
        heads = "the head" if len(seeds) == 1 else f"{len(seeds)} heads"
        note(f"training {heads} of {self.design.name} on rendered faces; kept in {cache_folder()}")
        train_heads(
            self.frozen.backbone, self.design.head, self.recipe, seeds,
            fresh_dense=self.design.fresh_dense, finished=self._keep,
        )  # fmt: skip

    def _keep(self, trained: TrainedHead) -> None:
        determinants = self._determinants(trained.seed)
        key = cache_key(determinants)
        digest = write_head(key, trained, determinants)
        if read_head(key) is None:  # the folder cannot be written
            self._unkept[trained.seed] = trained, digest

    def _found(self, seed: int) -> tuple[TrainedHead, str] | None:
        return self._unkept.get(seed) or read_head(cache_key(self._determinants(seed)))

    def _determinants(self, seed: int) -> dict[str, Any]:
        return head_determinants(
            self.frozen.backbone, self.design.head, self.recipe, seed,
            fresh_dense=self.design.fresh_dense,
        )  # fmt: skip

    def _from_training(self, seed: int) -> Judge:
        if (found := self._found(seed)) is None:
            self._train([seed])
            found = self._found(seed)
        if found is None:
            raise ObserverError(f"the head of {self.design.name} was removed while it was read")
        data = f"{found[0].n_train} rendered faces"
        return self._put_together(*found, self._determinants(seed), data)

    def _from_file(self) -> Judge | None:
        path, record = self.pretraining.file, read_record(self.pretraining.file)
        if path is None or record is None:
            return None
        if record.get("observer") != self.design.name:
            raise ObserverError(
                f"a file with a trained head must be this observer's: {path} holds "
                f"'{record.get('observer')}', not '{self.design.name}'"
            )
        trained = read_trained_head(path, record)
        digest = tensors_sha256(trained.head.state_dict())
        determinants = {key: value for key, value in record.items() if key != "epochs"}
        determinants |= {"device": compute_device().type, "dense": record.get("dense", "fresh")}
        return self._put_together(trained, digest, determinants, str(record.get("data", path)))

    def _put_together(
        self, trained: TrainedHead, digest: str, determinants: dict[str, Any], data: str
    ) -> Judge:
        network = JudgingNetwork(self.frozen.backbone.network, trained.head)
        network.to(compute_device()).eval()
        return Judge(self.frozen, network, trained, digest, determinants, data)


def _shape_of(backbone: Backbone) -> str:
    """Say how many features there are, as a feature map where they are one."""
    if isinstance(network := backbone.network, ConvolutionalFeatures):
        grid = network.grid
        return f"{grid} x {grid} x {backbone.n_features // grid**2}"
    return str(backbone.n_features)
