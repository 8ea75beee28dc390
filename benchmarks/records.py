"""Where benchmarks keep what they measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def write(name: str, record: dict[str, Any]) -> None:
    """Print a record and keep it."""
    text = json.dumps(record, indent=1)
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(text + "\n", "utf-8")
