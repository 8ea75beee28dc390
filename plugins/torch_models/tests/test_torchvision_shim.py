"""torchvision imports also beside a torch that its compiled operators do not fit."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType

import pytest
from psychobench_torch.networks import torchvision_import as _torchvision

MISSING = "operator torchvision::nms does not exist"


class Imports:
    """Stands in for importing: fails a number of times, then gives a module."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    def __call__(self, name: str) -> ModuleType:
        if self.errors:
            raise self.errors.pop(0)
        return ModuleType(name)


def test_schemas_are_declared_where_the_operators_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declared: list[bool] = []
    monkeypatch.setattr(_torchvision, "declare_schemas", lambda: declared.append(True))
    monkeypatch.setattr(importlib, "import_module", Imports(RuntimeError(MISSING)))
    assert _torchvision.import_torchvision().__name__ == "torchvision"
    assert declared == [True]


def test_schemas_are_not_declared_where_torchvision_imports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_torchvision, "declare_schemas", lambda: pytest.fail("declared"))
    monkeypatch.setattr(importlib, "import_module", Imports())
    assert _torchvision.import_torchvision().__name__ == "torchvision"


def test_any_other_failure_of_torchvision_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib, "import_module", Imports(RuntimeError("CUDA mismatch")))
    with pytest.raises(RuntimeError, match="CUDA mismatch"):
        _torchvision.import_torchvision()


@pytest.mark.slow
def test_a_fresh_interpreter_builds_alexnet_without_a_warning() -> None:
    code = (
        "from psychobench_torch.networks.torchvision_import import import_torchvision, _libraries\n"
        "import torch\n"
        "with torch.device('meta'):\n"
        "    print(len(list(import_torchvision().models.alexnet().features)))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "13", done.stderr
