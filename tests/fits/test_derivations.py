"""The page that derives the fits and the code that cites it agree on the numbers of equations."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "dev" / "fitting.md").read_text("utf-8")
SOURCES = [path.read_text("utf-8") for path in (ROOT / "psychobench" / "fits").rglob("*.py")]


def test_equations_are_numbered_in_order():
    numbers = [int(number) for number in re.findall(r"\\tag\{(\d+)\}", PAGE)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_equation_is_cited_in_the_code_and_no_other():
    cited = {
        int(number)
        for source in SOURCES
        for group in re.findall(r"\beqs?\.? (\d+(?: and \d+)?)", source)
        for number in group.split(" and ")
    }
    theirs = {1, 2}  # also those of Schuett et al., which functions.py cites together with ours
    assert cited | theirs == {int(number) for number in re.findall(r"\\tag\{(\d+)\}", PAGE)}


def test_the_page_names_modules_that_are_there():
    table = re.findall(r"^\| \d .*? \| (.*) \|$", PAGE, flags=re.MULTILINE)
    named = {name for row in table for name in re.findall(r"`([\w/]+)`", row)}
    package = ROOT / "psychobench" / "fits"
    assert len(named) > 15
    for name in named:
        assert (package / name).is_dir() or (package / f"{name}.py").is_file(), name
