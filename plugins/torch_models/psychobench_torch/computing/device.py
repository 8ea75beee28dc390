"""Where to compute, and in which precision."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import torch

from psychobench.plugins import ObserverError, OptionError

CHOICES = ("cpu", "cuda")
CUDA_TOLERANCE = 1e-3  # of P(target): the same weights must answer as closely on CPU and CUDA


def compute_device() -> torch.device:
    """Choose what ``$PSYCHOBENCH_DEVICE`` says, ``cpu`` or ``cuda``; else CUDA where there is one.

    Raises
    ------
    OptionError
        If it says something else, or CUDA is asked for where there is none.

    Examples
    --------
    >>> compute_device().type in ("cpu", "cuda")
    True
    """
    chosen = os.environ.get("PSYCHOBENCH_DEVICE", "").strip().lower()
    available = torch.cuda.is_available()
    if chosen and chosen not in CHOICES:
        raise OptionError(
            f"PSYCHOBENCH_DEVICE must be {' or '.join(CHOICES)}, or not set: it is '{chosen}'"
        )
    if chosen == "cuda" and not available:
        built = "a CPU build" if torch.version.cuda is None else "built for CUDA"
        raise OptionError(
            "PSYCHOBENCH_DEVICE=cuda needs a CUDA device: PyTorch finds none "
            f"(torch {torch.__version__}, {built}); install a CUDA build of torch and its driver, "
            "or unset PSYCHOBENCH_DEVICE to compute on the CPU"
        )
    return torch.device(chosen or ("cuda" if available else "cpu"))


@contextlib.contextmanager
def explain_memory(
    work: str, needed: int, remedy: str = "train fewer seeds or a smaller batch at a time"
) -> Iterator[None]:
    """Report how much memory a piece of work needed if it runs out inside a ``with`` block.

    Parameters
    ----------
    work : str
        What is being done, for the message.
    needed : int
        Bytes, roughly.
    remedy : str, optional
        What would need less, for the message.

    Raises
    ------
    ObserverError
        In place of PyTorch's or Python's own errors.

    Examples
    --------
    >>> with explain_memory("training a head", 2 * 10**9):
    ...     raise MemoryError
    Traceback (most recent call last):
    psychobench.errors.ObserverError: training a head needs about 2.0 GB of memory: there is ...
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # the CPU's allocator raises a plain RuntimeError
        short = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not (short or "can't allocate memory" in str(error)):
            raise
        raise _no_room(work, needed, "there is less", remedy) from None


def check_memory(work: str, needed: int, remedy: str) -> None:
    """Check that the arrays of a piece of work fit into main memory, before it is begun.

    Where the system does not say how much memory there is, nothing is refused.

    Parameters
    ----------
    work, needed, remedy
        As in `explain_memory`.

    Raises
    ------
    ObserverError
        If there is less.

    Examples
    --------
    >>> check_memory("drawing", 10**15, "draw less")
    Traceback (most recent call last):
    psychobench.errors.ObserverError: drawing needs about 1000000.0 GB of memory: ...
    """
    there = _free_memory()
    if there is not None and needed > there:
        raise _no_room(work, needed, f"{there / 1e9:.1f} GB are free", remedy)


def _free_memory() -> int | None:
    """Count the bytes that programs can still take; else those that the machine has."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(AttributeError, OSError, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _no_room(work: str, needed: int, there: str, remedy: str) -> ObserverError:
    return ObserverError(
        f"{work} needs about {needed / 1e9:.1f} GB of memory: {there}; close other programs, or "
        f"{remedy}"
    )


def fast_dtype(device: torch.device, *, training: bool = False) -> torch.dtype:
    """Choose the precision of convolutions: bfloat16 where the hardware computes in it.

    Without its instructions bfloat16 is emulated, slower than float32 and no closer to it. A CPU
    then computes in float32, CUDA in float16.

    Parameters
    ----------
    device : torch.device
        Where.
    training : bool, optional
        Never choose float16, in which small gradients become zero.

    Examples
    --------
    >>> fast_dtype(torch.device("cpu")) in (torch.bfloat16, torch.float32)
    True
    """
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = _cpu_has_bf16()
    if native:
        return torch.bfloat16
    return torch.float16 if device.type == "cuda" and not training else torch.float32


def fast_autocast(device: torch.device, *, training: bool = False) -> torch.autocast:
    """Compute in `fast_dtype` inside a ``with`` block; values outside it stay float32.

    Examples
    --------
    >>> with fast_autocast(torch.device("cpu")):
    ...     torch.ones(2, 2).mm(torch.ones(2, 2)).dtype == fast_dtype(torch.device("cpu"))
    True
    """
    dtype = fast_dtype(device, training=training)
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def _cpu_has_bf16() -> bool:
    capabilities: dict[str, object] = getattr(
        torch.cpu, "get_capabilities", dict
    )()  # older torch: float32
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
