"""Several processes train as one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from psychobench_torch.computing.distributed import ProcessGroup
from psychobench_torch.data import LabelledImages
from psychobench_torch.pretraining import PretrainingRecipe, Stage, pretrain
from psychobench_torch.stand_in_weights.identities import identity_set

from psychobench.errors import OptionError

RECIPE = PretrainingRecipe(
    stages=(Stage(64, batch=8, epochs=3),), autocast=False, equalise=False, keep="best"
)
WORKER = """
import json, os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_distributed import RECIPE, losses, two_people
from psychobench_torch.pretraining import loop, pretrain

out, rank = Path(sys.argv[1]), os.environ["RANK"]
save, calls = loop.Training._save, []

def save_then_die(self):
    save(self)
    calls.append(self.step)
    if os.environ["TORCHELASTIC_RESTART_COUNT"] == "0" and self.step == 4 and rank == "0":
        os.kill(os.getpid(), signal.SIGKILL)

loop.Training._save = save_then_die
trained = pretrain(
    RECIPE, two_people(), folder=out / "checkpoint", progress=False, checkpoint_seconds=0
)
(out / f"{rank}.json").write_text(json.dumps({"first": calls[0], **losses(trained)}))
"""


def two_people() -> LabelledImages:
    return identity_set(2, 10, 0, seed=0, size=64)[0]


def losses(trained: object) -> dict[str, object]:
    epochs = trained.epochs  # type: ignore[attr-defined]
    total = sum(float(v.abs().sum()) for v in trained.network.state_dict().values())  # type: ignore[attr-defined]
    return {
        "loss": [epoch.loss for epoch in epochs],
        "accuracy": [epoch.accuracy for epoch in epochs],
        "weights": total,
    }


@pytest.mark.slow
def test_two_processes_one_of_which_was_killed_train_as_one_does(tmp_path: Path) -> None:
    """Equal losses at the same global batch, to 1e-4; torchrun restarts, the checkpoint goes on."""
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    ran = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2",
         "--max-restarts=1", "--monitor-interval=0.1", str(script), str(tmp_path),
         str(Path(__file__).parent)],
        capture_output=True, text=True,
        env={**os.environ, "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"},  # else gloo finds the dead
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    assert first == second
    assert first.pop("first") == 5  # the steps before were not done again
    alone = losses(pretrain(RECIPE, two_people(), progress=False))
    assert first["loss"] == pytest.approx(alone["loss"], rel=1e-4)
    assert first["accuracy"] == alone["accuracy"]
    assert first["weights"] == pytest.approx(alone["weights"], rel=1e-4)


@pytest.mark.slow
def test_the_documented_command_trains_once_and_speaks_once(
    run_cli: Callable[..., Any], cache: Path, tmp_path: Path
) -> None:
    """`torchrun -m psychobench train` on a folder of images, beside one process without it."""
    rng = np.random.default_rng(0)
    for shade, name in ((60, "sad"), (160, "happy")):
        (tmp_path / "faces" / name).mkdir(parents=True)
        for number in range(6):
            pixels = (rng.integers(0, 60, (40, 40, 3)) + shade).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "faces" / name / f"{number}.png")
    asked = ["train", "alexnet", "--phase", "pretraining", "--data", str(tmp_path / "faces"),
             "--size", "64", "--epochs", "1", "--batch", "4", "--out"]  # fmt: skip
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ran = subprocess.run(
        [sys.executable, *launch, "-m", "psychobench", *asked, str(tmp_path / "two")],
        capture_output=True, text=True, env={**os.environ, "PSYCHOBENCH_DEVICE": "cpu"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("Written to") == 1
    card = json.loads((tmp_path / "two" / "weights.json").read_text())
    assert "on cpu, 2 process(es)" in card["made_with"]
    assert not (tmp_path / "two" / "checkpoints").exists()
    assert run_cli(*asked, tmp_path / "one").code == 0
    two, one = (pd.read_csv(tmp_path / name / "log.csv").loss for name in ("two", "one"))
    assert two.to_numpy() == pytest.approx(one.to_numpy(), rel=0.02)  # bfloat16 rounds them apart


def test_a_batch_that_cannot_be_shared_out_evenly_is_refused() -> None:
    with pytest.raises(OptionError, match="it is 32 for 3"):
        ProcessGroup(0, 3, torch.device("cpu")).check_batch(32)


def test_the_shares_of_all_processes_make_up_the_batch() -> None:
    batch = torch.arange(12)
    shares = [batch[ProcessGroup(rank, 4, torch.device("cpu")).share(12)] for rank in range(4)]
    assert torch.equal(torch.cat(shares), batch)
