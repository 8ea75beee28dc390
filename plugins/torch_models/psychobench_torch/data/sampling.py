"""Which of the listed images are used, and the class of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd

from psychobench.plugins import OptionError, ResourceError
from psychobench_torch.data.listing import Listing, images, shorten
from psychobench_torch.data.valence import CLASSES, classes_of

# folder names and labels that say by themselves which of two classes is the positive one
_NEGATIVE = {"negative", "sad", "unhappy", "unpleasant"}
_POSITIVE = {"positive", "happy", "pleasant"}
PURPOSES = {"train": "training", "": "training", "validation": "validation"}


def shares(sizes: Mapping[str, int], limit: int) -> dict[str, int]:
    """Share so many images out among splits, in proportion to their sizes; at least one each.

    Examples
    --------
    >>> shares({"train": 9, "validation": 1}, 20)
    {'train': 18, 'validation': 2}
    """
    share = limit / sum(sizes.values())
    return {split: max(1, round(n * share)) for split, n in sizes.items()}


def draw_sample(
    table: pd.DataFrame, size: tuple[int, int] | None, limit: int | None, seed: int
) -> tuple[pd.DataFrame, list[str]]:
    """Take a random sample of listed images, in their order.

    Parameters
    ----------
    table : DataFrame
        At least one row; each `split` is sampled by itself.
    size : tuple of int, optional
        Images for training and validation where there is no limit, and their shares of it.
    limit : int, optional
        Images in all.
    seed : int
        Of the sample.

    Returns
    -------
    table : DataFrame
        The rows that are taken.
    notes : list of str
        How many of how many, where that is not plain.
    """
    there: dict[str, int] = Counter(table["split"])
    base = dict(zip(("train", "validation"), size, strict=True)) if size else there
    wanted = base if size else {}
    if limit is not None:
        wanted = shares({split: base.get(split, n) for split, n in there.items()}, limit)
    rng, chosen, notes = np.random.default_rng(seed), [], []
    for split in sorted(there):
        rows = np.flatnonzero((table["split"] == split).to_numpy())
        n = min(len(rows), wanted.get(split, len(rows)))
        chosen.append(rng.permutation(rows)[:n])
        purpose = f" for {PURPOSES[split]}" if split else ""
        if n < len(rows):
            notes.append(f"drawn with seed {seed}{purpose}: {n:,} of {images(len(rows))}")
        elif n < wanted.get(split, n):
            notes.append(f"taken{purpose}: all {images(n)}, as there are no {wanted[split]:,}")
    return table.iloc[np.sort(np.concatenate(chosen))].reset_index(drop=True), notes


def drop_duplicates(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Leave out rows that repeat another, and images that stand there twice with others.

    Returns
    -------
    table : DataFrame
        Each image once.
    torn : list of str
        Images with two labels, or in training and validation: none of their rows is kept.
    notes : list of str
        How many rows only repeat another.
    """
    repeated = table["path"].duplicated(keep=False)
    if not repeated.any():
        return table, [], []
    kinds = table[repeated].groupby("path")[["label", "split"]].nunique()
    torn = [
        f"{path} has two {'labels' if n_labels > 1 else 'splits'}"
        for path, n_labels, n_splits in kinds.itertuples()
        if max(n_labels, n_splits) > 1
    ]
    whole = table[~table["path"].isin(kinds.index[kinds.max(axis=1) > 1])]
    kept = whole.drop_duplicates("path").reset_index(drop=True)
    n = len(whole) - len(kept)
    return kept, torn, [f"left out as repeated: {images(n)}"] if n else []


def name_classes(
    table: pd.DataFrame, listing: Listing, task: str, target: str | None
) -> tuple[str, ...]:
    """Return the names of the classes; for valence the negative one, then the positive one.

    Raises
    ------
    OptionError
        If it cannot be known which of two classes is the positive one, or `target` is none.
    ResourceError
        If there are too few or too many classes, or a set for valence has none.
    """
    found: tuple[str, ...] = tuple(sorted(set(table["label"])))
    place = f"{len(table):,} images of {listing.root}"
    if len(found) < 2:
        raise ResourceError(
            f"labels must differ: all {place} are {found[0] if found else 'unlabelled'!r}"
            + (" (valence 0 counts as positive)" if "valence" in listing.table else "")
            + "; add images of another class, or raise `limit`"
        )
    if task == "classes":
        return found
    if len(found) > 2:
        raise ResourceError(
            f"there must be two classes: the {place} have {len(found):,} "
            f"({shorten(found)}); name a set with a valence, or keep two of the classes"
        )
    if target is None:
        if set(found) == set(CLASSES):
            return CLASSES
        lower = [name.lower() for name in found]
        for i in (0, 1):
            if lower[i] in _POSITIVE and lower[1 - i] in _NEGATIVE:
                target = found[i]
    if target not in found:
        raise OptionError(
            "`happy_class` must say which of the classes counts as happy: they are "
            f"{found[0]!r} and {found[1]!r}" + (f", and it is {target!r}" if target else "")
        )
    return tuple(sorted(found, key=lambda name: name == target))


def check_splits(table: pd.DataFrame, classes: tuple[str, ...], listing: Listing) -> None:
    """Refuse a training or validation part that lacks a class, or people who are in both.

    Raises
    ------
    ResourceError
        Naming the classes or the people.
    """
    for split, part in table.groupby("split"):
        lacking = [name for name in classes if name not in set(part["label"])]
        if lacking and (split != "validation" or len(classes) == 2):
            raise ResourceError(
                f"every class must have images for {PURPOSES[str(split)]}: "
                f"{shorten(lacking)} has none among the {len(part):,} of {listing.root}; add "
                "some, or raise `limit`"
            )
    if "group" in table and (table["split"] != "").any():
        parts = table.groupby("group")["split"].nunique()
        both = sorted(parts[parts > 1].index)
        if both:
            raise ResourceError(
                "no group may be in both training and validation: "
                f"in {listing.root} these are: {shorten(both)}; give all images "
                "of a group one split"
            )


def with_labels(listing: Listing) -> pd.DataFrame:
    """Return the listing's rows with a label each, derived from valence where there is one."""
    table = listing.table
    if "valence" not in table:
        return table
    return table.assign(label=classes_of(table["valence"]))
