"""A paper's claims: which hold for observers and for arrays that are known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from psychobench.comparison import Sample
from psychobench.comparison.published import published
from psychobench.reproduction import claim_measures as of
from psychobench.reproduction.claim_definitions import CLAIMS
from psychobench.reproduction.claims import Claim, evaluate_claim
from psychobench.reproduction.measures import OBJECT, Replicates, paper_measures
from psychobench.reproduction.paper import CONDITIONS, CONTROLS, NETWORKS, PRETRAININGS
from psychobench.reproduction.result import Reproduction
from psychobench.reproduction.tables import gain_table

LEVELS = np.linspace(0, 1, 21)


def claim(name: str) -> Claim:
    return next(each for each in CLAIMS if each.id == name)


def paper_value(name: str) -> float:
    claim = next(each for each in CLAIMS if each.id == name)
    return evaluate_claim(claim, paper_measures(published())).value


def verdicts(made: Reproduction) -> dict[str, str]:
    return dict(zip(made.claims["id"], made.claims["verdict"], strict=True))


def arrays(**given: np.ndarray) -> Replicates:
    """Four classical networks and FE, five trainings, all alike but for what is given."""
    shape = (2, 5, 4, 5)
    same = {name: np.full(shape, 0.6) for name in ("pse", "distance", "residual", "accuracy")}
    same["family"] = np.full(shape, 10.0)
    answers = np.tile(LEVELS, (*shape, 1))
    people = Sample(0.532, 0.127, 50)
    return Replicates(NETWORKS, **{**same, "answers": answers, **given}, people=people)


def jittered(rng: np.random.Generator, shift: np.ndarray) -> np.ndarray:
    return shift + 0.6 + 0.01 * rng.standard_normal((2, 5, 4, 5))


@pytest.mark.slow
def test_claims_hold_where_the_networks_were_made_so(made):
    found = verdicts(made)
    for name in ("1.3a", "1.3b", "2.1", "2.2a", "2.5", "3.1a", "3.1b", "3.3", "3.5a", "3.7"):
        assert found[name] == "holds", name
    assert found["1.5"] == "does not hold" or made.claims.set_index("id").loc["1.5", "value"] == 0


def test_claims_turn_round_with_the_pretrainings(made):
    measures = made.readings["none"]
    swapped = replace(
        measures,
        **{name: getattr(measures, name)[::-1] for name in ("pse", "distance", "answers")},
    )
    for name in ("1.3a", "1.3b"):
        before, after = evaluate_claim(claim(name), measures), evaluate_claim(claim(name), swapped)
        assert after.value == pytest.approx(-before.value)
        assert (before.verdict, after.verdict) == ("holds", "does not hold")


def test_what_was_not_asked_is_not_measured(made):
    row = made.claims.set_index("id").loc["1.4"]
    assert row["verdict"] == "not measurable here"
    assert "vgg11" in row["reason"]
    assert made.claims.set_index("id").loc["1.9", "reason"].startswith("the maps come from")


def test_simulated_people_say_nothing_of_people(made):
    assert made.claims.set_index("id").loc["1.1", "reason"].startswith("the people were simulated")


@pytest.mark.slow
def test_one_training_decides_nothing(single):
    found = single.claims
    assert set(found["verdict"]) == {"undecided", "not measurable here"}
    assert (found.loc[found["verdict"] == "undecided", "reason"] != "").all()


def test_every_claim_is_told_apart_and_says_what_it_measures():
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    for claim in CLAIMS:
        assert (claim.of is None) == bool(claim.reason), claim.id
        assert bool(claim.measure) == (claim.of is not None), claim.id


@pytest.mark.slow
def test_the_papers_own_figures_are_read_off_its_tables():
    # by hand from tables 1 to 3, people's mean .532
    gaps = [0.169 - 0.182, 0.038 - 0.183, 0.171 - 0.090]
    assert paper_value("1.3a") == pytest.approx(np.mean(gaps))
    assert paper_value("1.5") == 1
    assert paper_value("1.2b") == pytest.approx(
        np.std([0.701, 0.494, 0.703], ddof=1) - np.std([0.670, 0.714, 0.715, 0.622], ddof=1)
    )
    assert paper_value("2.2a") == pytest.approx(7 / 12 - 1 / 12)
    assert paper_value("2.3c") == pytest.approx(3 / 8 - 1 / 8)
    assert paper_value("3.4b") == pytest.approx(4 / 6)
    assert paper_value("3.5a") == pytest.approx(0.038 - 0.031)
    assert np.isnan(paper_value("3.1b"))  # AlexNet has no PSE there


def test_the_papers_p_values_follow_from_its_pses():
    paper = published()
    ours = paper_measures(paper).corrected_p
    assert np.isfinite(ours).sum() == paper.table["pse"].notna().sum() == 29
    for _, row in paper.table.dropna(subset=["pse"]).iterrows():
        here = PRETRAININGS.index(row["pretraining"]), NETWORKS.index(row["observer"])
        p = ours[(*here, CONDITIONS.index(row["mask"]), 0)]
        assert p == pytest.approx(row["p_recomputed"])


def test_a_claim_about_one_network_is_corrected_for_its_whole_table():
    assert (paper_measures(published()).only(["fe_alexnet"]).family[:, :, 0] == 9).all()
    # by hand: FE with objects .501, people .532 with an SEM of .018; 9 tests in table 1
    critical = stats.t.isf(0.05 / 2 / 9, 49)
    assert paper_value("3.3") == pytest.approx((0.532 - 0.501) / 0.018 / critical)


@pytest.mark.parametrize("name", ["1.3b", "2.2c", "2.3a", "2.4a", "3.1a", "3.5b"])
def test_a_distance_claim_holds_or_fails_with_the_sign_of_the_effect(name):
    rng, effect = np.random.default_rng(0), np.zeros((2, 5, 4, 5))
    effect[OBJECT] += 0.1
    effect[:, 0] += 0.3
    effect[:, :, 2:] += 0.1
    effect[:, 4] -= 0.5
    assert evaluate_claim(claim(name), arrays(distance=jittered(rng, effect))).verdict == "holds"
    turned = evaluate_claim(claim(name), arrays(distance=jittered(rng, -effect)))
    assert turned.verdict == "does not hold"


def test_a_claim_without_an_effect_is_mostly_undecided():
    rng = np.random.default_rng(1)
    found = [
        evaluate_claim(
            claim("1.3b"), arrays(distance=jittered(rng, np.zeros((2, 5, 4, 5))))
        ).verdict
        for _ in range(200)
    ]
    assert found.count("undecided") / len(found) == pytest.approx(0.95, abs=0.04)


@pytest.mark.parametrize("side", ["above", "below"])
def test_a_tie_refutes_no_claim(side):
    """An interval that is the criterion itself has it inside."""
    tied = Claim("9.9", "0", "", "", lambda _: np.zeros(3), side=side, least=0)
    assert evaluate_claim(tied, arrays()).verdict == "undecided"


def test_effects_of_masks_correlate_with_themselves():
    rng = np.random.default_rng(2)
    answers = np.clip(rng.random((2, 5, 4, 5, 21)), 0, 1)
    answers[:, 4] = answers[:, 0]
    assert of.effects_alike(arrays(answers=answers).only(("alexnet", "fe_alexnet"))) == (
        pytest.approx(np.ones(5))
    )
    other = rng.random(answers.shape)
    other[:, 4] = rng.random(answers[:, 4].shape)
    assert abs(of.effects_alike(arrays(answers=other).only(("alexnet", "fe_alexnet")))).max() < 0.4


def test_controls_show_how_much_nearer_than_alexnet_each_head_is():
    distance = np.full((2, 5, 4, 5), 0.3)
    distance[0, 4] = 0.1
    named = replace(arrays(distance=distance), observers=(*CONTROLS, "alexnet", "fe_alexnet"))
    gain = gain_table(named).set_index(["pretraining", "observer"])
    assert len(gain) == 10
    assert gain.loc[("object", "fe_alexnet"), "gain"] == pytest.approx(0.2)
    assert gain.loc[("face", "fe_alexnet"), "gain"] == pytest.approx(0)
    assert np.isnan(gain.loc[("object", "alexnet"), "gain"])
