"""How benchmarks measure, and how they keep what they measured."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from psychobench.resources import write_whole

RESULTS = Path(__file__).parent / "results"
Result = TypeVar("Result")


def setting(**more: Any) -> dict[str, Any]:
    """Name the date, the command, the device and how busy it is; call it before the work."""
    script = f"benchmarks/{Path(sys.argv[0]).name}"
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "command": " ".join(["python", script, *sys.argv[1:]]),
        "device": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "load_before": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        **more,
    }


def torch_setting(**more: Any) -> dict[str, Any]:
    """Name the setting of a benchmark that computes with torch."""
    import torch
    from psychobench_torch.computing.device import compute_device, fast_dtype

    device = compute_device()
    facts = {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "feature_dtype": str(fast_dtype(device)).removeprefix("torch."),
    }
    if device.type == "cuda":
        facts["device"] = torch.cuda.get_device_name()
    return setting(**facts, **more)


def timed(
    work: Callable[..., Result], *arguments: Any, **options: Any
) -> tuple[Result, dict[str, float]]:
    """Run once: what came of it, and its wall and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work(*arguments, **options)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return result, {"wall_s": round(wall, 4), "cpu_s": round(cpu, 4)}


def peak_mb() -> float:
    """Give the most memory that this process had so far, in MiB."""
    import resource

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def show(record: dict[str, Any]) -> None:
    """Print a record as JSON."""
    print(_json(record))


def write(path: Path, record: dict[str, Any]) -> None:
    """Keep a record, whole or not at all, and print it."""
    write_whole(path, f"{_json(record)}\n".encode())
    show(record)


def keep_row(path: Path, row: dict[str, Any], names: Sequence[str], **about: Any) -> None:
    """Add a row to those of a file, in place of an older one of the same names."""
    rows = json.loads(path.read_text("utf-8"))["rows"] if path.is_file() else []

    def key(each: dict[str, Any]) -> list[Any]:
        return [each[name] for name in names]

    rows = sorted([old for old in rows if key(old) != key(row)] + [row], key=key)
    write(path, {**about, "rows": rows})


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, indent=1, allow_nan=False)  # NaN would be no JSON
