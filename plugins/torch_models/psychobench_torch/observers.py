"""The observers that this package registers; nothing heavy is imported until one is asked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from psychobench.errors import ObserverError, OptionError
from psychobench.responses.protocol import ObserverInfo
from psychobench_torch import __version__
from psychobench_torch.pretraining import Pretraining, choose_pretraining
from psychobench_torch.recipe import TransferRecipe

if TYPE_CHECKING:
    from psychobench_torch.judge import Judge
    from psychobench_torch.networks import FEAlexNet


def fe_alexnet(*, pretraining: str = "procedural-objects", seed: int = 0) -> FEAlexNetObserver:
    """Make the FE-AlexNet observer, which judges whether a face is happy.

    AlexNet's convolutions, frozen, feed an excitation and a linear layer that are trained on
    rendered faces. That happens when the observer is first asked, takes a minute or two, and is
    kept in the user's cache folder.

    Parameters
    ----------
    pretraining : str, default "procedural-objects"
        What the convolutions saw: ``procedural-objects`` (bundled), ``imagenet`` (torchvision's
        weights, one download) or a .safetensors, .pth or .pt file with AlexNet's ``features.*``.
    seed : int, default 0
        Of the training on faces: initial values, split, order.

    Raises
    ------
    OptionError
        If `pretraining` is neither a name nor like a file of weights, or `seed` is not a whole
        number from 0.
    ResourceError
        If the file does not exist.

    References
    ----------
    Ying, H., Li, Y.-F. & Chen, Y. (2023). arXiv:2310.13674, section 2.1.

    Examples
    --------
    >>> observer = fe_alexnet(pretraining="imagenet", seed=3)
    >>> observer.pretraining.origin, observer.seed
    ("ImageNet photographs (torchvision's weights)", 3)
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**63:
        raise OptionError(f"seed must be a whole number from 0 to 2**63 - 1: it is {seed!r}")
    return FEAlexNetObserver(choose_pretraining(pretraining), int(seed))


@dataclass
class FEAlexNetObserver:
    """FE-AlexNet as an observer; see `fe_alexnet`.

    Parameters
    ----------
    pretraining : Pretraining
        Where the convolutions come from.
    seed : int
        Of the training on faces.
    recipe : TransferRecipe
        How the head is trained.
    """

    pretraining: Pretraining
    seed: int = 0
    recipe: TransferRecipe = field(default_factory=TransferRecipe)

    @property
    def info(self) -> ObserverInfo:
        """Who answers; trains the head if need be."""
        from psychobench_torch.images import PREPROCESSING

        judge = self._judge
        trained = judge.trained
        parts = f"{judge.convolutions_sha256} {judge.head_sha256}"
        return ObserverInfo(
            name="fe_alexnet",
            version=__version__,
            labels=("sad", "happy"),
            target="happy",
            preprocessing=PREPROCESSING,
            weights_sha256=hashlib.sha256(parts.encode()).hexdigest(),
            weights_origin=f"convolutions pre-trained on {self.pretraining.origin}; head trained "
            f"on {trained.n_train} rendered faces",
            pretraining=self.pretraining.name,
            deterministic=judge.determinants["device"] == "cpu",
            options={
                **judge.determinants,
                "n_train": trained.n_train,
                "n_validation": trained.n_validation,
                "best_epoch": trained.best,
                "validation_accuracy": trained.epochs[trained.best - 1].accuracy,
                "head_sha256": judge.head_sha256,
            },
        )

    def respond(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Judge images.

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
        if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
            raise ObserverError(
                "images must be uint8 of shape (n, height, width, 3): 'fe_alexnet' was given "
                f"{images.dtype} of shape {images.shape}"
            )
        return self._judge.answer(images)

    @property
    def module(self) -> FEAlexNet:
        """The network itself, for whoever wants its layers; trains the head if need be."""
        return self._judge.network

    @cached_property
    def _judge(self) -> Judge:
        from psychobench_torch.judge import load_judge

        return load_judge(self.pretraining, self.recipe, self.seed)
