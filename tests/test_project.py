"""What the project says of itself is true: its oldest versions, its workflow, its release."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import psychobench

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
BOUND = re.compile(r"(?P<name>[\w-]+)>=(?P<version>[\d.]+)")
PIN = re.compile(r"^(?P<name>[\w-]+)==(?P<version>[\d.]+)$", re.MULTILINE)


def version(text: str) -> tuple[int, ...]:
    """Read a version; 2 and 2.0 and 2.0.0 are one."""
    parts = [int(part) for part in text.split(".")]
    return (*parts, *[0] * (3 - len(parts)))


def test_the_oldest_versions_are_those_that_the_project_allows():
    extras = PROJECT["optional-dependencies"]
    asked = [*PROJECT["dependencies"], *extras["psignifit"], *extras["import"]]
    allowed = {
        found["name"]: version(found["version"]) for each in asked if (found := BOUND.match(each))
    }
    pins = (ROOT / "constraints-oldest.txt").read_text("utf-8")
    pinned = {found["name"]: version(found["version"]) for found in PIN.finditer(pins)}
    assert pinned == allowed


@pytest.mark.slow
def test_the_workflow_is_one_that_the_service_takes():
    pytest.importorskip("check_jsonschema")
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert workflows
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.github-workflows"),
            *map(str, workflows),
        ],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_workflow_tries_every_python_that_the_project_names():
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8")
    named = [
        each.rpartition(" ")[2]
        for each in PROJECT["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", each)
    ]
    versions = ", ".join(f'"{each}"' for each in named)
    assert f"python: [{versions}]" in text
    assert PROJECT["requires-python"] == f">={named[0]}"


def test_the_changelog_holds_this_release():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert PROJECT["version"] == psychobench.__version__
    assert re.search(rf"^## \[{PROJECT['version']}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE)


def test_every_make_target_is_explained():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.search(r"^\.PHONY: help (.*)$", makefile, re.MULTILINE)[1].split()
    told = re.findall(r'@echo "make (\w+) ', makefile)
    assert told == targets
