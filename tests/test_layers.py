"""Data flow one way: the code keeps the layers, and the architecture page lists the same ones."""

from __future__ import annotations

import ast
import graphlib
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
    "contracts"
]
LAYERS, PLUGIN_LAYERS = (
    each["layers"] for each in CONTRACTS if each["type"] == "layers" and "containers" not in each
)
PLUGIN = ROOT / "plugins" / "torch_models" / "psychobench_torch"


@pytest.mark.slow
def test_each_layer_imports_only_what_lies_below_it():
    pytest.importorskip("importlinter")
    # in a process of its own: it disables the loggers that are there
    script = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_module_has_a_layer():
    modules = {
        path.stem
        for path in (ROOT / "psychobench").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem[:2] != "__"
    }
    assert modules == {name.removeprefix("psychobench.") for name in LAYERS}


def test_the_architecture_page_lists_the_layers_of_the_contract():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)
    assert [f"psychobench.{name}" for name in listed] == LAYERS


def test_every_room_of_the_torch_plugin_has_a_layer():
    rooms = {path.parent.name for path in PLUGIN.glob("*/__init__.py")}
    assert rooms == {name.removeprefix("psychobench_torch.") for name in PLUGIN_LAYERS}


def test_the_architecture_page_lists_the_rooms_of_the_torch_plugin():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)/` \|", page, flags=re.MULTILINE)
    assert [f"psychobench_torch.{name}" for name in listed] == PLUGIN_LAYERS


def test_the_architecture_page_names_every_contract():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    for contract in CONTRACTS:
        assert contract["name"] in page


def test_the_picture_of_the_house_shows_every_room_once(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    house = importlib.import_module("house")
    rooms = [room for storey in house.STOREYS.values() for room in storey]
    assert [f"psychobench.{room}" for room in rooms] == LAYERS


def imports_of_modules() -> dict[str, set[str]]:
    """List what each module imports of the two packages, wherever in it that stands."""
    packages = (ROOT / "psychobench", PLUGIN)
    files = {
        ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): (path)
        for package in packages
        for path in package.rglob("*.py")
    }
    found: dict[str, set[str]] = {}
    for module, path in files.items():
        nodes = ast.walk(ast.parse(path.read_text("utf-8")))
        named = {
            name
            for node in nodes
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
            for name in (node.module, f"{node.module}.{alias.name}")
        }
        # a module may name the package that it is in
        own = {module, *(name for name in files if module.startswith(f"{name}."))}
        found[module] = (named & files.keys()) - own
    return found


@pytest.mark.slow
def test_no_modules_import_each_other_in_a_circle():
    sorter = graphlib.TopologicalSorter(imports_of_modules())
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
