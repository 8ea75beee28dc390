"""A plug-in finds all that it may use in one module, and that module costs nothing to import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import psychobench.plugins

ROOT = Path(__file__).parents[1]
SOURCE = Path(psychobench.plugins.__file__)


@pytest.mark.parametrize("name", psychobench.plugins.__all__)
def test_every_name_of_the_surface_can_be_imported(name):
    assert getattr(psychobench.plugins, name) is not None


def test_the_surface_stays_small():
    assert len(psychobench.plugins.__all__) <= 26


def test_type_checkers_see_the_same_surface_as_programs():
    block = next(node for node in ast.parse(SOURCE.read_text("utf-8")).body if _is_typing(node))
    seen = {
        (each.module, name.asname)
        for each in block.body
        if isinstance(each, ast.ImportFrom)
        for name in each.names
    }
    assert seen == {(module, name) for name, module in psychobench.plugins._HOMES.items()}


def _is_typing(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def test_the_surface_imports_nothing_before_it_is_used():
    script = "import psychobench.plugins, sys; print(*{'numpy', 'click'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_a_name_that_is_not_on_the_surface_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'run_everything'"):
        _ = psychobench.plugins.run_everything


@pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="the pages are in the repository alone")
def test_the_page_for_plugins_explains_every_name():
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    section = page.partition("## For plug-ins")[2].partition("\n## ")[0]
    missing = [name for name in psychobench.plugins.__all__ if f"`{name}`" not in section]
    assert missing == []
