"""Data flow one way: the code keeps the layers, and the architecture page lists the same ones."""

from __future__ import annotations

import importlib
import re
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


def test_each_layer_imports_only_what_lies_below_it(monkeypatch):
    checker = pytest.importorskip("importlinter.cli")
    monkeypatch.chdir(ROOT)
    assert checker.lint_imports(no_cache=True) == checker.EXIT_STATUS_SUCCESS


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
