"""Train the heads that come with the plug-in, and measure them on people nobody trained on.

    python benchmarks/make_heads.py train fe_alexnet procedural-objects --seeds 10
    python benchmarks/make_heads.py measure fe_alexnet procedural-objects

`train` writes a file for each seed, and the model card, into the plug-in's `weights/heads`; seeds
that are there stay. The recipe is fixed in `psychobench_torch.heads.recipe`: it was chosen on the
accuracy on people of seed 200 alone. `measure` adds to the card what became of the heads: how well
they judge 2,000 people of seed 300, and their curves over the bundled continuum, whose face is
nobody's they were trained on. No head is replaced for what is found.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from psychobench_torch.extractors.convolutions import load_extractor
from psychobench_torch.heads.kept_heads import head_bytes, head_record
from psychobench_torch.heads.recipe import OBSERVERS
from psychobench_torch.heads.shipped_cards import FOLDER, shared_determinants
from psychobench_torch.heads.shipped_heads import read_shipped
from psychobench_torch.heads.trained_head import TrainedHead
from psychobench_torch.heads.transfer import head_determinants, initial_head, train_heads
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.networks.images import fit_square, normalise, to_tensor
from psychobench_torch.networks.weights_origin import choose_pretraining
from psychobench_torch.observers.designs import DESIGNS
from psychobench_torch.storage.store import json_bytes
from psychobench_torch.storage.weight_files import tensors_sha256
from psychobench_torch.version import __version__

import psychobench as pb
from psychobench.plugins import RENDERER_VERSION, training_faces

REPORT_SEED, REPORT_PEOPLE = 300, 2_000
CLEAR = 0.3  # |valence| from which a face counts as clearly sad or happy
MASKS = ("none", "eyes", "nose", "mouth")
BUILT_IN = (
    "Built in, and no discovery: a training face counts as happy where its valence is 0 or more, "
    "and valence 0 is level .5 of the continuum, so that a PSE near .5 is what the labels ask for. "
    "The trainings of one observer share their convolutions and their training faces: their "
    "scatter is that of initial values, order and dropout alone."
)


def train(observer: str, pretraining: str, seeds: list[int], folder: Path = FOLDER) -> None:
    """Train the heads of the seeds that the folder lacks, and enter them in the card."""
    design = DESIGNS[observer]
    extractor = extractor_of(observer, pretraining)
    missing = [seed for seed in seeds if not file_of(observer, pretraining, seed, folder).is_file()]
    for trained in train_heads(
        extractor, design.head, OBSERVERS, missing, fresh_dense=design.fresh_dense
    ):
        enter(observer, pretraining, extractor, trained, folder)


def enter(
    observer: str, pretraining: str, extractor: FeatureExtractor, trained: TrainedHead, folder: Path
) -> None:
    """Write a head's file and what the card says of it."""
    folder.mkdir(parents=True, exist_ok=True)
    design = DESIGNS[observer]
    initial = initial_head(extractor, design.head, trained.seed, fresh_dense=design.fresh_dense)
    data, path = head_bytes(trained), file_of(observer, pretraining, trained.seed, folder)
    determinants = head_determinants(
        extractor, design.head, OBSERVERS, trained.seed, fresh_dense=design.fresh_dense
    )
    entry = {
        "file": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "initial_sha256": tensors_sha256(initial.state_dict()),
        **head_record(trained),
    }
    card = read_card(observer, pretraining, folder) or {
        "name": f"{observer}-{pretraining}",
        "observer": observer,
        "pretraining": pretraining,
        "what": "trained heads, each kept as the change of its initial values: large layers at "
        f"rank {OBSERVERS.rank} in 8 bits, the others in float16",
        "data": f"{trained.n_train:,} rendered faces, one of each person, and "
        f"{trained.n_validation:,} other people to choose the epoch",
        "determinants": shared_determinants(determinants),
        "renderer_version": RENDERER_VERSION,
        "made_with": f"psychobench-torch {__version__}, torch {torch.__version__}",
        "built_in": BUILT_IN,
        "heads": [],
    }
    others = [each for each in card["heads"] if each["seed"] != trained.seed]
    card["heads"] = sorted([*others, entry], key=lambda each: int(each["seed"]))
    path.write_bytes(data)
    write_card(observer, pretraining, card, folder)


def measure(observer: str, pretraining: str, folder: Path = FOLDER) -> None:
    """Add to the card how the heads judge new people, and their curves."""
    card = read_card(observer, pretraining, folder)
    assert card is not None, "train the heads first"
    extractor = extractor_of(observer, pretraining)
    faces, valence = report_faces(extractor)
    stimuli = pb.load_stimuli()
    shown = features_of(extractor, np.concatenate([stimuli.images(mask) for mask in MASKS]))
    levels = np.tile(stimuli.table["level"].to_numpy(), len(MASKS))
    conditions = np.repeat(MASKS, len(stimuli.table))
    for entry in card["heads"]:
        head = head_of(entry, observer, extractor, folder)
        entry |= accuracies(answers(head, faces), valence)
        table = pd.DataFrame({"condition": conditions, "level": levels})
        table["p_target"] = answers(head, shown)
        entry |= curves(table.assign(observer=observer))
    card["report"] = summary(card["heads"])
    write_card(observer, pretraining, card, folder)


