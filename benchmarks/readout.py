"""What an L2 logistic readout of the same frozen features reaches, and what crops do to a PSE.

    python benchmarks/readout.py procedural-objects

The readout is convex: the same faces give the same weights, so that a difference between two of
them is due to what they were shown. Its penalty is chosen on the validation people of the heads;
accuracies are those on the 2,000 people of the report. For the crops it is trained twice on the
first faces, whole and cropped as in the paper (side 80 to 100%, mirrored), and judges the bundled
continuum whole.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
import torch
from make_heads import REPORT_PEOPLE, REPORT_SEED, accuracies, extractor_of, features_of
from psychobench_torch.heads.recipe import OBSERVERS
from psychobench_torch.networks.images import normalise, random_views, to_tensor
from torch import Tensor, nn

import psychobench as pb
from psychobench.plugins import training_faces

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)  # half of it times the squared length of the weights
CROPPED = 4_000  # faces for the comparison of crops


def fit(features: Tensor, labels: Tensor, penalty: float, steps: int = 60) -> tuple[Tensor, Tensor]:
    """Minimise mean cross-entropy plus the penalty; features are scaled to a spread of one."""
    weight = torch.zeros(features.shape[1], requires_grad=True)
    bias = torch.zeros((), requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=steps, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        scores = features @ weight + bias
        value = nn.functional.binary_cross_entropy_with_logits(scores, labels)
        value = value + penalty / 2 * weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    return weight.detach(), bias.detach()


def p_happy(features: Tensor, fitted: tuple[Tensor, Tensor]) -> np.ndarray:
    """Return P(happy)."""
    return torch.sigmoid(features @ fitted[0] + fitted[1]).double().numpy()


def choose(
    train: Tensor, labels: Tensor, other: Tensor, valence: np.ndarray
) -> tuple[float, tuple[Tensor, Tensor]]:
    """Return the penalty that judges other people best, and the readout."""
    found = {penalty: fit(train, labels, penalty) for penalty in PENALTIES}
    right = {
        penalty: accuracies(p_happy(other, each), valence)["accuracy"]
        for penalty, each in found.items()
    }
    best = max(right, key=lambda penalty: right[penalty])
    return best, found[best]


def curve(shown: Tensor, levels: np.ndarray, fitted: tuple[Tensor, Tensor]) -> dict[str, float]:
    """Fit the answers to the bundled continuum."""
    table = pd.DataFrame(
        {"observer": "readout", "level": levels, "p_target": p_happy(shown, fitted)}
    )
    (row,) = pb.fit(table).to_frame()[["pse", "jnd", "status"]].to_dict("records")
    return row


@torch.inference_mode()
def cropped_features(extractor, images: np.ndarray) -> Tensor:
    """Compute features of one random crop of each image."""
    generator = torch.Generator().manual_seed(0)
    parts = []
    for part in to_tensor(images).split(50):
        views = random_views(part, extractor.size, smallest=0.8, generator=generator)
        parts.append(extractor.network(normalise(views)))
    return torch.cat(parts)


def report(
    train: Tensor, valence: np.ndarray, held: np.ndarray, new: Tensor, new_valence: np.ndarray
) -> None:
    """Print the accuracy of the readout on the people of the report."""
    spread = train.std()
    labels = torch.from_numpy((valence >= 0).astype(np.float32))
    chosen = torch.from_numpy(~held)
    penalty, fitted = choose(
        train[chosen] / spread, labels[chosen], train[~chosen] / spread, valence[held]
    )
    print(
        f"L2 readout, penalty {penalty:g}: {accuracies(p_happy(new / spread, fitted), new_valence)}"
    )


def compare_crops(
    whole: Tensor, cropped: Tensor, valence: np.ndarray, shown: Tensor, levels: np.ndarray
) -> None:
    """Print the PSEs over whole faces of readouts of whole and of cropped ones."""
    spread, labels = whole.std(), torch.from_numpy((valence >= 0).astype(np.float32))
    for penalty in PENALTIES[1:3]:
        for name, features in (("whole", whole), ("cropped", cropped)):
            found = curve(shown / spread, levels, fit(features / spread, labels, penalty))
            print(f"trained on {name} faces, penalty {penalty:g}: {found}")


def main(pretraining: str) -> None:
    """Render, compute features, fit, print."""
    from psychobench_torch.heads.training_images import rendered_faces

    extractor = extractor_of("fe_alexnet", pretraining)
    recipe = OBSERVERS
    asked = recipe.n_identities, recipe.per_identity, recipe.validation_share, recipe.face_seed
    data = rendered_faces(*asked)
    valence = training_faces(recipe.n_identities, 1, seed=recipe.face_seed, size=16).valence
    new = training_faces(REPORT_PEOPLE, 1, seed=REPORT_SEED, progress=True)
    train = features_of(extractor, data.images)
    report(train, valence, data.validation, features_of(extractor, new.images), new.valence)
    stimuli = pb.load_stimuli()
    shown = features_of(extractor, stimuli.images("none"))
    levels = stimuli.table["level"].to_numpy()
    cropped = cropped_features(extractor, data.images[:CROPPED])
    compare_crops(train[:CROPPED], cropped, valence[:CROPPED], shown, levels)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("pretraining", choices=("procedural-objects", "rendered-faces"))
    main(parser.parse_args().pretraining)
