"""Frozen features of training images, each computed once, when it is needed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from math import prod
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from psychobench.plugins import ResourceError, read_ahead
from psychobench_torch.computing.device import (
    compute_device,
    explain_memory,
    fast_autocast,
    fast_dtype,
)
from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.heads.recipe import TransferRecipe
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.networks.images import fit_square, normalise, random_views, to_tensor
from psychobench_torch.storage.store import cache_folder

BATCH = 64  # images whose features are computed at once; independent of the training batch
BUDGET = 2 * 10**9  # bytes of features that are held in memory; beyond it a file holds them
PLAIN = -1  # the number of the view without crop


class Features:
    """Plain features of the validation images, and those of the training images' views.

    Parameters
    ----------
    extractor : Backbone
        Frozen; left as it is.
    data : LabelledImages
        With a split of their own, only the part that is needed is computed.
    recipe : TransferRecipe
        Epochs, views, crops. Views are drawn with its `face_seed`: they are shared by all
        training runs.
    budget : int
        Bytes that may be held in memory.

    Attributes
    ----------
    kept : bool
        Whether every view stays once it is computed. Else each is computed for its epoch, over
        the one before.
    held_bytes : int
        What the features take of the memory; 0 where a file holds them.
    """

    def __init__(
        self, extractor: FeatureExtractor, data: LabelledImages, recipe: TransferRecipe, budget: int
    ) -> None:
        self.extractor, self.data, self.recipe = extractor, data, recipe
        self.device = compute_device()
        everyone = np.arange(len(data.labels))
        own = data.validation
        self._rows = (everyone, everyone) if own is None else (everyone[~own], everyone[own])
        n_train, n_plain = (len(rows) for rows in self._rows)
        self.n_views = (recipe.views or recipe.epochs) if recipe.crops else 1
        bytes_each = extractor.n_features * fast_dtype(self.device).itemsize
        fits = (self.n_views * n_train + n_plain) * bytes_each <= budget
        self.kept = fits or recipe.views > 0 or not recipe.crops
        slots = self.n_views if self.kept else 1
        held = fits or ((n_train + n_plain) * bytes_each <= budget and slots == 1)
        self.held_bytes = (slots * n_train + n_plain) * bytes_each if held else 0
        self._plain = self._room((n_plain, extractor.n_features), mapped=not held)
        self._slots = self._room((slots, n_train, extractor.n_features), mapped=not held)
        self._filled = [PLAIN - 1] * slots
        self._plain_filled = False

    def prepare(self, *, progress: bool = True) -> None:
        """Compute now what is not there yet and stays: plain features, and kept views."""
        views = range(self.n_views) if self.kept else ()
        due = [view for view in views if self._filled[view] != view]
        self._fill(due if self._plain_filled else [PLAIN, *due], progress)
        self._plain_filled = True

    def view(self, epoch: int, rows: Tensor, *, progress: bool = True) -> tuple[Tensor, Tensor]:
        """Return the features that an epoch (from 0) trains on, and the rows of the images in them.

        Returns
        -------
        features : Tensor, shape (n, n_features)
            In the precision they were computed in.
        places : Tensor of int64
            Where the images `rows` are in `features`.
        """
        number = epoch % self.n_views
        if self._filled[number % len(self._slots)] != number:
            self._fill([number], progress)
        return self._slots[number % len(self._slots)], self._places(0, rows)

    def plain(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features of images as an observer is shown them, and the images' rows."""
        return self._plain, self._places(1, rows)

    def _places(self, part: int, rows: Tensor) -> Tensor:
        return torch.from_numpy(np.searchsorted(self._rows[part], rows.numpy()))

    def _room(self, shape: tuple[int, ...], *, mapped: bool) -> Tensor:
        dtype = fast_dtype(self.device)
        needed = prod(shape) * dtype.itemsize
        if self.device.type == "cuda" and needed < torch.cuda.mem_get_info(self.device)[0] // 2:
            return torch.empty(shape, dtype=dtype, device=self.device)
        if mapped:
            return map_file(cache_folder("features"), shape, dtype)
        with explain_memory("computing features", needed):
            return torch.empty(shape, dtype=dtype)

    def _fill(self, views: Sequence[int], progress: bool) -> None:
        total = sum(len(self._rows[view == PLAIN]) for view in views)
        with tqdm(
            total=total, desc="computing features", unit="image", disable=not progress or not views,
            leave=self.kept,
        ) as bar:  # fmt: skip
            for view in views:
                if view == PLAIN:
                    self._compute(view, self._plain, bar)
                    continue
                slot = view % len(self._slots)
                self._filled[slot] = PLAIN - 1  # while it is neither the old view nor the new one
                self._compute(view, self._slots[slot], bar)
                self._filled[slot] = view

    def _read(self, rows: NDArray[np.int64]) -> Tensor:
        images = to_tensor(self.data.images[rows])
        return images.pin_memory() if self.device.type == "cuda" else images

    @torch.inference_mode()
    def _compute(self, view: int, out: Tensor, bar: tqdm) -> None:  # type: ignore[type-arg]
        """Compute the features of one view, augmented on the device, batch by batch."""
        rows, size = self._rows[view == PLAIN], self.extractor.size
        network = self.extractor.network.to(self.device)
        entropy = np.random.SeedSequence([self.recipe.face_seed, max(view, 0)]).generate_state(1)[0]
        generator = torch.Generator().manual_seed(int(entropy))
        starts = range(0, len(rows), BATCH)
        parts = read_ahead(lambda start: self._read(rows[start : start + BATCH]), starts)
        for start, read in zip(starts, parts, strict=True):
            images = read.to(self.device, non_blocking=True)
            if view == PLAIN or not self.recipe.crops:
                crops = fit_square(images, size)
            else:
                crops = random_views(
                    images, size, smallest=self.recipe.smallest_crop, generator=generator
                )
            batch = normalise(crops, self.extractor.mean, self.extractor.std)
            with fast_autocast(self.device):
                out[start : start + len(images)] = network(batch).to(out.device)
            bar.update(len(images))


