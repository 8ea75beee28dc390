"""What determines the training of a head on rendered faces; no torch here."""

from __future__ import annotations

from dataclasses import dataclass

RECIPE_VERSION = (
    "1"  # of the code that follows a recipe: raise it where equal recipes train otherwise
)


@dataclass(frozen=True)
class TransferRecipe:
    """How a head is trained on rendered faces.

    Parameters
    ----------
    n_identities, per_identity : int
        How many people, and images of each, are rendered; valence is uniform over [-1, 1], and a
        face counts as happy where it is >= 0.
    face_seed : int
        Seed of people, valences, views and crops; one for all training runs, which share them.
    validation_share : float
        Share of the people who are kept for validation.
    epochs : int
        Passes over the training faces.
    batch : int
        Faces in a step of the optimiser.
    learning_rate : float
        Of Adam.
    average_every : int
        What an epoch gives is the mean of the head's weights over every so many of its steps.
        With few faces single steps move the answers to all of them up or down together, so that
        the PSE would depend on the step at which training stops.
    smallest_crop : float
        Training crops are squares with a side between this fraction of the image's and all of it.

    References
    ----------
    Ying, H., Li, Y.-F. & Chen, Y. (2023). arXiv:2310.13674, section 2.1.4: batch, learning
    rate, crop and flip, best epoch. The optimiser is not named there.
    """

    n_identities: int = 400
    per_identity: int = 4
    face_seed: int = 0
    validation_share: float = 0.2
    epochs: int = 10
    batch: int = 32
    learning_rate: float = 5e-5
    average_every: int = 4
    smallest_crop: float = 0.8
