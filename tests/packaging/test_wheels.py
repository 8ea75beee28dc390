"""Both wheels work from an empty folder: the core alone without torch, then with the plug-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
PILOT = "observer,level,n_trials,n_target\n" + "".join(
    f"h1,{level},20,{n}\n" for level, n in ((0, 0), (0.25, 2), (0.5, 9), (0.75, 18), (1, 20))
)
COMPARE = ("compare", "--seeds", "1", "--observer")
OF_PLUGIN = (
    "alexnet", "alexnet_fresh", "alexnet_linear", "alexnet_ungated", "fe_alexnet", "torchvision",
    "vgg11", "vgg13", "vgg16",
)  # fmt: skip
# of the core's tests those of what differs where it is installed: commands, plug-ins, bundled
# files, late imports; that the rest passes is known from the checkout
CORE_TESTS = (
    "cli/test_cli_commands.py", "cli/test_cli_observers.py", "cli/test_cli_published.py",
    "test_registry.py", "test_resources.py", "test_startup.py",
)  # fmt: skip

# the tests share one environment and add to it: they run from top to bottom, in one process
pytestmark = pytest.mark.packaging


def run(*command: object, cwd: Path, **environment: str) -> str:
    ran = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def build(source: Path, folder: Path) -> Path:
    """Build an sdist, and the wheel from that sdist, so that both are complete."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, source, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module")
def installed(tmp_path_factory, empty):
    """An environment with the core's wheel alone, and a way to add to it and to run in it."""
    home = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", home, cwd=empty)
    installed = Installed(home, empty)
    installed.add(build(ROOT, tmp_path_factory.mktemp("core")))
    return installed


class Installed:
    """A virtual environment that knows nothing of the checkout."""

    def __init__(self, home: Path, empty: Path) -> None:
        self.home = home
        self.bin = home / ("Scripts" if sys.platform == "win32" else "bin")
        self.empty = empty
        self.cache = home / "cache"

    def add(self, *wheels: object) -> None:
        self.python("-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", *wheels)

    def python(self, *arguments: object) -> str:
        return run(self.bin / "python", *arguments, cwd=self.empty)

    def psychobench(self, *arguments: object) -> str:
        cache = str(self.cache)
        return run(self.bin / "psychobench", *arguments, cwd=self.empty, PSYCHOBENCH_CACHE=cache)

    def observers(self) -> dict[str, str]:
        rows = json.loads(self.psychobench("observers", "list", "--json"))
        return {row["name"]: row["status"] for row in rows}


def test_the_core_needs_no_torch(installed):
    packages = {
        row["name"] for row in json.loads(installed.python("-m", "pip", "list", "--format", "json"))
    }
    assert "psychobench" in packages
    assert not packages & {"torch", "torchvision", "psignifit", "psychobench-torch", "pytest"}
    assert installed.observers() == {"template": "ok"}


def test_the_core_carries_its_data_inside(installed):
    script = "from psychobench.resources import bundled; print(bundled('{}'))"
    for kind in ("stimuli", "human_data"):
        folder = Path(installed.python("-c", script.format(kind)).strip())
        assert folder.is_relative_to(installed.home)
    assert "rendered-average" in installed.psychobench("stimuli", "list")


def test_the_core_alone_fits_a_table_of_ones_own(installed):
    (installed.empty / "pilot.csv").write_text(PILOT)
    (row,) = json.loads(installed.psychobench("fit", "pilot.csv", "--json"))
    assert row["status"] == "ok"
    assert 0.4 < row["pse"] < 0.6


def test_the_core_alone_runs_the_main_job(installed):
    out = installed.psychobench(*COMPARE, "template", "--out", "out", "--json")
    assert [row["mask"] for row in json.loads(out)["rows"]] == ["none", "eyes", "nose", "mouth"]
    assert any((installed.empty / "out").glob("*.png"))


def test_the_cores_own_tests_pass_without_torch_and_outside_the_checkout(installed):
    installed.add("pytest", "hypothesis")
    files = [ROOT / "tests" / name for name in CORE_TESTS]
    installed.python("-m", "pytest", *files, "-p", "no:cacheprovider")


def test_the_plugin_adds_its_observers_and_commands(installed, tmp_path):
    installed.add(build(ROOT / "plugins" / "torch_models", tmp_path))
    assert installed.observers() == dict.fromkeys((*OF_PLUGIN, "template"), "ok")
    for command in ("attention maps", "cache list", "reproduce", "train"):
        assert f"psychobench {command} " in installed.psychobench(*command.split(), "--help")


def test_the_main_job_runs_to_the_figure_and_trains_nothing(installed):
    out = installed.psychobench(*COMPARE, "fe_alexnet", "--out", "main", "--json")
    document = json.loads(out)
    rows = {row["mask"]: row for row in document["rows"]}
    assert list(rows) == ["none", "eyes", "nose", "mouth"]
    assert rows["none"]["status"] == "ok"
    assert rows["none"]["pretraining"] == "procedural-objects"
    assert document["family_size"] == sum(row["p"] is not None for row in rows.values())
    trials = pd.read_csv(installed.empty / "main" / "trials.csv")
    whole = trials[(trials["kind"] == "observer") & (trials["condition"] == "none")]
    p_happy = whole.set_index("level")["p_target"]
    assert p_happy[0.0] < 0.2
    assert p_happy[1.0] > 0.8
    assert (installed.empty / "main" / "curves.png").stat().st_size > 10_000
    assert not list(installed.cache.rglob("*.safetensors"))


def test_the_wheel_of_the_plugin_stays_small(installed):
    (weights,) = installed.home.rglob("psychobench_torch/weights")
    assert sum(path.stat().st_size for path in weights.rglob("*")) < 38e6


def test_real_people_meet_the_network(installed, shared):
    out = installed.psychobench(
        *(*COMPARE, "fe_alexnet", "--json"),
        *("--humans", shared / "wegrzyn2015" / "trials.csv"),
        *("--columns", "observer=subject,response=chose_anger", "--where", "condition=whole"),
    )
    document = json.loads(out)
    assert len(document["rows"]) == 4
    assert document["rows"][0]["status"] == "ok"
    cohort = document["cohort"]
    assert cohort["n"] == 28
    assert set(cohort["left_out"]) == {"p017", "p018"}  # whom the authors excluded, too
    assert "judged different stimuli" in document["notes"][0]
