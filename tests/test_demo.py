"""A demonstration is there in seconds, says that it is simulated, and destroys nothing."""

from __future__ import annotations

import pytest

import psychobench as pb
from psychobench.cli.main import main
from psychobench.errors import ResourceError


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "new"
    return folder, pb.demo(folder)


@pytest.mark.slow
def test_the_report_lies_beside_the_trials_and_says_that_nobody_judged_anything(written):
    folder, found = written
    trials = pb.read_trials(folder / "trials.csv")
    assert trials["observer"].nunique() == 12
    assert "SIMULATED" in (folder / "results" / "report.html").read_text("utf-8")
    pair = found.tests["pse"].pairs[0]
    assert pair.p < 0.001
    assert pair.low < 0.1 < pair.high  # what was simulated


def test_a_demonstration_is_not_written_over_a_users_trials(written, capsys):
    folder, _ = written
    before = (folder / "trials.csv").read_bytes()
    (folder / "trials.csv").write_bytes(b"mine")
    with pytest.raises(ResourceError, match="must not replace your files"):
        pb.demo(folder)
    with pytest.raises(SystemExit):
        main(["demo", "--out", str(folder)])
    assert "--overwrite" in capsys.readouterr().err
    assert (folder / "trials.csv").read_bytes() == b"mine"
    (folder / "trials.csv").write_bytes(before)
