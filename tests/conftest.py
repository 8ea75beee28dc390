"""What the core's tests share: data where there are any, files and plug-ins of a test's own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# a busy machine is no fault, and a test that fails must fail again
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def shared() -> Path:
    """Give the folder of shared data, or skip the test."""
    if not SHARED.is_dir():
        pytest.skip("the shared data are not here")
    return SHARED


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file and give its path."""

    def write(text: str | bytes, name: str = "pilot.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Register a module's source as a package with observers, for the length of a test."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def register(package: str, observers: dict[str, str], source: str) -> None:
        module = package.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(source, "utf-8")
        monkeypatch.delitem(sys.modules, module, raising=False)
        metadata = tmp_path / f"{module}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
        )
        entries = [f"{name} = {target}" for name, target in observers.items()]
        lines = "\n".join(["[psychobench.observers]", *entries, ""])
        (metadata / "entry_points.txt").write_text(lines)

    return register
