"""Where to compute, and in which precision."""

from __future__ import annotations

import torch


def compute_device() -> torch.device:
    """Choose CUDA where there is one, else the CPU.

    Examples
    --------
    >>> compute_device().type in ("cpu", "cuda")
    True
    """
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def fast_dtype(device: torch.device) -> torch.dtype:
    """Choose the precision of frozen convolutions: bfloat16 where the hardware computes in it.

    On a CPU without its instructions bfloat16 is emulated, slower than float32 and no closer to it.

    Examples
    --------
    >>> fast_dtype(torch.device("cpu")) in (torch.bfloat16, torch.float32)
    True
    """
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = _cpu_has_bf16()
    return torch.bfloat16 if native else torch.float32


def fast_autocast(device: torch.device) -> torch.autocast:
    """Compute in `fast_dtype` inside a ``with`` block; values outside it stay float32.

    Examples
    --------
    >>> with fast_autocast(torch.device("cpu")):
    ...     torch.ones(2, 2).mm(torch.ones(2, 2)).dtype == fast_dtype(torch.device("cpu"))
    True
    """
    dtype = fast_dtype(device)
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def _cpu_has_bf16() -> bool:
    capabilities: dict[str, object] = getattr(
        torch.cpu, "get_capabilities", dict
    )()  # older torch: float32
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
