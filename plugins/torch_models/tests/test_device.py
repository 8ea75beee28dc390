"""Where to compute is chosen by what is there, or by a variable that must be right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from psychobench_torch.computing import device
from psychobench_torch.computing.device import (
    CUDA_TOLERANCE,
    check_memory,
    compute_device,
    explain_memory,
    fast_dtype,
)
from psychobench_torch.extractors.convolutions import load_extractor
from psychobench_torch.heads.recipe import TransferRecipe
from psychobench_torch.heads.transfer import train_heads
from psychobench_torch.heads.weights_file import save_observer
from psychobench_torch.networks.weights_origin import choose_pretraining

from psychobench.errors import ObserverError, OptionError
from psychobench.observers.registry import load_observer
from psychobench.stimuli import load_stimuli


def test_cuda_that_is_asked_for_and_absent_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("PSYCHOBENCH_DEVICE", "cuda")
    with pytest.raises(OptionError, match=r"PyTorch finds none .*unset PSYCHOBENCH_DEVICE"):
        compute_device()


def test_the_cpu_can_be_asked_for_where_there_is_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.delenv("PSYCHOBENCH_DEVICE", raising=False)
    assert compute_device().type == "cuda"
    monkeypatch.setenv("PSYCHOBENCH_DEVICE", " CPU ")
    assert compute_device().type == "cpu"


def test_another_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSYCHOBENCH_DEVICE", "tpu")
    with pytest.raises(OptionError, match="must be cpu or cuda, or not set: it is 'tpu'"):
        compute_device()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_every_way_to_run_out_of_memory_says_what_was_needed(error: Exception) -> None:
    with pytest.raises(ObserverError, match=r"drawing needs about 3\.5 GB of memory"):  # noqa: SIM117
        with explain_memory("drawing", 3_500_000_000):
            raise error


def test_work_that_cannot_fit_is_refused_and_what_fits_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = device._free_memory()
    assert there is None or 10**6 < there < 10**15
    monkeypatch.setattr(device, "_free_memory", lambda: 2 * 10**9)
    check_memory("drawing", 2 * 10**9, "draw less")
    with pytest.raises(ObserverError, match=r"about 3\.0 GB of memory: 2\.0 GB .*, or draw less"):
        check_memory("drawing", 3 * 10**9, "draw less")
    monkeypatch.setattr(device, "_free_memory", lambda: None)
    check_memory("drawing", 3 * 10**9, "draw less")


def test_other_faults_pass_through() -> None:
    with pytest.raises(RuntimeError, match="shapes"), explain_memory("drawing", 1):
        raise RuntimeError("shapes do not fit")


@pytest.mark.parametrize(
    ("native", "frozen", "trained"),
    [(True, torch.bfloat16, torch.bfloat16), (False, torch.float16, torch.float32)],
)
def test_cuda_without_bfloat16_computes_features_in_float16_and_trains_in_float32(
    native: bool, frozen: torch.dtype, trained: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: native)
    cuda = torch.device("cuda")
    assert fast_dtype(cuda) == frozen
    assert fast_dtype(cuda, training=True) == trained


NEEDS_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.slow
@pytest.mark.parametrize(
    "where", ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, NEEDS_CUDA])]
)
def test_the_same_weights_answer_alike_wherever_they_compute(
    where: str, small: TransferRecipe, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P(happy) over the bundled continuum, by a file that was trained on the CPU."""
    monkeypatch.setenv("PSYCHOBENCH_DEVICE", "cpu")
    extractor = load_extractor("alexnet", choose_pretraining("procedural-objects"))
    (trained,) = train_heads(extractor, "linear", small, [0], progress=False)
    file = tmp_path / "trained.safetensors"
    save_observer(file, "alexnet_linear", extractor, trained, data="few rendered faces")
    images = load_stimuli().images()
    here = load_observer("alexnet_linear", pretraining=str(file)).respond(images)
    monkeypatch.setenv("PSYCHOBENCH_DEVICE", where)
    there = load_observer("alexnet_linear", pretraining=str(file)).respond(images)
    assert np.ptp(here) > 20 * CUDA_TOLERANCE  # there is something to agree on
    assert np.abs(there - here).max() <= CUDA_TOLERANCE