def head_of(
    entry: dict[str, Any], observer: str, extractor: FeatureExtractor, folder: Path
) -> torch.nn.Module:
    """Read a head as an observer does."""
    design = DESIGNS[observer]
    trained, _ = read_shipped(
        entry,
        lambda: initial_head(extractor, design.head, entry["seed"], fresh_dense=design.fresh_dense),
        folder,
    )
    return trained.head


def accuracies(p_happy: np.ndarray, valence: np.ndarray) -> dict[str, float]:
    """Return the share of faces that are judged right: of all, and of the clear ones."""
    right = (p_happy >= 0.5) == (valence >= 0)
    clear = np.abs(valence) >= CLEAR
    return {
        "accuracy": round(float(right.mean()), 4),
        "accuracy_clear": round(float(right[clear].mean()), 4),
    }


def curves(table: pd.DataFrame) -> dict[str, Any]:
    """Return P(happy) at both ends, and what is fitted under each mask."""
    fitted = pb.fit(table).to_frame().set_index("condition")
    whole = table[table["condition"] == "none"].groupby("level")["p_target"].mean()
    return {
        "p_happy_at_0": round(float(whole.iloc[0]), 4),
        "p_happy_at_1": round(float(whole.iloc[-1]), 4),
        "curves": {
            mask: {
                "pse": _number(fitted.loc[mask, "pse"]),
                "jnd": _number(fitted.loc[mask, "jnd"]),
                "status": str(fitted.loc[mask, "status"]),
            }
            for mask in MASKS
        },
    }


def summary(heads: list[dict[str, Any]]) -> dict[str, Any]:
    """Summarise all trainings: accuracies, ends, PSEs and how many have one under each mask."""
    columns = ("accuracy", "accuracy_clear", "p_happy_at_0", "p_happy_at_1")
    values = pd.DataFrame([{name: head[name] for name in columns} for head in heads])
    under = {mask: [head["curves"][mask] for head in heads] for mask in MASKS}
    pse = {
        mask: [each["pse"] for each in found if each["status"] == "ok"]
        for mask, found in under.items()
    }
    return {
        "people": f"{REPORT_PEOPLE:,} of seed {REPORT_SEED}, one face each",
        "clear": CLEAR,
        "trainings": len(heads),
        "accuracy_mean": round(float(values["accuracy"].mean()), 4),
        "accuracy_worst": float(values["accuracy"].min()),
        "accuracy_clear_mean": round(float(values["accuracy_clear"].mean()), 4),
        "accuracy_clear_worst": float(values["accuracy_clear"].min()),
        "p_happy_at_0_most": float(values["p_happy_at_0"].max()),
        "p_happy_at_1_least": float(values["p_happy_at_1"].min()),
        "masks": {
            mask: {
                "ok": sum(each["status"] == "ok" for each in found),
                "pse_mean": round(float(np.mean(pse[mask])), 3) if pse[mask] else None,
                "pse_sd": round(float(np.std(pse[mask], ddof=1)), 3) if pse[mask][1:] else None,
                "pse_least": min(pse[mask], default=None),
                "pse_most": max(pse[mask], default=None),
            }
            for mask, found in under.items()
        },
    }


def extractor_of(observer: str, pretraining: str) -> FeatureExtractor:
    """Load the frozen network."""
    design = DESIGNS[observer]
    return load_extractor(
        design.architecture, choose_pretraining(pretraining), dense=design.wants_dense
    )


def report_faces(extractor: FeatureExtractor) -> tuple[torch.Tensor, np.ndarray]:
    """Return features and valences of the people of the report."""
    faces = training_faces(REPORT_PEOPLE, 1, seed=REPORT_SEED, progress=True)
    return features_of(extractor, faces.images), faces.valence


@torch.inference_mode()
def features_of(extractor: FeatureExtractor, images: np.ndarray) -> torch.Tensor:
    """Compute features of images as an observer sees them, in float32."""
    parts = [
        extractor.network(normalise(fit_square(part, extractor.size)))
        for part in to_tensor(images).split(50)
    ]
    return torch.cat(parts)


@torch.inference_mode()
def answers(head: torch.nn.Module, features: torch.Tensor) -> np.ndarray:
    """Return P(happy)."""
    scores = torch.cat([head(part.float()) for part in features.split(250)])
    return scores.double().softmax(1)[:, 1].numpy()


def file_of(observer: str, pretraining: str, seed: int, folder: Path) -> Path:
    """Return where a head is kept."""
    return folder / f"{observer}-{pretraining}-{seed}.safetensors"


def read_card(observer: str, pretraining: str, folder: Path) -> dict[str, Any] | None:
    """Read the model card, if there is one."""
    path = folder / f"{observer}-{pretraining}.json"
    card: dict[str, Any] | None = json.loads(path.read_text("utf-8")) if path.is_file() else None
    return card


def write_card(observer: str, pretraining: str, card: dict[str, Any], folder: Path) -> None:
    """Write the model card."""
    (folder / f"{observer}-{pretraining}.json").write_bytes(json_bytes(card))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("train", "measure"))
    parser.add_argument("observer", choices=sorted(DESIGNS))
    parser.add_argument("pretraining", choices=("procedural-objects", "rendered-faces"))
    parser.add_argument("--seeds", type=int, default=10)
    asked = parser.parse_args()
    if asked.what == "train":
        train(asked.observer, asked.pretraining, list(range(asked.seeds)))
    else:
        measure(asked.observer, asked.pretraining)
