"""`psychobench attention`: what the core does with maps, and what a plug-in adds."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import psychobench as pb
from psychobench.cli import main

SIZE = (64, 48)
WITHOUT_TORCH = """
import sys
class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision", "psychobench_torch"):
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, NoTorch())
from psychobench.cli.main import main
main(sys.argv[1:])
"""


@pytest.fixture
def files(tmp_path):
    """Three photographs, fixations of four people on them, and maps of two sources."""
    rng = np.random.default_rng(0)
    rows = []
    for name in ("a", "b", "c"):
        (tmp_path / "photographs").mkdir(exist_ok=True)
        Image.new("RGB", SIZE).save(tmp_path / "photographs" / f"{name}.jpg")
        for source, values in (("noise", rng.random((6, 8))), ("left", np.eye(48, 64))):
            (tmp_path / "maps" / source).mkdir(parents=True, exist_ok=True)
            np.savez(tmp_path / "maps" / source / f"{name}.npz", map=values)
        rows += [
            (f"{name}.jpg", f"s{i % 4}", *rng.uniform((0, 0), (SIZE[0] - 1, SIZE[1] - 1)), 200.0)
            for i in range(12)
        ]
    columns = ["image", "subject", "x_px", "y_px", "duration_ms"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "fixations.csv", index=False)
    return tmp_path


def options(files):
    return [
        *("--maps", str(files / "maps")),
        *("--fixations", str(files / "fixations.csv")),
        *("--images", str(files / "photographs")),
        *("--sigma-px", "5"),
    ]


@pytest.mark.slow
def test_maps_are_compared_with_people_without_torch(files):
    command = [sys.executable, "-c", WITHOUT_TORCH, "attention", "compare", *options(files)]
    ran = subprocess.run([*command, "--json"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    sources = [row["source"] for row in json.loads(ran.stdout)["rows"]]
    assert sources[-2:] == ["left", "noise"]


@pytest.mark.slow
def test_the_command_and_python_give_the_same_numbers(files, run_cli):
    ran = run_cli("attention", "compare", *options(files), "--json", "--out", files / "out")
    compared = pb.compare_maps(
        files / "maps", files / "fixations.csv", images=files / "photographs", sigma_px=5
    )
    assert json.loads(ran.out) == compared.to_json()
    assert json.loads((files / "out" / "gaze.json").read_text()) == compared.to_json()
    written = {path.name for path in (files / "out").iterdir()}
    assert {"gaze.csv", "images.csv", "summary.txt", "gaze.png", "gallery-maps.png"} <= written


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--maps", "nowhere"], "--maps must name a folder of maps"),
        (["--display", "wide"], "--display must be width and height in pixels"),
        (["--display-scale", "0"], "--display-scale must be above 0"),
        (["--sigma-deg", "1"], "needs both --sigma-deg and --pixels-per-degree"),
        (["--columns", "image=picture"], "has no picture; name yours, like --columns image=YOURS"),
        (["--period", "0", "500"], "--period needs onset_ms of every fixation"),
    ],
)
def test_wrong_options_are_named_as_they_are_typed(files, run_cli, wrong, said):
    ran = run_cli("attention", "compare", *options(files), *wrong, "--out", files / "out")
    assert ran.code == 1
    assert said in ran.err
    assert not (files / "out").exists()


def test_a_subcommand_of_a_package_that_is_not_installed_names_the_package(run_cli, monkeypatch):
    monkeypatch.setattr(main, "entry_points", lambda group: [])
    ran = run_cli("attention", "maps", "vgg16")
    assert ran.code == 1
    assert ran.err == (
        "Error: a command must be installed: 'attention maps' comes with the package "
        "psychobench-torch; install it from psychobench's source with: python -m pip install -e "
        "plugins/torch_models\n"
    )
    lines = run_cli("attention", "--help").out.partition("Commands:")[2].splitlines()
    listed = [line.split()[0] for line in lines if line.strip()]
    assert listed == ["compare", "draw"]
