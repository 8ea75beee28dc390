"""The registered observer keeps to the protocol."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from psychobench_torch.images import fit_square, to_tensor
from psychobench_torch.observers import TrainedObserver

from psychobench.errors import ObserverError, OptionError
from psychobench.responses.registry import load_observer
from psychobench.testing import check_observer

NOISE = np.random.default_rng(0).integers(0, 256, (14, 224, 224, 3), dtype=np.uint8)


def test_listing_and_making_the_observer_imports_no_torch() -> None:
    code = (
        "import sys\n"
        "from psychobench.responses.registry import list_observers, load_observer\n"
        "list_observers(); load_observer('fe_alexnet', seed=3, pretraining='imagenet')\n"
        "print(sorted({'torch', 'torchvision', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("seed", [-1, 1.5, "0", True, 2**63])
def test_a_seed_that_is_no_whole_number_is_refused_at_once(seed: object) -> None:
    with pytest.raises(OptionError, match="seed must be a whole number"):
        load_observer("fe_alexnet", seed=seed)


def test_the_info_says_what_the_weights_saw(trained: TrainedObserver) -> None:
    info = trained.info
    assert info.labels == ("sad", "happy")
    assert info.target == "happy"
    assert info.pretraining == "random.safetensors"
    assert "random.safetensors (unknown: the file does not say" in info.weights_origin
    assert info.weights_origin.endswith("head trained on 16 rendered faces")
    assert info.options["seed"] == 0
    assert 0 <= info.options["validation_accuracy"] <= 1


def test_answers_do_not_depend_on_batch_or_order(trained: TrainedObserver) -> None:
    together = trained.respond(NOISE)
    alone = np.concatenate([trained.respond(image[None]) for image in NOISE[:2]])
    np.testing.assert_allclose(together[:2], alone, atol=1e-6)
    np.testing.assert_allclose(trained.respond(NOISE[::-1])[::-1], together, atol=1e-6)


def test_the_observer_passes_the_conformance_kit(trained: TrainedObserver) -> None:
    # a head trained on 16 faces judges nothing well: what depends on good answers is left out
    report = check_observer(
        trained,
        registered_name="alexnet_linear",
        skip=("polarity", "certainty", "colour-order", "distinct"),
    )
    assert report.passed, report


@pytest.mark.parametrize("images", [NOISE[0], NOISE[..., :1], NOISE.astype(float)])
def test_images_of_another_form_are_refused(images: np.ndarray, trained: TrainedObserver) -> None:
    with pytest.raises(ObserverError, match="images must be uint8"):
        trained.respond(images)


def test_images_of_the_networks_size_reach_it_pixel_for_pixel() -> None:
    np.testing.assert_array_equal(
        fit_square(to_tensor(NOISE[:2])).permute(0, 2, 3, 1).numpy(), NOISE[:2]
    )


def test_a_wide_image_is_scaled_by_its_shorter_side_and_cut_at_the_centre() -> None:
    wide = np.zeros((1, 448, 896, 3), np.uint8)
    wide[:, :, 224:672] = 200  # the central square
    np.testing.assert_allclose(fit_square(to_tensor(wide)).numpy()[..., 2:-2], 200, atol=1)


def test_the_real_recipe_is_the_papers_where_the_paper_fixes_one() -> None:
    recipe = TrainedObserver.__dataclass_fields__["recipe"].default_factory()
    assert (recipe.batch, recipe.learning_rate) == (32, 5e-5)


def test_weights_of_another_network_are_refused_before_any_training(
    tmp_path: Path, cache: Path
) -> None:
    (tmp_path / "not.safetensors").write_bytes(b"no weights")
    observer = load_observer("fe_alexnet", pretraining=str(tmp_path / "not.safetensors"))
    with pytest.raises(ObserverError, match=r"not\.safetensors"):
        observer.respond(NOISE[:1])
    assert not cache.exists()
