"""What determines the training of a head; no torch here."""

from __future__ import annotations

from dataclasses import dataclass

from psychobench.plugins import OptionError
from psychobench_torch.networks.recipe_values import OPTIMIZERS, value_faults

RECIPE_VERSION = (
    "5"  # of the code that follows a recipe: raise it where equal recipes train otherwise
)
PRODUCTS = ("float32", "bfloat16")


@dataclass(frozen=True)
class TransferRecipe:
    """How a head is trained.

    Parameters
    ----------
    n_identities, per_identity : int
        How many people, and images of each, are rendered where a training is given no other
        images; valence is uniform over [-1, 1], and a face counts as happy where it is >= 0. In
        as many steps, heads that saw more people, each less often, judge new people better.
    face_seed : int
        Seed of people, valences, views, crops, and of who is kept for validation; one for all
        training runs, which share them.
    validation_share : float
        Share of the people (of the images, where nobody knows who is on them) who are kept for
        validation, where the images come without a split of their own.
    epochs : int
        Passes over the training images.
    batch : int
        Images in a step of the optimiser.
    learning_rate : float
        Of the optimiser.
    optimizer : {"adam", "adamw", "sgd", "rmsprop"}
        With PyTorch's defaults; ``sgd`` has a momentum of .9. The paper names none. Adam is the
        default because it learns at the paper's learning rate, at which plain descent hardly
        moves in 20 epochs, and adds nothing else to choose.
    crops : bool
        Whether training images are cropped and mirrored at random, as in the paper. Else they are
        shown whole, as images are that the head is asked about: heads that were trained on crops,
        in which faces are larger, judge whole faces with another PSE. Rendered people vary in size,
        place, tilt and light already.
    views : int
        Of cropped images. 0: every epoch sees crops of its own, as in the paper. V: every image is
        cropped V times, the features of these views are computed once, and epoch e takes view e
        modulo V.
    average_every : int
        What an epoch gives is the mean of the head's weights over every so many of its steps; 0
        gives the weights of its last step, as in the paper. With few faces single steps move the
        answers to all of them up or down together, so that the PSE would depend on the step at
        which training stops.
    smallest_crop : float
        Training crops are squares with a side between this fraction of the image's and all of it.
    products : {"float32", "bfloat16"}
        In which a head's large layers multiply while they are trained whole; values, gradients and
        optimiser are float32 either way.
    rank : int
        0: heads are trained whole, as in the paper. R: large layers keep their initial values, and
        what is trained is a change to them of that rank, which takes a third of the time and a
        hundredth of the disk; see `psychobench_torch.heads.low_rank`.

    Raises
    ------
    OptionError
        If a value cannot be followed.

    References
    ----------
    Ying, H., Li, Y.-F. & Chen, Y. (2023). arXiv:2310.13674, section 2.1.4: batch, learning
    rate, crop and flip, best epoch.
    Touvron, H. et al. (2019). Fixing the train-test resolution discrepancy. NeurIPS: crops make
    objects larger in training than in testing.

    Examples
    --------
    >>> TransferRecipe().rank, OBSERVERS.rank, PAPER_TRANSFER.epochs
    (0, 32, 20)
    """

    n_identities: int = 10_000
    per_identity: int = 1
    face_seed: int = 0
    validation_share: float = 0.05
    epochs: int = 6
    batch: int = 128
    learning_rate: float = 1e-4
    optimizer: str = "adam"
    crops: bool = False
    views: int = 0
    average_every: int = 4
    smallest_crop: float = 0.8
    products: str = "float32"
    rank: int = 0

    def __post_init__(self) -> None:
        faults = value_faults(
            self,
            choices={"optimizer": OPTIMIZERS, "products": PRODUCTS},
            least=dict.fromkeys(("n_identities", "per_identity", "epochs", "batch"), 1)
            | {"views": 0, "average_every": 0, "rank": 0},
            positive=("learning_rate",),
            shares=("validation_share", "smallest_crop"),
        )
        if faults:
            raise OptionError(*faults)


PAPER_TRANSFER = TransferRecipe(
    epochs=20, batch=32, learning_rate=5e-5, average_every=0, crops=True
)
OWN_IMAGES = TransferRecipe(
    epochs=10, batch=32, learning_rate=5e-5, validation_share=0.2, crops=True
)
"""The quick recipe where images are not rendered: there may be few of them, all of one size."""
OBSERVERS = TransferRecipe(epochs=3, batch=32, learning_rate=1e-3, rank=32)
"""By which registered observers are trained, and the heads that come with the package were."""
