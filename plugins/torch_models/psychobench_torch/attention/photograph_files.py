"""Maps of photographs, written into a folder that `psychobench.compare_maps` reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from psychobench.plugins import (
    check_output_folder,
    find_images,
    image_sizes,
    output_folder,
    parse_names,
    parse_pairs,
    provenance,
)
from psychobench_torch.attention.attend import own_readings
from psychobench_torch.attention.interface import METHODS
from psychobench_torch.attention.photographs import map_photographs
from psychobench_torch.extractors import pretrained_classifier
from psychobench_torch.extractors.pretrained_classifier import PretrainedClassifier
from psychobench_torch.networks.weights_origin import Pretraining, choose_pretraining

KIND = "maps of photographs"


@dataclass(frozen=True)
class _Plan:
    """The arguments, read and checked."""

    networks: tuple[str, ...]
    photographs: list[Path]
    sizes: dict[str, tuple[int, int]]
    pretraining: Pretraining
    methods: tuple[str, ...]
    size: int | None
    readings: dict[str, str]


def write_photograph_maps(
    networks: str | Sequence[str],
    images: str | PathLike[str],
    out: str | PathLike[str],
    *,
    pretraining: str = "procedural-objects",
    methods: str | Sequence[str] | None = None,
    size: int | None = None,
    readings: Any = None,
    command: str | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> dict[str, Any]:
    """Map where pre-trained networks look in photographs, and write the maps into a folder.

    The maps explain the class that wins in the classifier that the network was pre-trained with.

    Parameters
    ----------
    networks : str or sequence of str
        ``alexnet``, ``vgg11``, ``vgg13``, ``vgg16``.
    images : str or path
        Folder of photographs; PASCAL VOC's folders are known.
    out : str or path
        Gets ``NETWORK-PRETRAINING/METHOD/IMAGE.npz`` and ``maps.json``, all of it or nothing.
    pretraining : str
        What the networks were pre-trained on: a name or a file of weights.
    methods : str or sequence of str, optional
        Names of `METHODS`; all by default.
    size : int, optional
        Width and height in pixels at which networks see the photographs; as in training by
        default.
    readings : mapping, str or list of str, optional
        Choices that a method leaves open, such as ``{"total": "sum"}``.
    command : str, optional
        What to record as the command that made the maps.
    overwrite : bool
        Whether to replace files that psychobench did not write there, or that were edited.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    dict
        What ``maps.json`` holds: ``maps`` (one row each), ``networks``, ``photographs``,
        ``provenance``.

    Raises
    ------
    PsychobenchError
        If an argument is wrong, a photograph cannot be read, or `out` cannot be written.
    """
    folder = Path(out)
    check_output_folder(folder, ["maps.json"], kind=KIND, overwrite=overwrite)
    plan = _plan(networks, Path(images), pretraining, methods, size, readings)
    options = {
        "networks": list(plan.networks),
        "images": str(images),
        "pretraining": pretraining,
        "methods": list(plan.methods),
        "size": size,
        "readings": plan.readings,
        "out": str(out),
    }
    with output_folder(folder, kind=KIND, overwrite=overwrite, inputs=[Path(images)]) as place:
        document = _map_all(plan, place, progress)
        document["provenance"] = provenance(command=command, options=options, seed=None)
        text = json.dumps(document, indent=2, allow_nan=False)
        (place / "maps.json").write_text(text + "\n", encoding="utf-8")
    return document


def _plan(
    networks: str | Sequence[str],
    images: Path,
    pretraining: str,
    methods: str | Sequence[str] | None,
    size: int | None,
    readings: Any,
) -> _Plan:
    """Check everything before a network is loaded."""
    names = parse_names(networks, "networks")
    for name in names:
        pretrained_classifier.check_architecture(name)
    chosen = parse_names(methods, "methods") or METHODS
    read = parse_pairs(readings, "readings", "total=sum")
    own_readings(chosen, read)
    photographs = find_images(images)
    sizes = image_sizes(photographs)
    return _Plan(names, photographs, sizes, choose_pretraining(pretraining), chosen, size, read)


def _map_all(plan: _Plan, folder: Path, progress: bool) -> dict[str, Any]:
    """Write every network's maps; describe them and the networks."""
    document: dict[str, Any] = {
        "maps": [],
        "networks": [],
        "photographs": {"sizes": plan.sizes},
    }
    for name in plan.networks:
        classifier = pretrained_classifier.load_classifier(name, plan.pretraining)
        document["networks"].append(_described(classifier, plan.size))
        document["maps"] += _write(classifier, plan, folder, progress)
    return document


def _write(
    classifier: PretrainedClassifier, plan: _Plan, folder: Path, progress: bool
) -> list[dict[str, Any]]:
    rows = []
    name = f"{classifier.name}-{Path(classifier.pretraining).stem}"
    for found in map_photographs(
        classifier,
        plan.photographs,
        methods=plan.methods,
        size=plan.size,
        readings=plan.readings,
        progress=progress,
    ):
        for source, maps in found.maps.items():
            row = {
                "source": f"{name}/{source}",
                "image": found.image,
                "winning": found.winning,
                "method": maps.method,
                "layer": maps.layer,
                "options": dict(maps.options),
                "empty": bool(maps.empty[0]),
            }
            path = folder / name / source / f"{found.image}.npz"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(path, map=maps.maps[0], about=np.array(json.dumps(row)))
            rows.append(row)
    return rows


def _described(classifier: PretrainedClassifier, size: int | None) -> dict[str, Any]:
    return {
        "network": classifier.name,
        "pretraining": classifier.pretraining,
        "origin": classifier.origin,
        "trained_size": classifier.size,
        "seen_at": size or classifier.size,
        "n_classes": len(classifier.classes) or None,
        "weights_sha256": classifier.sha256,
    }
