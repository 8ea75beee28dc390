"""What `psychobench train` says at its end."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from psychobench_torch.training.folder import WEIGHTS

_COMMON = ("seed", "stands_for", "notes", "sha256")
_KEYS = {
    "transfer": (
        "kind",
        "pretraining",
        "pretraining_origin",
        "data",
        "classes",
        "n_train",
        "n_validation",
        "best_epoch",
        "validation_accuracy",
        "log_odds",
        "size",
    ),
    "pretraining": (
        "architecture",
        "source",
        "data",
        "n_train",
        "epoch_kept",
        "chance_accuracy",
        "validation_accuracy",
        "held_out_accuracy",
        "minutes",
    ),
}


def summary(card: dict[str, Any], observer: str, phase: str, out: Path) -> dict[str, Any]:
    """Pick what matters of a model card, and name the command that uses the weights.

    Returns
    -------
    dict
        Values that JSON takes.
    """
    weights = out / WEIGHTS
    use = ["psychobench", "compare", "--observer", observer, "--pretraining", str(weights)]
    kept = {name: card.get(name) for name in (*_KEYS[phase], *_COMMON)}
    return {
        "observer": observer,
        "phase": phase,
        "weights": str(weights),
        **kept,
        "command": shlex.join(use),
    }


def as_text(result: dict[str, Any]) -> str:
    """Put the summary into a few lines for people."""
    lines = _transfer(result) if result["phase"] == "transfer" else _pretraining(result)
    lines += [f"  {note}." for note in result["notes"] or ()]
    return "\n".join([*lines, "", f"Written to {result['weights']}. To use it:", result["command"]])


def _transfer(result: dict[str, Any]) -> list[str]:
    accuracy = f"{result['validation_accuracy']:.3f}"
    return [
        f"{result['observer']}: the network saw {result['pretraining_origin']} "
        f"({result['stands_for']}).",
        f"Its head was trained on {result['n_train']:,} of {result['data']}; epoch "
        f"{result['best_epoch']} is kept, with accuracy {accuracy} on {result['n_validation']:,} "
        "others.",
        f"Log-odds {result['classes'][1]} : {result['classes'][0]} of its training labels: "
        f"{result['log_odds']:+.3f}.",
    ]


def _pretraining(result: dict[str, Any]) -> list[str]:
    measured = next(
        (
            f"accuracy {result[key]:.3f} on {words} (chance {result['chance_accuracy']:.3f})"
            for key, words in (
                ("held_out_accuracy", "held-out images"),
                ("validation_accuracy", "validation images"),
            )
            if result[key] is not None
        ),
        "no images to validate with",
    )
    return [
        f"{result['architecture']}, pre-trained on {result['n_train']:,} of {result['data']}.",
        f"That is {result['stands_for']}.",
        f"Epoch {result['epoch_kept']} is kept: {measured}.",
    ]
