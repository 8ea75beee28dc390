"""The layouts that are known: how each is recognised, and which reader it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from psychobench.plugins import OptionError, ResourceError
from psychobench_torch.data import affectnet, affectnet_npy, imagefolder, table, vggface2
from psychobench_torch.data.listing import Listing, describe_folder

TASKS = ("valence", "classes")


@dataclass(frozen=True)
class DataChoice:
    """What is asked of a data set on disk.

    Parameters
    ----------
    path, validation : pathlib.Path
        The set, and a second one to validate with, of the same layout.
    task : {"valence", "classes"}
        Two classes of faces, negative and positive; or whatever classes the set has.
    layout : str
        One of `LAYOUTS`, or ``auto``.
    limit : int, optional
        Images in all; without it AffectNet gives the paper's 28,765 and 2,999.
    people : int
        How many people are drawn from VGGFace2.
    seed : int
        Of what is drawn.
    happy_class : str, optional
        The class that counts as happy, where that is not plain from its name.
    skip_broken : bool
        Leave out images that are missing or cannot be decoded, and say how many.
    """

    path: Path
    validation: Path | None = None
    task: str = "valence"
    layout: str = "auto"
    limit: int | None = None
    people: int = vggface2.IDENTITIES
    seed: int = 0
    happy_class: str | None = None
    skip_broken: bool = False


class Layout(NamedTuple):
    """How a layout is recognised, what it must hold, and what reads it."""

    fits: Callable[[Path], bool]
    expected: str
    read: Callable[[Path, DataChoice, bool], Listing]


# in the order in which they are tried
LAYOUTS = {
    "csv": Layout(
        Path.is_file, table.EXPECTED, lambda path, choice, _: table.read_table(path, choice.task)
    ),
    "affectnet": Layout(
        affectnet.is_affectnet, affectnet.EXPECTED, lambda path, *_: affectnet.read_affectnet(path)
    ),
    "affectnet-npy": Layout(
        affectnet_npy.is_affectnet_npy,
        affectnet_npy.EXPECTED,
        lambda path, choice, progress: affectnet_npy.read_affectnet_npy(
            path, limit=choice.limit, seed=choice.seed, progress=progress
        ),
    ),
    "vggface2": Layout(
        vggface2.is_vggface2,
        vggface2.EXPECTED,
        lambda path, choice, _: vggface2.read_vggface2(
            path, n_identities=choice.people, seed=choice.seed
        ),
    ),
    "imagefolder": Layout(
        imagefolder.is_imagefolder,
        imagefolder.EXPECTED,
        lambda path, *_: imagefolder.read_imagefolder(path),
    ),
}


def read_listing(choice: DataChoice, *, progress: bool = True) -> Listing:
    """List the images of a set, and of the one that validates it, with the reader they need.

    Raises
    ------
    OptionError
        If an option has a value that it cannot take.
    ResourceError
        If there is no such set, or it is laid out otherwise.
    """
    if choice.task not in TASKS:
        raise OptionError(f"task must be one of {', '.join(TASKS)}: it is '{choice.task}'")
    if choice.limit is not None and choice.limit < 1:
        raise OptionError(f"`limit` must be at least 1: it is {choice.limit}")
    listing = _read(choice.path, choice, progress)
    if choice.validation is None:
        return listing
    return _joined(listing, _read(choice.validation, choice, progress))


def _read(path: Path, choice: DataChoice, progress: bool) -> Listing:
    path = path.expanduser().absolute()
    _check_there(path)
    name = recognise(path) if choice.layout == "auto" else choice.layout
    if name not in LAYOUTS:
        raise OptionError(f"`layout` must be one of auto, {', '.join(LAYOUTS)}: it is '{name}'")
    layout = LAYOUTS[name]
    if path.is_file() != (name == "csv"):
        kind = "file" if path.is_file() else "folder"
        raise ResourceError(f"the layout {name} must be {layout.expected}: {path} is a {kind}")
    if name.startswith("affectnet") and choice.task == "classes":
        raise OptionError(
            "AffectNet must be used for valence: it has no labels of people or objects"
        )
    if name == "vggface2" and choice.task == "valence":
        raise OptionError(
            'VGGFace2 must be used for pre-training (`phase="pretraining"`): it identifies people, '
            "and has no valence"
        )
    return layout.read(path, choice, progress)


def recognise(path: Path | str) -> str:
    """Recognise the layout of a data set.

    Raises
    ------
    ResourceError
        If it has none; says what each must hold and what this folder holds.
    """
    path = Path(path)
    _check_there(path)
    found = next((name for name, layout in LAYOUTS.items() if layout.fits(path)), None)
    if found is None:
        expected = "; ".join(f"{name}: {layout.expected}" for name, layout in LAYOUTS.items())
        raise ResourceError(
            f"a data set must have a known layout ({expected}): {path} holds "
            f"{describe_folder(path)}"
        )
    return found


def _check_there(path: Path) -> None:
    if not path.exists():
        raise ResourceError(
            f"a data set must exist: there is nothing at {path}; name a folder or a table that is "
            "there"
        )


def _joined(training: Listing, validation: Listing) -> Listing:
    """Combine two listings: all of the first for training, all of the second for validation."""
    tables = [training.table.assign(split="train"), validation.table.assign(split="validation")]
    if ("valence" in training.table) != ("valence" in validation.table):
        raise ResourceError(
            "both sets must have a valence, or both labels: "
            f"{training.root} and {validation.root} differ; name sets that have the same"
        )
    return Listing(
        training.layout,
        f"{training.source} and {validation.source}",
        training.root,
        pd.concat(tables, ignore_index=True),
        (*training.notes, *validation.notes),
        (*training.broken, *validation.broken),
        training.size,
    )
