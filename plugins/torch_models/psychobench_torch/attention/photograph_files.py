"""Maps of photographs, written into a folder that `psychobench.compare_maps` reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike
from typing import Any

from psychobench.plugins import PhotographMapping
from psychobench_torch.attention.attend import own_readings
from psychobench_torch.attention.interface import METHODS
from psychobench_torch.attention.photographs import PhotographMaps, map_photographs
from psychobench_torch.extractors import pretrained_classifier
from psychobench_torch.extractors.pretrained_classifier import PretrainedClassifier
from psychobench_torch.networks.weights_origin import Pretraining, choose_pretraining


def write_photograph_maps(
    networks: str | Sequence[str],
    images: str | PathLike[str],
    out: str | PathLike[str],
    *,
    pretraining: str = "procedural-objects",
    methods: str | Sequence[str] | None = None,
    size: int | None = None,
    readings: Any = None,
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
    plan = PhotographMapping.prepare(
        networks, images, out, methods=methods or METHODS, readings=readings, overwrite=overwrite
    )
    for name in plan.networks:
        pretrained_classifier.check_architecture(name)
    own_readings(plan.methods, plan.readings)
    mapped = _map_all(plan, choose_pretraining(pretraining), size, progress)
    return plan.save(mapped, {"pretraining": pretraining, "size": size})


def _map_all(
    plan: PhotographMapping, pretraining: Pretraining, size: int | None, progress: bool
) -> Iterator[tuple[dict[str, Any], Iterator[PhotographMaps]]]:
    """Yield what is known of each network, with its maps; one network is loaded at a time."""
    for name in plan.networks:
        classifier = pretrained_classifier.load_classifier(name, pretraining)
        yield (
            _described(classifier, size),
            map_photographs(
                classifier,
                list(plan.photographs),
                methods=plan.methods,
                size=size,
                readings=plan.readings,
                progress=progress,
            ),
        )


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
