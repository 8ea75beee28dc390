"""Where to compute is chosen by what is there, or by a variable that must be right."""

from __future__ import annotations

import pytest
import torch
from psychobench_torch import device
from psychobench_torch.device import check_memory, compute_device, explain_memory

from psychobench.errors import ObserverError, OptionError


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
