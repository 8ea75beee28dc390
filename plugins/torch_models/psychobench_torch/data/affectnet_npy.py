"""AffectNet with annotations as small .npy files: train_set and val_set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from psychobench.plugins import ResourceError, read_ahead
from psychobench_torch.data.affectnet import SAMPLE, drop_unjudged
from psychobench_torch.data.listing import SUFFIXES, Listing, describe_folder
from psychobench_torch.data.sampling import shares
from psychobench_torch.data.valence import check_valence, drop_missing_valence

SETS = {"train_set": "train", "val_set": "validation"}
EXPECTED = (
    "train_set/images/0.jpg ... with train_set/annotations/0_val.npy, 0_exp.npy ..., and the same "
    "in val_set if you have it"
)
COLUMNS = ["path", "place", "valence", "expression"]
_BLOCK = 512  # annotations that are read at least before looking at how many are still wanted
_THREADS = 16  # they wait for the disk


def is_affectnet_npy(root: Path) -> bool:
    """Whether a folder looks like AffectNet with .npy annotations."""
    return all((root / "train_set" / name).is_dir() for name in ("images", "annotations"))


def read_affectnet_npy(
    root: Path, *, limit: int | None = None, seed: int = 0, progress: bool = True
) -> Listing:
    """List images of AffectNet, reading no more annotations than are wanted.

    The images are gone through in an order drawn by `seed`, until as many as wanted have a
    valence: reading hundreds of thousands of small files takes minutes on a network disk.

    Parameters
    ----------
    root : pathlib.Path
        The folder that holds `train_set` and `val_set`.
    limit : int, optional
        Images wanted in all; without it the paper's 28,765 for training and 2,999 for validation.
    seed : int
        Of the order.
    progress : bool
        Show a progress bar.

    Raises
    ------
    ResourceError
        If the folder is laid out otherwise.
    """
    if not is_affectnet_npy(root):
        raise ResourceError(
            f"AffectNet with .npy annotations must hold {EXPECTED}: {root} holds "
            f"{describe_folder(root)}"
        )
    parts: list[pd.DataFrame] = []
    broken: list[str] = []
    notes: list[str] = []
    there = {name: n for name, n in zip(SETS, SAMPLE, strict=True) if (root / name).is_dir()}
    wanted = there if limit is None else shares(there, limit)
    for name, n in wanted.items():
        part, faults, said = _read_set(root / name, n, seed, progress)
        parts.append(part.assign(split=SETS[name]))
        broken += faults
        notes += [f"{name}: {note}" for note in said]
    table = pd.concat(parts, ignore_index=True)
    return Listing(
        "affectnet-npy", "AffectNet photographs", root, table, tuple(notes), tuple(broken), SAMPLE
    )


def _read_set(
    folder: Path, wanted: int, seed: int, progress: bool
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Read annotations in random order until enough images have a valence."""
    images = _images(folder)
    stems = sorted(images, key=lambda stem: (len(stem), stem))
    order = [stems[i] for i in np.random.default_rng(seed).permutation(len(stems))]
    blocks: list[pd.DataFrame] = []
    n = start = 0
    with tqdm(desc=f"reading {folder.name}", unit="face", disable=not progress) as bar:
        while start < len(order) and n < wanted:
            block = order[start : start + max(_BLOCK, wanted - n)]
            start += len(block)
            cells = pd.DataFrame(
                {
                    "path": [str(folder / "images" / images[stem]) for stem in block],
                    "place": [f"{folder.name}/annotations/{stem}_val.npy" for stem in block],
                    "valence": _read_all(folder, "val", block),
                    "expression": pd.to_numeric(
                        pd.Series(_read_all(folder, "exp", block)),
                        errors="coerce",
                    ),
                }
            )
            blocks.append(cells)
            valences = drop_unjudged(cells)[0]["valence"]
            n += int(pd.to_numeric(valences, errors="coerce").between(-1, 1).sum())
            bar.update(len(block))
    cells = pd.concat(blocks or [pd.DataFrame(columns=COLUMNS, dtype=str)], ignore_index=True)
    valence, broken = check_valence(cells["valence"], cells["place"])
    expression = pd.to_numeric(cells["expression"], errors="coerce")
    table = cells[["path"]].assign(valence=valence, expression=expression)[valence.notna()]
    table, notes = drop_missing_valence(table)
    table, more = drop_unjudged(table)
    return table, broken, notes + more


def _read_all(folder: Path, kind: str, stems: Sequence[str]) -> list[str]:
    return list(read_ahead(partial(_read, folder, kind), stems, threads=_THREADS))


def _images(folder: Path) -> dict[str, str]:
    """Map the stem of each annotation or image to the image's file name."""
    with os.scandir(folder / "annotations") as entries:
        ends = "_val.npy"
        stems = {e.name.removesuffix(ends) for e in entries if e.name.endswith(ends)}
    found = {stem: f"{stem}.jpg" for stem in stems}
    with os.scandir(folder / "images") as entries:
        there = [Path(e.name) for e in entries if not e.name.startswith(".")]
    return found | {name.stem: name.name for name in there if name.suffix.lower() in SUFFIXES}


def _read(folder: Path, kind: str, stem: str) -> str:
    """Read one annotation as text, whether it was saved as text or as a number; never unpickle."""
    try:
        values = np.load(folder / "annotations" / f"{stem}_{kind}.npy", allow_pickle=False)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, EOFError) as error:
        return f"unreadable: {error}"
    return str(values.item()).strip() if values.size == 1 else f"{values.size} values"
