"""`psychobench attention maps`: where pre-trained networks look in photographs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from psychobench.cli.options import JSON

if TYPE_CHECKING:
    from psychobench_torch.extractors.pretrained_classifier import PretrainedClassifier
    from psychobench_torch.networks.weights_origin import Pretraining


@click.command()
@click.argument("network", nargs=-1, required=True)
@click.option(
    "--images",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Photographs; VOC2007's folders are known.",
)
@click.option(
    "--pretraining",
    default="procedural-objects",
    show_default=True,
    metavar="NAME|FILE",
    help="What the networks were pre-trained on, with the classifier of that.",
)
@click.option(
    "--method",
    multiple=True,
    metavar="NAME",
    help="cam, gradcam, guided-backprop, guided-gradcam, layercam or dense; repeat for several.  "
    "[default: all]",
)
@click.option(
    "--size",
    type=click.IntRange(min=64),
    metavar="PX",
    help="Width and height at which networks see the photographs.  [default: as in training]",
)
@click.option(
    "--reading",
    multiple=True,
    metavar="NAME=VALUE",
    help="A reading of a method, such as total=sum for dense; repeat for several.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Write NETWORK-PRETRAINING/METHOD/IMAGE.npz and maps.json here.",
)
@JSON
def maps(network: tuple[str, ...], out: Path, as_json: bool, **options: Any) -> None:
    """Map where NETWORKs (alexnet, vgg11, vgg13, vgg16) look in photographs.

    The map explains the class that wins in the classifier of the pre-training, not happy or sad.
    Without ImageNet weights that class is a drawn thing or a rendered person: maps then show the
    method, and are not those of the paper. `psychobench attention compare` sets them beside
    people's fixations.
    """
    import json

    from psychobench.cli.notes import typed
    from psychobench.reports.provenance import provenance
    from psychobench.resources import check_writable, staged_folder

    check_writable(out)
    asked = _checked(network, **options)
    with staged_folder(out) as folder:
        document = _map_all(asked, folder)
        document["provenance"] = provenance(
            command=typed(),
            options={
                "networks": asked.networks,
                "images": str(options["images"]),
                "pretraining": options["pretraining"],
                "methods": asked.methods,
                "size": asked.size,
                "readings": asked.readings,
                "out": str(out),
            },
            seed=None,
        )
        text = json.dumps(document, indent=2, allow_nan=False)
        (folder / "maps.json").write_text(text + "\n", encoding="utf-8")
    if as_json:
        click.echo(text)
    n_empty = sum(row["empty"] for row in document["maps"])
    click.echo(
        f"Written to {out}: {len(document['maps'])} maps ({n_empty} point at nothing), maps.json.",
        err=True,
    )


@dataclass(frozen=True)
class _Asked:
    """The options, checked and read."""

    networks: list[str]
    photographs: list[Path]
    sizes: dict[str, tuple[int, int]]
    pretraining: Pretraining
    methods: list[str]
    size: int | None
    readings: dict[str, str]


def _checked(
    network: tuple[str, ...],
    *,
    images: Path,
    pretraining: str,
    method: tuple[str, ...],
    size: int | None,
    reading: tuple[str, ...],
) -> _Asked:
    from psychobench.gaze.photographs import find_images, image_sizes
    from psychobench.trials.columns import parse_names, parse_pairs
    from psychobench_torch.attention.attend import own_readings
    from psychobench_torch.attention.observer import METHODS
    from psychobench_torch.extractors.pretrained_classifier import check_architecture
    from psychobench_torch.networks.weights_origin import choose_pretraining

    networks = list(parse_names(network, "networks"))
    for name in networks:
        check_architecture(name)
    methods = list(method or METHODS)
    readings = parse_pairs(reading, "reading", "total=sum")
    own_readings(methods, readings)
    photographs = find_images(images)
    sizes = image_sizes(photographs)
    chosen = choose_pretraining(pretraining)
    return _Asked(networks, photographs, sizes, chosen, methods, size, readings)


def _map_all(asked: _Asked, folder: Path) -> dict[str, Any]:
    """Write every network's maps; describe them and the networks."""
    from psychobench_torch.extractors.pretrained_classifier import load_classifier

    document: dict[str, Any] = {
        "maps": [],
        "networks": [],
        "photographs": {"sizes": asked.sizes},
    }
    for name in asked.networks:
        classifier = load_classifier(name, asked.pretraining)
        document["networks"].append(_described(classifier, asked.size))
        document["maps"] += _write(classifier, asked, folder)
    return document


def _write(classifier: PretrainedClassifier, asked: _Asked, folder: Path) -> list[dict[str, Any]]:
    import json

    import numpy as np

    from psychobench_torch.attention.photographs import map_photographs

    rows = []
    name = f"{classifier.name}-{Path(classifier.pretraining).stem}"
    for found in map_photographs(
        classifier,
        asked.photographs,
        methods=asked.methods,
        size=asked.size,
        readings=asked.readings,
        progress=True,
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
