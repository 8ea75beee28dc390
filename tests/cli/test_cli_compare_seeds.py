"""A comparison of observers that can be trained again, and that say their labels' log-odds."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import stats

# judges brightness; a seed moves its criterion, and one in five sees nothing
NETS = """
import numpy as np
from psychobench.observers.protocol import ObserverInfo

ASKED = []

class Net:
    def __init__(self, name, seed, odds=None, blind=()):
        self.made = name, seed, odds, blind
        self.seed, self.odds, self.blind = seed, odds, blind
        self.info = ObserverInfo(name, "1", ("dark", "bright"), "bright", "mean", "a rule",
                                 weights_sha256=f"{seed:064x}", label_log_odds=odds)

    def respond(self, images):
        ASKED.append((self.seed, len(images)))
        criterion = 0.5 + 0.05 * np.sin(3.0 * self.seed)
        evidence = 12 * (images.mean(axis=(1, 2, 3)) / 255 - criterion)
        if self.seed in self.blind:
            evidence = 0 * evidence - 3
        return 1 / (1 + np.exp(-evidence - (self.odds or 0)))

    def replicates(self, n):
        return [Net(self.made[0], self.seed + k, *self.made[2:]) for k in range(n)]

def plain(*, seed=0): return Net("plain", seed)
def uneven(*, seed=0): return Net("uneven", seed, odds=1.2)
def fragile(*, seed=0): return Net("fragile", seed, blind=(2,))

class Rule:
    info = Net("rule", 0).info
    respond = Net("rule", 0).respond

