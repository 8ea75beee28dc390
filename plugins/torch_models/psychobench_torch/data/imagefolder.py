"""A folder for each class, as torchvision's ImageFolder has it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from psychobench.plugins import ResourceError
from psychobench_torch.data.listing import Listing, describe_folder, images_below, subfolders

TRAIN = ("train", "training")
VALIDATION = ("val", "valid", "validation")
EXPECTED = "a folder of images for each class, or train/ and val/ that hold such folders"


def is_imagefolder(root: Path) -> bool:
    """Whether a folder holds two folders or more with images in one of them."""
    train, _ = _parts(root)
    folders = _classes(train)
    return len(folders) > 1 and any(images_below(folder) for folder in folders.values())


def read_imagefolder(root: Path) -> Listing:
    """List images in folders named after their classes.

    Raises
    ------
    ResourceError
        If there are no two classes, one has no images, or validation has a class of its own.
    """
    train, validation = _parts(root)
    classes = _classes(train)
    if len(classes) < 2:
        raise ResourceError(
            f"a data folder must hold {EXPECTED}, and two classes at least: "
            f"{train} holds {describe_folder(train)}"
        )
    strange = sorted(set(_classes(validation)) - set(classes)) if validation else []
    if validation and strange:
        raise ResourceError(
            f"every class must be in training: {', '.join(strange)} of {validation} "
            f"is not in {train}; remove that folder, or add images of it there"
        )
    rows = _rows(train, "train" if validation else "")
    filled = {label for _, label, _ in rows}
    empty = [name for name in classes if name not in filled]
    if empty:
        raise ResourceError(
            f"every class must have images: {', '.join(empty)} in {train} has none "
            f"(it holds {describe_folder(classes[empty[0]])}); fill or remove that folder"
        )
    if validation:
        rows += _rows(validation, "validation")
    unused = [name for name in subfolders(root) if name == "test" and train != root]
    notes = tuple(f"the folder {name} is not used" for name in unused)
    table = pd.DataFrame(rows, columns=["path", "label", "split"])
    return Listing("imagefolder", f"images in the folder {root.name}", root, table, notes)


def _parts(root: Path) -> tuple[Path, Path | None]:
    """Return the folders for training and for validation, where they are separate."""
    folders = subfolders(root)
    train = next((folders[name] for name in TRAIN if name in folders), None)
    if train is None:
        return root, None
    return train, next((folders[name] for name in VALIDATION if name in folders), None)


def _classes(folder: Path | None) -> dict[str, Path]:
    return subfolders(folder) if folder else {}


def _rows(folder: Path, split: str) -> list[tuple[str, str, str]]:
    return [
        (path, name, split)
        for name, place in subfolders(folder).items()
        for path in images_below(place)
    ]
