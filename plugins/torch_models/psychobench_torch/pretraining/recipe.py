"""What determines a pre-training; no torch here."""

from __future__ import annotations

from dataclasses import dataclass

from psychobench.plugins import OptionError
from psychobench_torch.networks.recipe_values import OPTIMIZERS, value_faults

RECIPE_VERSION = "3"  # raise it where the code comes to train otherwise by equal recipes
CHOICES = {
    "classifier": ("pooled", "dense"),
    "optimizer": OPTIMIZERS,
    "schedule": ("one cycle", "constant"),
    "keep": ("last", "best"),
}


@dataclass(frozen=True)
class Stage:
    """A stretch of training at one image size.

    Parameters
    ----------
    size : int
        Width and height of the training views, in pixels.
    presentations : int, optional
        Images shown; or give `epochs`.
    batch : int
        Images in a step of the optimiser, over all processes together.
    epochs : float, optional
        Passes through the training images, instead of `presentations`.

    Raises
    ------
    OptionError
        If a value cannot be followed.
    """

    size: int
    presentations: int | None = None
    batch: int = 128
    epochs: float | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("presentations", "epochs") if getattr(self, name) is not None]
        faults = value_faults(self, least={"size": 1, "batch": 1}, positive=given)
        if len(given) != 1:
            faults.append(
                "length must be given as either presentations or epochs: "
                f"it has {' and '.join(given) or 'neither'}"
            )
        if faults:
            raise OptionError(*(f"a stage's {fault}" for fault in faults))

    def steps(self, n_images: int) -> int:
        """Count the optimiser's steps, for `n_images` training images.

        Examples
        --------
        >>> Stage(64, 1_000, 128).steps(500), Stage(64, batch=32, epochs=2).steps(500)
        (7, 31)
        """
        shown = self.presentations
        return int((self.epochs or 0) * n_images if shown is None else shown) // self.batch


@dataclass(frozen=True)
class PretrainingRecipe:
    """Everything that determines a pre-training but its images and the machine's rounding.

    The defaults made the bundled weights.

    Parameters
    ----------
    architecture : str
        ``alexnet``, ``vgg11``, ``vgg13`` or ``vgg16``.
    classifier : {"pooled", "dense"}
        What is trained on the convolutions: one linear layer over their mean-pooled channels, or
        the network's own fully connected layers.
    n_images, image_size : int
        How many images a renderer draws to train on, and their width and height in pixels; not
        heeded for images that are there.
    stages : tuple of Stage
        Small images first: most of the learning at a third of the time.
    optimizer : {"adamw", "adam", "sgd", "rmsprop"}
        sgd with momentum .9.
    learning_rate : float
        Constant, or the peak of the one-cycle schedule.
    schedule : {"one cycle", "constant"}
    warm_up : float
        Share of the steps in which one cycle rises.
    weight_decay, smoothing : float
        Of the optimiser; of the labels.
    smallest_crop : float
        See `psychobench_torch.networks.images.random_views`.
    equalise : bool
        Scale the last convolution's channels alike at the end, see
        `psychobench_torch.pretraining.network.equalise_channels`.
    keep : {"last", "best"}
        Which epoch's weights are kept: best is the one with the highest validation accuracy, the
        first of equals.
    validation_share : float
        Of each class, where the best epoch is kept and the data have no split of their own.
    autocast : bool
        Compute in bfloat16 where the hardware has it; weights stay in float32.
    batch_norm : bool
        Train with batch normalisation behind every convolution, and make it part of the
        convolutions at the end, see `psychobench_torch.networks.batch_norm`: the network stays
        the plain one, and a deep one learns in few steps. In one process only.
    seed : int
        Of initial weights, order, crops, dropout and split.

    Raises
    ------
    OptionError
        If a value cannot be followed.
    """

    architecture: str = "alexnet"
    classifier: str = "pooled"
    n_images: int = 24_500
    image_size: int = 176
    stages: tuple[Stage, ...] = (Stage(128, 150_000, 128), Stage(224, 50_000, 128))
    optimizer: str = "adamw"
    learning_rate: float = 6e-4
    schedule: str = "one cycle"
    warm_up: float = 0.1
    weight_decay: float = 0.02
    smoothing: float = 0.05
    smallest_crop: float = 0.6
    equalise: bool = True
    keep: str = "last"
    validation_share: float = 0.2
    autocast: bool = True
    batch_norm: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        faults = value_faults(
            self,
            choices=CHOICES,
            least={"n_images": 1, "image_size": 1},
            positive=("learning_rate",),
            shares=("warm_up", "smallest_crop", "validation_share"),
        )
        if self.equalise and self.classifier != "pooled":
            faults.append("equal channels need the pooled classifier: set equalise to False")
        if faults:
            raise OptionError(*faults)

    def steps(self, n_images: int) -> int:
        """Count the optimiser's steps over all stages, for `n_images` training images."""
        return sum(stage.steps(n_images) for stage in self.stages)


PAPER_PRETRAINING = PretrainingRecipe(
    classifier="dense",
    n_images=291_502,
    image_size=256,
    stages=(Stage(224, batch=32, epochs=60),),
    optimizer="adam",
    learning_rate=5e-5,
    schedule="constant",
    weight_decay=0.0,
    smoothing=0.0,
    smallest_crop=0.8,
    equalise=False,
    keep="best",
)
"""Ying, Li & Chen (2023, section 2.1.4): the whole network, 60 epochs, batch 32, learning rate
5e-5, crop and flip, the best validation epoch. The paper names neither the optimiser nor the size
of crops: Adam and 80 to 100% of the side are our choice, as is bfloat16."""