def rule(): return Rule()
"""
NAMES = ("plain", "uneven", "fragile", "rule")


@pytest.fixture
def compare(plug_in, run_cli, tmp_path):
    """Compare some of the nets on patches with people who judged brightness, too."""
    plug_in("nets", {name: f"nets:{name}" for name in NAMES}, NETS)
    folder = tmp_path / "patches"
    folder.mkdir()
    rows = ["stimulus,level"]
    for step in range(11):
        value = round(25.5 * step)
        Image.fromarray(np.full((8, 8, 3), value, np.uint8)).save(folder / f"{step}.png")
        rows.append(f"{step}.png,{step / 10}")
    (folder / "levels.csv").write_text("\n".join(rows))
    rng = np.random.default_rng(0)
    people = ["observer,level,response"]
    for who, middle in enumerate(rng.normal(0.5, 0.06, 12)):
        for level in np.repeat(np.arange(11) / 10, 20):
            said = rng.random() < 1 / (1 + np.exp(-12 * (level - middle)))
            people.append(f"h{who},{level},{int(said)}")
    (tmp_path / "people.csv").write_text("\n".join(people))
    base = ("compare", "--stimuli", folder, "--humans", tmp_path / "people.csv")

    def run(*names, options=()):
        observers = [word for name in names for word in ("--observer", name)]
        return run_cli(*base, *observers, *options)

    return run


def document(ran):
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


@pytest.mark.slow
def test_the_paper_s_row_stays_the_first_seed_s_and_the_others_stand_beside_it(compare):
    once = document(compare("plain", options=("--seeds", 1, "--json")))
    ten = document(compare("plain", options=("--json",)))
    (before,), (row,) = once["rows"], ten["rows"]
    changed = {name for name in row if row[name] != pytest.approx(before[name], nan_ok=True)}
    assert {name for name in changed if "seeds" not in name and "welch" not in name} == {
        *("pse_low", "pse_high", "jnd_low", "jnd_high"),
    }
    assert (before["seeds"], before["pse_low"], before["welch_p"]) == (1, None, None)
    pses = [each["pse"] for each in ten["seed_rows"]]
    assert [each["seed"] for each in ten["seed_rows"]] == list(range(10))
    assert pses[0] == row["pse"]
    assert (row["seeds"], row["seeds_with_pse"], row["seeds_statuses"]) == (10, 10, "10 ok")
    assert row["seeds_mean_pse"] == pytest.approx(np.mean(pses))
    reach = stats.t.ppf(0.975, 9) * np.std(pses, ddof=1) * np.sqrt(1.1)
    assert (row["pse_high"] - row["pse_low"]) / 2 == pytest.approx(reach)
    assert ten["welch_family_size"] == 1
    assert once["seed_rows"] == []


@pytest.mark.slow
def test_seeds_are_counted_from_the_seed_that_was_asked_for(compare):
    import sys

    ten = document(compare("plain", options=("--seed", 4, "--seeds", 3, "--json")))
    assert [each["seed"] for each in ten["seed_rows"]] == [4, 5, 6]
    assert sys.modules["nets"].ASKED == [(4, 11), (5, 11), (6, 11)]
    weights = ten["provenance"]["replicates"]["plain"]
    assert weights["seed 6"]["weights_sha256"] == f"{6:064x}"


@pytest.mark.slow
def test_a_training_without_a_pse_is_counted_and_told(compare):
    ran = compare("fragile", options=("--seeds", 5, "--verbose"))
    assert "Trainings without an included PSE: fragile, mask none: 4 ok, 1 never." in ran.out
    row = document(compare("fragile", options=("--seeds", 5, "--json")))["rows"][0]
    assert (row["seeds"], row["seeds_with_pse"]) == (5, 4)


@pytest.mark.slow
def test_who_has_one_curve_is_said_to(compare):
    both = compare("plain", "rule", options=("--seeds", 3, "--verbose"))
    assert "rule: a single curve, because training involves no chance or" in both.out
    section = both.out.partition("What if the network were trained again?")[2].partition("\n\n")[0]
    assert "plain" in section
    assert "rule" not in section
    alone = compare("rule", options=("--verbose",))
    assert "trained again? Not tested: none of these observers" in alone.out
    assert "trained again" not in compare("plain", options=("--seeds", 1, "--verbose")).out


@pytest.mark.slow
def test_a_criterion_is_taken_off_and_a_verdict_that_flips_is_flagged(compare):
    ran = compare("uneven", "plain", options=("--seeds", 1, "--verbose"))
    assert "THE VERDICT FLIPS without the training labels' log-odds (+1.20)" in ran.out
    found = document(compare("uneven", "plain", options=("--seeds", 1, "--json")))
    uneven, plain = found["rows"]
    assert uneven["pse"] == pytest.approx(0.4, abs=0.01)
    assert uneven["pse_balanced"] == pytest.approx(plain["pse"], abs=1e-4)
    assert uneven["t_balanced"] == pytest.approx(plain["t"], abs=0.01)
    assert uneven["p_bonferroni_balanced"] == pytest.approx(min(1, 2 * plain["p"]), abs=0.01)
    assert uneven["verdict_flips"] is True
    assert uneven["status_balanced"] == "ok"
    silent = [name for name in plain if "balanced" in name or name == "verdict_flips"]
    assert [plain[name] for name in [*silent, "label_log_odds"]] == [None] * 7


@pytest.mark.slow
def test_drawn_answers_scatter_with_the_trainings_and_the_first_seed_s_are_the_same(compare):
    trials = ("--trials", 20)
    once = document(compare("plain", options=(*trials, "--seeds", 1, "--json")))["rows"][0]
    ten = document(compare("plain", options=(*trials, "--json")))
    assert ten["rows"][0]["pse"] == pytest.approx(once["pse"], abs=1e-6)
    assert once["pse_low"] < once["pse"] < once["pse_high"]
    exact = document(compare("plain", options=("--json",)))["rows"][0]
    assert ten["rows"][0]["seeds_sd_pse"] > exact["seeds_sd_pse"] * 0.8
    assert ten["seed_rows"] == document(compare("plain", options=(*trials, "--json")))["seed_rows"]


@pytest.mark.slow
def test_files_hold_every_training_and_tell_them_apart(compare, run_cli, tmp_path):
    out = tmp_path / "out"
    assert compare("plain", "uneven", options=("--seeds", 3, "--out", out)).code == 0
    trials, fits = (
        pd.read_csv(out / name, dtype={"seed": str}) for name in ("trials.csv", "fits.csv")
    )
    mine = trials[trials["kind"] == "observer"]
    assert mine.groupby(["observer", "seed"]).size().tolist() == [11] * 6
    assert set(mine["seed"]) == {"0", "1", "2"}
    assert trials.loc[trials["kind"] == "human", "seed"].isna().all()
    assert fits["kind"].value_counts().to_dict() == {"human": 12, "observer": 6}
    again = run_cli(
        *("fit", out / "trials.csv", "--where", "kind=observer", "--by", "seed", "--json")
    )
    refitted = [row["pse"] for row in json.loads(again.out)]
    np.testing.assert_allclose(refitted, fits["pse"][:6])
    page = (out / "report.html").read_text("utf-8")
    assert "What if the network were trained again?" in page
    assert "Whitmore" in page
    assert "FLIPS" in page
    assert "other trainings" in (out / "curves.svg").read_text("utf-8")


@pytest.mark.parametrize("seeds", ["0", "many"])
def test_a_number_of_seeds_that_is_none_is_wrong_usage(compare, seeds):
    ran = compare("plain", options=("--seeds", seeds))
    assert ran.code == 2
    assert "--seeds" in ran.err
