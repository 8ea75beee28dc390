"""VGGFace2: a folder for each person, n000002 and so on, in train and test."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from psychobench.plugins import ResourceError
from psychobench_torch.data.listing import Listing, describe_folder, images_below, subfolders

IDENTITIES = 1_000  # drawn by Ying, Li & Chen (2023)
VALIDATION_SHARE = 0.2  # of each person's images; the paper has 72,378 of 363,880
EXPECTED = "train/n000002/0001_01.jpg ...: a folder for each person, named n and six digits"
_PERSON = re.compile(r"n\d{6}")
_OWN_SPLIT = ("val", "valid", "validation")


def is_vggface2(root: Path) -> bool:
    """Whether a folder looks like VGGFace2."""
    return bool(_people(_train(root)))


def read_vggface2(root: Path, *, n_identities: int = IDENTITIES, seed: int = 0) -> Listing:
    """List the images of people drawn at random, the same in training and validation.

    VGGFace2's own test folder shows other people than its train folder, so it cannot validate who
    they are. People are drawn from train; a fifth of each one's images, drawn by `seed`, is kept
    for validation, unless a folder val, valid or validation shows them.

    Parameters
    ----------
    root : pathlib.Path
        The folder that holds train, or the folders of people themselves.
    n_identities : int
        How many people; all where there are fewer.
    seed : int
        Of people and split.

    Raises
    ------
    ResourceError
        If the folder is laid out otherwise, or a person has fewer than two images.

    References
    ----------
    Cao, Q., Shen, L., Xie, W., Parkhi, O. M. & Zisserman, A. (2018). VGGFace2. Automatic Face and
    Gesture Recognition, 67-74.
    """
    people = _people(_train(root))
    if not people:
        raise ResourceError(f"VGGFace2 must hold {EXPECTED}: {root} holds {describe_folder(root)}")
    rng = np.random.default_rng(seed)
    drawn = sorted(rng.permutation(sorted(people))[:n_identities].tolist())
    own = next((folder for name in _OWN_SPLIT if (folder := root / name).is_dir()), None)
    rows = []
    for name in drawn:
        shown = images_below(people[name])
        held = images_below(own / name) if own else []
        if len(shown) + len(held) < 2 or (own and not held):
            raise ResourceError(
                f"every person must have images for training and for validation: {name} in {root} "
                f"has {len(shown)} in training{f' and {len(held)} in {own.name}' if own else ''}; "
                "remove that folder"
            )
        n_held = max(1, round(VALIDATION_SHARE * len(shown)))
        held_out = set() if own else set(rng.permutation(len(shown))[:n_held].tolist())
        splits = ["validation" if i in held_out else "train" for i in range(len(shown))]
        rows += [(path, name, split) for path, split in zip(shown, splits, strict=True)]
        rows += [(path, name, "validation") for path in held]
    return Listing(
        "vggface2",
        f"VGGFace2 photographs of {len(drawn):,} people",
        root,
        pd.DataFrame(rows, columns=["path", "label", "split"]),
        tuple(_notes(root, len(drawn), len(people), n_identities, own)),
    )


def _notes(root: Path, n: int, there: int, asked: int, own: Path | None) -> list[str]:
    notes = [f"{n:,} of {there:,} people are drawn, the same for training and validation"]
    if there < asked:
        notes = [f"all {there:,} people are taken, as there are fewer than {asked:,}"]
    if own is None:
        notes.append(f"{VALIDATION_SHARE:.0%} of each person's images, drawn by seed, validate")
    if (root / "test").is_dir():
        notes.append("the folder test is not used: it shows other people")
    return notes


def _train(root: Path) -> Path:
    return root / "train" if (root / "train").is_dir() else root


def _people(folder: Path) -> dict[str, Path]:
    return {name: path for name, path in subfolders(folder).items() if _PERSON.fullmatch(name)}
