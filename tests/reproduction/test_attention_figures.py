"""A reproduction's figures of attention: the paper's rows and columns, first training alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from psychobench.errors import ObserverError
from psychobench.observers.attention_protocol import AttentionMaps
from psychobench.observers.protocol import ObserverInfo
from psychobench.reproduction.attention_figures import (
    draw_figure_3,
    draw_figure_5,
    map_attention,
)
from psychobench.reproduction.paper import MASKS
from psychobench.stimuli.sets import StimulusSet, load_stimuli

NETWORKS = ("alexnet", "fe_alexnet")


@dataclass
class Mouthy:
    """An observer that looks at the mouth, the more the lower rows of an image differ from grey."""

    pretraining: str
    seed: int
    attention_methods: Sequence[str] = ("layercam",)

    @property
    def info(self) -> ObserverInfo:
        return ObserverInfo(
            name="mouthy",
            version="1",
            labels=("sad", "happy"),
            target="happy",
            preprocessing="none",
            weights_sha256="0" * 64,
            weights_origin="none",
            pretraining=self.pretraining,
            deterministic=True,
        )

    def respond(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        return np.full(len(images), 0.5)

    def attention(self, images: NDArray[np.uint8], **asked: Any) -> AttentionMaps:
        maps = np.zeros((len(images), 4, 4), np.float32)
        maps[:, 2, 1:3] = 1 + self.seed
        return AttentionMaps(maps, "layercam", "conv5", "happy")


def make(observer: str, pretraining: str, seeds: Sequence[int]) -> Iterator[Mouthy]:
    assert list(seeds) == [3]
    yield Mouthy(pretraining, 3)


@pytest.fixture(scope="module")
def stimuli() -> StimulusSet:
    return load_stimuli("rendered-average").select([0.0, 0.25, 0.5, 0.75, 1.0])


@pytest.mark.slow
def test_each_network_is_mapped_whole_and_masked_in_its_first_training(
    stimuli: StimulusSet, tmp_path: Path
) -> None:
    study = map_attention(make, NETWORKS, 3, stimuli)
    assert len(study.maps) == len(NETWORKS) * 2 * (1 + len(MASKS))
    mouth = study.shares[study.shares["region"] == "mouth"]
    assert (mouth["ratio"] > 1).all()  # more than its share of the area
    whole, masked = draw_figure_3(study), draw_figure_5(study)
    images = [sum(bool(axes.images) for axes in figure.axes) for figure in (whole, masked)]
    # colour bars are images too: one for each row at most
    assert len(NETWORKS) * 2 * 5 <= images[0] <= len(NETWORKS) * 2 * 6
    assert len(NETWORKS) * 2 * 9 <= images[1] <= len(NETWORKS) * 2 * 12


def test_networks_without_attention_are_told(stimuli: StimulusSet) -> None:
    def blind(observer: str, pretraining: str, seeds: Sequence[int]) -> Iterator[Mouthy]:
        yield Mouthy(pretraining, 0, attention_methods=("gradcam",))

    with pytest.raises(ObserverError, match="has no 'layercam'"):
        map_attention(blind, NETWORKS, 0, stimuli)
