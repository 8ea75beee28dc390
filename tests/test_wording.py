"""The library speaks Python: only the command line knows its options, and translates to them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click
import pytest

from psychobench.cli.wording import in_options

ROOT = Path(__file__).parents[1]
PACKAGES = [
    ROOT / "psychobench",
    ROOT / "plugins" / "torch_models" / "psychobench_torch",
]
ROOMS = sorted(
    path
    for package in PACKAGES
    for path in package.iterdir()
    if path.name != "cli" and (path.suffix == ".py" or (path / "__init__.py").exists())
)
OPTION = re.compile(
    r"(?:^|[\s(`'\"=])--[a-z]|`?psychobench (?:[a-z]+ )?(?:list|check|import|fit)\b"
)


def texts(path: Path) -> list[tuple[int, str]]:
    """Every string of a module, docstrings included."""
    tree = ast.parse(path.read_text("utf-8"))
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("room", ROOMS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_library_never_speaks_of_its_command_line(room):
    files = [room] if room.suffix == ".py" else sorted(room.rglob("*.py"))
    spoken = [
        f"{file.relative_to(ROOT)}:{line}: {text.strip()[:80]}"
        for file in files
        if "cli" not in file.parts
        for line, text in texts(file)
        if OPTION.search(text)
    ]
    assert not spoken, "\n".join(spoken)


@click.command()
@click.argument("file")
@click.option("--where", multiple=True)
@click.option("--mask", multiple=True)
@click.option("--rt-unit")
@click.option("--json", "as_json", is_flag=True)
def command() -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("library", "typed"),
    [
        ("`where` must name a column", "--where must name a column"),
        ('write `where="condition=whole"`', "write --where condition=whole"),
        ('`where=["a=b", "c=d"]`', "--where a=b --where c=d"),
        ("`where={'a': 'very sad'}`", '--where "a=very sad"'),
        ("`masks` are none, eyes", "--mask are none, eyes"),
        ("write `rt_unit='ms'`", "write --rt-unit ms"),
        ("`file` must exist", "FILE must exist"),
        ("`unknown=3` stays, `levels` too", "`unknown=3` stays, `levels` too"),
        ("`pb.list_observers()` names them", "`psychobench observers list` names them"),
    ],
)
def test_a_message_names_what_its_reader_would_type(library, typed):
    assert in_options(library, command) == typed
