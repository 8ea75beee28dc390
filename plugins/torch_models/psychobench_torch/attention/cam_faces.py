"""CAM's weights for observers of faces: a regression over rendered ones, done once and kept."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from psychobench.plugins import RENDERER_VERSION, ResourceError, training_faces, write_whole
from psychobench_torch.attention.cam import AT_LEAST, CAMWeights, fit_cam, head_weights
from psychobench_torch.attention.hooks import as_it_was
from psychobench_torch.attention.interface import Network
from psychobench_torch.attention.layers import find_layer
from psychobench_torch.storage.store import cache_folder, cache_key, note

PER_PERSON = 4
SEED = 20_190_904  # of the faces; heads are trained on others
SIZE = 224
_AT_ONCE = 200  # faces rendered and shown at once


def observer_weights(
    observer: Network, layer: str | None, *, n_images: int = AT_LEAST
) -> CAMWeights:
    """Return CAM's weights of an observer: its head's own, else from the cache, else regressed.

    Parameters
    ----------
    observer : Network
        With `module`, `prepare` and `info`.
    layer : str or None
        Whose channels; the last layer's by default.
    n_images : int, optional
        Rendered faces to regress on.

    Returns
    -------
    CAMWeights
    """
    images = observer.prepare(training_faces(1, PER_PERSON, seed=SEED, size=SIZE).images)
    own = head_weights(observer.module, images, layer)
    if own is not None:
        return own
    with as_it_was(observer.module), torch.no_grad():
        name, _ = find_layer(observer.module, layer, images)
        scores = observer.module(images)
    info = observer.info
    determinants = {
        "weights_sha256": info.weights_sha256,
        "scores": _fingerprint(scores),
        "layer": name,
        "n_images": n_images,
        "seed": SEED,
        "renderer_version": RENDERER_VERSION,
    }
    path = cache_folder("cam") / f"{cache_key(determinants)}.npz"
    found = _read(path)
    if found is not None:
        return found
    note(
        f"regressing {info.name}'s scores on its channels over {n_images} rendered "
        f"faces, once, in minutes; the weights are kept in {path.parent}"
    )
    weights = fit_cam(
        observer.module,
        _faces(observer, n_images),
        source="rendered faces",
        layer=name,
        at_least=n_images,
    )
    _write(path, weights)
    return weights


def _fingerprint(scores: Tensor) -> list[list[float]]:
    """Round scores of a few faces, which tell apart what equal weights do not.

    Another readout or preprocessing gives others. The last digits depend on the machine, so there
    are four of the largest.
    """
    values = scores.double().cpu().numpy()
    digits = 3 - int(np.floor(np.log10(np.abs(values).max() or 1)))
    rounded: list[list[float]] = values.round(digits).tolist()
    return rounded


def _faces(observer: Network, n_images: int) -> Iterator[Tensor]:
    """Render people who are in no training, a few at a time."""
    bar = tqdm(total=n_images, desc="cam: rendering and judging faces", disable=None)
    with bar:
        for number, start in enumerate(range(0, n_images, _AT_ONCE)):
            n = min(_AT_ONCE, n_images - start)
            people = -(-n // PER_PERSON)
            faces = training_faces(people, PER_PERSON, seed=SEED + 1 + number, size=SIZE)
            yield from (
                observer.prepare(faces.images[:n][first : first + 20]) for first in range(0, n, 20)
            )
            bar.update(n)


def _write(path: Path, weights: CAMWeights) -> None:
    about: dict[str, Any] = {
        "layer": weights.layer,
        "source": weights.source,
        "n_images": weights.n_images,
        "penalty": weights.penalty,
    }
    data = io.BytesIO()
    np.savez(data, values=weights.values, r2=weights.r2, about=np.array(json.dumps(about)))
    try:
        write_whole(path, data.getvalue())
    except (OSError, ResourceError):
        note(f"CAM's weights could not be kept in {path.parent}; they serve this run alone")


def _read(path: Path) -> CAMWeights | None:
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as kept:
            about = json.loads(str(kept["about"]))
            return CAMWeights(values=kept["values"], r2=kept["r2"], **about)
    except (OSError, ValueError, KeyError, TypeError) as error:
        note(f"CAM's weights in {path} are damaged ({error}); they are regressed again")
        return None
