"""A finished training in a few sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def describe_head(values: Mapping[str, Any]) -> list[str]:
    """Describe a trained head: what it stands on, what it was trained on, how good it is.

    Parameters
    ----------
    values : mapping
        As `psychobench_torch.training.result.TrainedWeights.to_dict` returns them.
    """
    accuracy = f"{values['validation_accuracy']:.3f}"
    return [
        f"{values['observer']}: the network was pre-trained on {values['pretraining_origin']} "
        f"({values['stands_for']}).",
        f"Its head was trained on {values['n_train']:,} of {values['data']}. Epoch "
        f"{values['best_epoch']} was kept, with an accuracy of {accuracy} on the other "
        f"{values['n_validation']:,}.",
        f"Log odds of {values['classes'][1]} to {values['classes'][0]} among the training labels: "
        f"{values['log_odds']:+.3f}.",
    ]


def describe_network(values: Mapping[str, Any]) -> list[str]:
    """Describe a pre-trained network: what it was trained on, which epoch was kept."""
    return [
        f"{values['architecture']}, pre-trained on {values['n_train']:,} of {values['data']}.",
        f"In the paper's sense this is {values['stands_for']}.",
        f"Epoch {values['epoch_kept']} was kept: {_accuracy(values)}.",
    ]


def _accuracy(values: Mapping[str, Any]) -> str:
    for name in ("held_out", "validation"):
        if (accuracy := values[f"{name}_accuracy"]) is not None:
            chance = values["chance_accuracy"]
            images = name.replace("_", "-")
            return f"accuracy {accuracy:.3f} on {images} images (chance {chance:.3f})"
    return "there were no validation images"
