"""`psychobench attention maps`: where pre-trained networks look in photographs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from psychobench.cli.options import JSON

if TYPE_CHECKING:
    from psychobench_torch.classifier import PretrainedClassifier


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
def maps(
    network: tuple[str, ...],
    images: Path,
    pretraining: str,
    method: tuple[str, ...],
    size: int | None,
    reading: tuple[str, ...],
    out: Path,
    as_json: bool,
) -> None:
    """Map where NETWORKs (alexnet, vgg11, vgg13, vgg16) look in photographs.

    The map explains the class that wins in the classifier of the pre-training, not happy or sad.
    Without ImageNet weights that class is a drawn thing or a rendered person: maps then show the
    method, and are not those of the paper. `psychobench attention compare` sets them beside
    people's fixations.
    """
    import json

    from psychobench.cli.notes import typed
    from psychobench.gaze.images import find_images, image_sizes
    from psychobench.reports.provenance import provenance
    from psychobench.resources import check_writable, staged_folder
    from psychobench.responses.columns import parse_pairs
    from psychobench_torch.attention.attend import check_readings
    from psychobench_torch.attention.observer import METHODS
    from psychobench_torch.classifier import load_classifier
    from psychobench_torch.pretraining import choose_pretraining

    check_writable(out)
    methods = method or METHODS
    for name in methods:
        check_readings(name, {})
    readings = parse_pairs(reading, "--reading", "total=sum")
    _check_known(readings, methods)
    photographs = find_images(images)
    sizes = image_sizes(photographs)
    chosen = choose_pretraining(pretraining)
    document: dict[str, Any] = {"maps": [], "networks": [], "photographs": {"sizes": sizes}}
    with staged_folder(out) as folder:
        for each in network:
            classifier = load_classifier(each, chosen)
            document["networks"].append(_described(classifier, size))
            document["maps"] += _write(classifier, photographs, methods, size, readings, folder)
        document["provenance"] = provenance(
            command=typed(), options={"images": str(images), "methods": list(methods)}, seed=None
        )
        text = json.dumps(document, indent=2, allow_nan=False) + "\n"
        (folder / "maps.json").write_text(text, encoding="utf-8")
    if as_json:
        click.echo(json.dumps(document, indent=2, allow_nan=False))
    n_empty = sum(row["empty"] for row in document["maps"])
    click.echo(
        f"Written to {out}: {len(document['maps'])} maps ({n_empty} point at nothing), maps.json.",
        err=True,
    )


def _write(
    classifier: PretrainedClassifier,
    photographs: list[Path],
    methods: tuple[str, ...],
    size: int | None,
    readings: dict[str, str],
    folder: Path,
) -> list[dict[str, Any]]:
    import json

    import numpy as np

    from psychobench_torch.attention.photographs import map_photographs

    rows = []
    name = f"{classifier.name}-{Path(classifier.pretraining).stem}"
    for found in map_photographs(
        classifier, photographs, methods=methods, size=size, readings=readings, progress=True
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


def _check_known(readings: dict[str, str], methods: tuple[str, ...]) -> None:
    from psychobench.errors import OptionError
    from psychobench_torch.attention.attend import check_readings

    known = {name for method in methods for name in check_readings(method, {})}
    if strange := [name for name in readings if name not in known]:
        raise OptionError(
            f"--reading must be one of the methods' ({', '.join(sorted(known)) or 'none'}): there "
            f"is no '{strange[0]}'"
        )
    for method in methods:
        own = check_readings(method, {})
        check_readings(method, {name: readings[name] for name in own if name in readings})