@lru_cache(maxsize=1)
def _features(
    extractor: FeatureExtractor,
    data: LabelledImages,
    recipe: TransferRecipe,
    device: str,
    budget: int,
) -> Features:
    return Features(extractor, data, recipe, budget)


def shared_features(
    extractor: FeatureExtractor, data: LabelledImages, recipe: TransferRecipe
) -> Features:
    """Return the features of a training; those that this process computed last are reused.

    Heads of other kinds, seeds, optimisers or learning rates share them.
    """
    again = recipe.crops and recipe.views < recipe.epochs  # else no view comes twice
    alike = TransferRecipe(
        epochs=1 if not recipe.crops or (recipe.views and again) else recipe.epochs,
        views=recipe.views if again else 0,
        face_seed=recipe.face_seed,
        crops=recipe.crops,
        smallest_crop=recipe.smallest_crop,
    )
    return _features(extractor, data, alike, str(compute_device()), BUDGET)


def map_file(folder: Path, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Make a tensor in a file that has no name, so that nothing stays when the process ends.

    Raises
    ------
    ResourceError
        If the folder cannot be written or its disk is too full: says how much is needed.
    """
    needed = prod(shape) * dtype.itemsize
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise OSError(f"{free / 1e9:.1f} GB are free")
        with tempfile.TemporaryFile(dir=folder) as file:
            if hasattr(os, "posix_fallocate"):  # a full disk shows now, not when a page is written
                os.posix_fallocate(file.fileno(), 0, needed)
            bytes_ = np.memmap(file, np.uint8, "r+", shape=(needed,))
    except OSError as error:
        raise ResourceError(
            f"features of the training images need {needed / 1e9:.1f} GB of disk in {folder}: "
            f"{error.strerror or error}; make room, set PSYCHOBENCH_CACHE to a folder on another "
            "disk, or train with fewer views or images"
        ) from None
    return torch.from_numpy(bytes_).view(dtype).view(shape)
