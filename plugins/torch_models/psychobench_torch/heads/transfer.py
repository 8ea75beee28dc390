"""Train heads on frozen features: one for each seed, all on the same images."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from psychobench.plugins import RENDERER_VERSION, ObserverError
from psychobench_torch.computing.device import compute_device, explain_memory, fast_dtype
from psychobench_torch.data.labelled import LabelledImages
from psychobench_torch.heads.features import Features, shared_features
from psychobench_torch.heads.fitting import HeadFit, memory_of
from psychobench_torch.heads.head_types import dense_values, load_head, make_head
from psychobench_torch.heads.initial_values import draw_initial_values
from psychobench_torch.heads.kept_heads import head_file, write_head
from psychobench_torch.heads.low_rank import pack, unpack
from psychobench_torch.heads.recipe import RECIPE_VERSION, TransferRecipe
from psychobench_torch.heads.trained_head import DivergedError, TrainedHead
from psychobench_torch.heads.training_images import (
    check_trainable,
    label_log_odds,
    rendered_faces,
    split,
)
from psychobench_torch.networks.feature_extractor import FeatureExtractor
from psychobench_torch.storage.checkpoints import (
    read_checkpoint,
    remove_checkpoint,
    write_checkpoint,
)
from psychobench_torch.storage.store import KEY_DIGITS, cache_folder, cache_key

TOGETHER = 4 * 10**9  # bytes that heads in training at the same time may take
RESUMABLE = 2_000  # steps of a training: longer ones keep their state
STATE_SECONDS = 60  # between two states of a training: each is half a gigabyte


def train_heads(
    extractor: FeatureExtractor,
    kind: str,
    recipe: TransferRecipe,
    seeds: Sequence[int],
    data: LabelledImages | None = None,
    *,
    fresh_dense: bool = False,
    progress: bool = True,
) -> Iterator[TrainedHead]:
    """Train one head for each seed and keep its epoch with the best validation accuracy.

    Each head comes as soon as it is trained, so that it can be kept and let go. Features are
    computed once for all seeds. Where those of all epochs do not fit
    `psychobench_torch.heads.features.BUDGET`, they are computed epoch by epoch, and as many heads
    as fit 4 GB beside them go through each epoch together. A head depends on its own seed alone: on
    the CPU it is the same, byte by byte, whatever other heads are trained with it.

    A training of more than 2,000 steps keeps its state once a minute, after an epoch, in the folder
    ``unfinished`` beside the cached heads. If it is interrupted, the same call goes on from
    there, and on the CPU ends with the same bytes; shorter ones start anew. A head's state is
    removed when the next head is asked for: what became of the head should be on the disk by then.

    Parameters
    ----------
    extractor : Backbone
        Frozen; left as it is.
    kind : {"excitation", "dense", "linear", "ungated"}
        See `psychobench_torch.heads.head_types.make_head`.
    recipe : TransferRecipe
        Epochs, batch, learning rate, optimiser, views.
    seeds : sequence of int
        Each draws its head's initial values, order and dropout, and the split of images that come
        without one.
    data : LabelledImages, optional
        Two classes, the second the target; the recipe's rendered faces by default.
    fresh_dense : bool, default False
        Whether a dense head starts from new random values even where the extractor brings
        pre-trained ones.
    progress : bool, default True
        Whether bars on stderr show throughput, loss and accuracy.

    Yields
    ------
    TrainedHead
        One for each seed, in the order of `seeds`.

    Raises
    ------
    ObserverError
        If the images cannot be learnt from, pre-trained layers do not fit the features, or
        memory runs out.
    DivergedError
        If a loss is not finite. The best of the epochs before is its `kept`, and in a file.
    ResourceError
        If there is too little disk for features or states.

    References
    ----------
    Ying, H., Li, Y.-F. & Chen, Y. (2023). arXiv:2310.13674, section 2.1.4.
    """
    if data is None:
        asked = recipe.n_identities, recipe.per_identity, recipe.validation_share, recipe.face_seed
        images = rendered_faces(*asked, progress)
    else:
        images = data
    check_trainable(images)
    blank = _blank_head(extractor, kind)
    runs = [_Run(extractor, kind, recipe, seed, data, images, fresh_dense) for seed in seeds]
    features = shared_features(extractor, images, recipe)
    # where every view stays in memory, training heads side by side would only take more of it
    room = 0 if features.kept else TOGETHER - features.held_bytes
    together = max(1, room // memory_of(blank, recipe))
    features.prepare(progress=progress)
    n_images = sum(len(run.rows[0]) for run in runs) * recipe.epochs
    with tqdm(total=n_images, desc="training", unit="image", disable=not progress) as bar:
        for start in range(0, len(runs), together):
            chunk = runs[start : start + together]
            needed = len(chunk) * memory_of(blank, recipe)
            with explain_memory(f"training {len(chunk)} head(s) of kind '{kind}'", needed):
                _train_chunk(chunk, features, bar)
            if chunk[-1] is runs[-1]:
                bar.close()  # before the caller has something to say
            for run in chunk:
                yield run.result()
                run.end()


def head_determinants(
    extractor: FeatureExtractor,
    kind: str,
    recipe: TransferRecipe,
    seed: int,
    data: LabelledImages | None = None,
    *,
    fresh_dense: bool = False,
) -> dict[str, Any]:
    """Return everything that determines a trained head; no image is rendered for it.

    Returns
    -------
    dict
        Values that JSON takes; a cache's key is made of them.
    """
    device = compute_device()
    return {
        **asdict(recipe),
        "seed": seed,
        "head": kind,
        "dense": "fresh" if fresh_dense or not extractor.dense else "pre-trained",
        "backbone": extractor.name,
        "convolutions_sha256": extractor.sha256,
        "data_sha256": None if data is None else data.sha256,
        "renderer_version": RENDERER_VERSION,
        "recipe_version": RECIPE_VERSION,
        "feature_dtype": str(fast_dtype(device)).removeprefix("torch."),
        "device": device.type,
    }


class _Run:
    """One seed's training: its split, its state, where that is kept."""

    def __init__(
        self,
        extractor: FeatureExtractor,
        kind: str,
        recipe: TransferRecipe,
        seed: int,
        data: LabelledImages | None,
        images: LabelledImages,
        fresh_dense: bool,
    ) -> None:
        self.extractor, self.kind, self.recipe, self.seed = extractor, kind, recipe, seed
        self.fresh_dense = fresh_dense
        self.determinants = head_determinants(
            extractor, kind, recipe, seed, data, fresh_dense=fresh_dense
        )
        self.folder = cache_folder("unfinished") / cache_key(self.determinants)[:KEY_DIGITS]
        self.rows = split(images, recipe.validation_share, seed)
        self.labels = tuple(torch.from_numpy(images.labels[rows.numpy()]) for rows in self.rows)
        n_steps = recipe.epochs * -(-len(self.rows[0]) // recipe.batch)
        self.resumable = n_steps > RESUMABLE
        self.written = 0.0
        self.fit: HeadFit | None = None

    def begin(self) -> HeadFit:
        """Draw the head's initial values, or go on from where an interrupted training stopped."""
        self.written = time.monotonic()
        generator = torch.Generator().manual_seed(self.seed)
        head = self._initial_head()
        self.fit = HeadFit(head, self.recipe, generator, self.seed)
        if self.resumable and (found := read_checkpoint(self.folder, self.determinants)):
            self.fit.restore(found)
        return self.fit

    def advance(self, features: Features, number: int, bar: tqdm[Any]) -> None:
        """Run the epoch with that number, from 0, unless that was done before an interruption."""
        assert self.fit is not None
        train, validation = self.rows
        if len(self.fit.epochs) > number:
            bar.update(len(train))
            return
        view = features.view(number, train, progress=not bar.disable)
        labels = self.labels[0], self.labels[1]
        if not self.fit.run_epoch(view, features.plain(validation), labels, bar):
            raise self._diverged(number)
        due = time.monotonic() - self.written >= STATE_SECONDS
        if self.resumable and (due or number + 1 == self.recipe.epochs):
            write_checkpoint(self.folder, self.fit.state(), self.determinants)
            self.written = time.monotonic()

    def result(self) -> TrainedHead:
        """Return the best of the epochs so far."""
        assert self.fit is not None
        values = {name: value.cpu().float() for name, value in self.fit.best.items()}
        change = pack(values) if self.recipe.rank else {}
        if change:
            values = unpack(change, self._initial_head().state_dict())
        return TrainedHead(
            head=load_head(self.kind, values),
            epochs=tuple(self.fit.epochs),
            n_train=len(self.rows[0]),
            n_validation=len(self.rows[1]),
            kind=self.kind,
            seed=self.seed,
            log_odds=label_log_odds(self.labels[0].numpy()),
            change=change,
        )

    def _initial_head(self) -> nn.Sequential:
        return initial_head(self.extractor, self.kind, self.seed, fresh_dense=self.fresh_dense)

    def end(self) -> None:
        """Release the training's memory and remove its state from the disk."""
        if self.fit is not None:
            self.fit.release()
        self.fit = None
        if self.resumable:
            remove_checkpoint(self.folder)

    def _diverged(self, number: int) -> DivergedError:
        assert self.fit is not None
        kept = self.result() if self.fit.epochs else None
        fault = (
            "loss and weights of a training must stay finite numbers: they did not in epoch "
            f"{number + 1} of the '{self.kind}' head with seed {self.seed} (optimizer "
            f"{self.recipe.optimizer}, learning rate {self.recipe.learning_rate:g}); take a "
            "smaller learning rate"
        )
        if kept is None:
            return DivergedError(f"{fault}; no epoch before it could be kept", None)
        key = cache_key({**self.determinants, "diverged": True})
        if write_head(key, kept, self.determinants) is None:
            return DivergedError(f"{fault}; epoch {kept.best}, the best before it, is lost", kept)
        place = head_file(key).path
        return DivergedError(f"{fault}; epoch {kept.best}, the best before it, is in {place}", kept)


def _train_chunk(runs: Sequence[_Run], features: Features, bar: tqdm[Any]) -> None:
    """Run the epochs of several heads side by side, so that each view is computed once for all."""
    for run in runs:
        run.begin()
    for number in range(runs[0].recipe.epochs):
        for run in runs:
            run.advance(features, number, bar)


def initial_head(
    extractor: FeatureExtractor, kind: str, seed: int, *, fresh_dense: bool = False
) -> nn.Sequential:
    """Make a head as its training begins: drawn from its seed, or with pre-trained dense layers.

    Parameters
    ----------
    extractor, kind, seed, fresh_dense
        As in `train_heads`.

    Raises
    ------
    ObserverError
        If pre-trained layers do not fit the features.
    """
    head = _blank_head(extractor, kind)
    draw_initial_values(head, seed)
    if kind == "dense" and not fresh_dense:
        head.load_state_dict(dense_values(extractor.dense), strict=False)
    return head


def _blank_head(extractor: FeatureExtractor, kind: str) -> nn.Sequential:
    """Make the head for an extractor's features, without values."""
    dense = dense_values(extractor.dense) if kind == "dense" else {}
    if dense and dense["first.weight"].shape[1] != extractor.n_features:
        raise ObserverError(
            "pre-trained dense layers must fit the convolutions: the first of "
            f"{extractor.pretraining} takes {dense['first.weight'].shape[1]} features, "
            f"{extractor.name} at {extractor.size} px gives {extractor.n_features}; "
            "take weights that were trained at this size"
        )
    first = not extractor.name.startswith("vgg")
    return make_head(kind, extractor.n_features, extractor.dense or None, dropout_first=first)
