"""Agreement with inference: intervals, differences, ceilings, copying, trials needed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

import psychobench as pb
from psychobench.errors import PsychobenchError


def table_of(correct, names=None):
    """Answers scored as correct or not, from an array of shape (observers, stimuli)."""
    correct = np.asarray(correct)
    names = names or [f"p{row}" for row in range(len(correct))]
    return pd.DataFrame(
        {
            "observer": np.repeat(names, correct.shape[1]),
            "stimulus": [f"s{at}" for at in range(correct.shape[1])] * len(correct),
            "correct": correct.astype(int).ravel(),
        }
    )


def copying(rng, copies, stimuli=200, accuracy=0.75):
    """Observers who copy a common answer with a probability each; two have kappa c1 c2."""
    common = rng.random(stimuli) < accuracy
    own = rng.random((len(copies), stimuli)) < accuracy
    return np.where(rng.random(own.shape) < np.array(copies)[:, None], common, own)


PEOPLE = table_of(copying(np.random.default_rng(0), [0.7] * 8))


def test_kappa_of_a_two_by_two_table_is_that_by_hand():
    # 20 both right, 5 and 10 only one, 15 none: c_obs .7, c_exp .5, kappa .4 (Cohen, 1960)
    first = np.repeat([1, 1, 0, 0], [20, 5, 10, 15])
    second = np.repeat([1, 0, 1, 0], [20, 5, 10, 15])
    found = pb.error_consistency(table_of([first, second]))
    assert found.kappa == pytest.approx(0.4)
    assert found.agreement == pytest.approx(0.7)
    # most agreement with rates .5 and .6: both right 25 of 50, c_obs .9
    assert found.highest_kappa == pytest.approx(0.8)


def test_classes_need_no_level_and_no_code():
    rng = np.random.default_rng(1)
    correct = copying(rng, [0.7] * 4)
    truth = rng.choice(["cat", "dog", "car", "boat"], correct.shape[1])
    classes = table_of(correct).assign(truth=np.tile(truth, 4))
    wrong = classes["truth"].map({"cat": "dog", "dog": "car", "car": "boat", "boat": "cat"})
    classes["response"] = classes["truth"].where(classes["correct"] == 1, wrong)
    stated = pb.error_consistency(classes[["observer", "stimulus", "correct"]])
    assert pb.error_consistency(classes.drop(columns="correct")) == stated
    # other names for the classes say the same
    renamed = classes.replace({"cat": "1", "dog": "2", "car": "3", "boat": "4"})
    assert pb.error_consistency(renamed.drop(columns="correct")) == stated


def test_a_file_of_classes_is_read(tmp_path):
    file = tmp_path / "classes.csv"
    PEOPLE.to_csv(file, index=False)
    assert pb.error_consistency(file) == pb.error_consistency(PEOPLE)
    assert pb.error_consistency(str(file), PEOPLE).n_stimuli == 200


def test_the_interval_contains_its_own_estimate_with_few_people():
    # a person paired with himself has kappa 1 and would lift the interval above the estimate
    for seed in range(20):
        rng = np.random.default_rng(seed)
        found = pb.error_consistency(table_of(copying(rng, [0.4] * 4, 100)), bootstrap=200)
        assert found.kappa_low < found.kappa < found.kappa_high
        assert (found.kappa_low + found.kappa_high) / 2 == pytest.approx(found.kappa, abs=0.1)


@pytest.mark.slow
def test_the_interval_over_people_and_stimuli_covers_the_population():
    # people who differ: 4 kinds, each any person with equal probability; E c1 c2 = .5 ** 2
    rng, covered = np.random.default_rng(2), []
    for _ in range(120):
        people = table_of(copying(rng, rng.choice([0.2, 0.4, 0.6, 0.8], 8), 100))
        found = pb.error_consistency(people, bootstrap=200)
        covered.append(found.kappa_low <= 0.25 <= found.kappa_high)
    assert np.mean(covered) >= 0.9


def test_drawing_people_adds_to_the_width_where_they_differ():
    rng = np.random.default_rng(3)
    net = table_of(copying(rng, [0.9], 400), ["net"])
    common = net["correct"].to_numpy() == 1
    own = rng.random((8, 400)) < 0.75
    alike = np.where(rng.random(own.shape) < 0.5, common, own)
    differ = np.where(rng.random(own.shape) < np.repeat([0.1, 0.9], 4)[:, None], common, own)
    widths = [
        found.kappa_high - found.kappa_low
        for found in (pb.error_consistency(net, table_of(each)) for each in (alike, differ))
    ]
    assert widths[1] > 2 * widths[0]


@pytest.mark.slow
@pytest.mark.parametrize("c", [0.2, 0.6])
def test_the_copy_probability_is_recovered_whatever_the_accuracies(c):
    rng = np.random.default_rng(4)
    first = rng.random(20_000) < 0.9
    second = np.where(rng.random(20_000) < c, first, rng.random(20_000) < 0.6)
    copied = table_of([second], ["copier"]), table_of([first], ["copied"])
    found = pb.error_consistency(*copied, bootstrap=100)
    assert found.copying == pytest.approx(c, abs=0.03)
    assert found.copying_low < c < found.copying_high
    assert found.kappa < c  # unequal accuracies hide copying from kappa


def test_copying_is_kappa_where_both_are_correct_equally_often():
    correct = np.repeat([[1, 1, 0, 0], [1, 0, 1, 0]], [30, 6, 6, 8], axis=1)
    found = pb.error_consistency(table_of(correct))
    assert found.copying == pytest.approx(found.kappa)


def test_a_paired_difference_is_found_where_separate_intervals_overlap():
    rng = np.random.default_rng(5)
    common = rng.random(300) < 0.75
    own = rng.random((12, 300)) < 0.75
    people = np.where(rng.random(own.shape) < 0.6, common, own)
    near = np.where(rng.random(300) < 0.6, common, rng.random(300) < 0.75)
    far = np.where(rng.random(300) < 0.25, rng.random(300) < 0.75, near)
    near, far, people = table_of([near], ["near"]), table_of([far], ["far"]), table_of(people)
    each = pb.error_consistency(near, people), pb.error_consistency(far, people)
    assert each[0].kappa_low < each[1].kappa_high
    found = pb.consistency_difference(near, far, people)
    assert found.difference == pytest.approx(each[0].kappa - each[1].kappa)
    assert found.difference_low > 0
    assert found.p < 0.05
    mirrored = pb.consistency_difference(far, near, people)
    assert mirrored.difference == pytest.approx(-found.difference)


@pytest.mark.slow
def test_a_difference_that_is_not_there_is_found_as_often_as_stated():
    rng, found = np.random.default_rng(6), []
    for _ in range(60):
        tables = table_of(copying(rng, [0.5] * 6, 100))
        parts = [part for _, part in tables.groupby("observer")]
        people = pd.concat(parts[2:])
        found.append(pb.consistency_difference(parts[0], parts[1], people, bootstrap=200))
    missed = [each.difference_low > 0 or each.difference_high < 0 for each in found]
    assert np.mean(missed) <= 0.1
    assert np.mean([each.p < 0.05 for each in found]) <= 0.1


def test_two_people_are_compared_with_the_others_only():
    one, two = (PEOPLE[PEOPLE["observer"] == name] for name in ("p0", "p1"))
    others = PEOPLE[~PEOPLE["observer"].isin(["p0", "p1"])]
    found = pb.consistency_difference(one, two, PEOPLE)
    assert found == pb.consistency_difference(one, two, others)
    assert found.n_people == 6


def test_the_ceiling_is_the_mean_over_people_of_their_kappa_with_the_others():
    found = pb.consistency_ceiling(PEOPLE)
    assert found.ceiling == pytest.approx(pb.error_consistency(PEOPLE).kappa)
    assert found.ceiling == pytest.approx(found.to_frame()["kappa"].mean())
    first = PEOPLE["observer"] == "p0"
    alone = pb.error_consistency(PEOPLE[first], PEOPLE[~first]).kappa
    assert found.to_frame()["kappa"][0] == pytest.approx(alone)
    assert found.ceiling_low < found.ceiling < found.ceiling_high <= 1


def test_one_more_person_is_at_the_ceiling_and_their_average_above_it():
    rng = np.random.default_rng(7)
    correct = copying(rng, [0.6] * 13, 400)
    majority = correct[:12].mean(axis=0) > 0.5
    observers = table_of([correct[12], majority], ["one more", "majority"])
    table = pb.consistency_ceiling(table_of(correct[:12]), observers).to_frame()
    table = table[table["kind"] == "observer"].set_index("name")
    one_more, best = table.loc["one more"], table.loc["majority"]
    assert one_more["difference_low"] < 0 < one_more["difference_high"]
    assert best["difference_low"] > 0
    assert best["percentile"] == 100


def test_a_ceiling_cannot_exceed_one():
    same = np.repeat([[1, 0]], [30, 10], axis=1).repeat(5, axis=0)
    found = pb.consistency_ceiling(table_of(same))
    assert found.ceiling == pytest.approx(1)
    assert found.ceiling_high <= 1
    assert (found.to_frame()[["kappa", "kappa_low", "kappa_high"]] <= 1).all(axis=None)


@pytest.mark.parametrize(("kappa", "accuracies"), [(0.4, (0.9, 0.9)), (0.3, (0.6, 0.8))])
def test_with_the_trials_needed_the_interval_has_the_wanted_width(kappa, accuracies):
    needed = pb.consistency_trials(kappa, width=0.15, accuracies=accuracies).to_frame()
    n = int(needed["trials"][0])
    p, q = accuracies
    both = p * q + kappa * (p + q - 2 * p * q) / 2
    rng, widths = np.random.default_rng(8), []
    for _ in range(5):
        cell = rng.choice(4, size=n, p=[both, p - both, q - both, 1 - p - q + both])
        found = pb.error_consistency(table_of([cell % 2 == 0, cell < 2][::-1]), bootstrap=500)
        widths.append(found.kappa_high - found.kappa_low)
    assert np.mean(widths) == pytest.approx(0.15, rel=0.1)


def test_a_kappa_that_the_accuracies_forbid_needs_no_number_of_trials():
    table = pb.consistency_trials((0.1, 0.9), width=0.1, accuracies=(0.95, 0.6)).to_frame()
    assert table["trials"].isna().tolist() == [False, True]
    assert table["highest_kappa"][0] < 0.9


CLASSES = ("bear", "cat", "dog", "elephant")
# the people's habits: rows are truths, columns responses
HABITS = np.array(
    [[0.7, 0.1, 0.15, 0.05], [0.05, 0.6, 0.3, 0.05], [0.1, 0.2, 0.65, 0.05], [0.2, 0, 0.1, 0.7]]
)


def classified(rng, habits, names, stimuli=60):
    """Answers in four classes by observers with these P(response | truth)."""
    truth = np.repeat(np.arange(4), stimuli)
    tables = []
    for name in names:
        said = [rng.choice(4, p=habits[each]) for each in truth]
        tables.append(
            pd.DataFrame(
                {
                    "observer": name,
                    "stimulus": [f"s{at}" for at in range(len(truth))],
                    "truth": np.take(CLASSES, truth),
                    "response": np.take(CLASSES, said),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


CLASSIFIED = classified(np.random.default_rng(9), HABITS, ["p1", "p2", "p3", "p4", "p5", "p6"])


def test_a_confusion_matrix_holds_the_proportions_of_responses():
    found = pb.confusion_matrices(CLASSIFIED, bootstrap=0)
    people = found.matrices[found.matrices["observer"] == "people"]
    wide = people.pivot(index="truth", columns="response", values="proportion")
    assert np.allclose(wide.to_numpy(), HABITS, atol=0.08)
    assert np.allclose(wide.sum(axis=1), 1)
    one = CLASSIFIED["truth"].eq("cat") & CLASSIFIED["response"].eq("dog")
    by_hand = one.groupby(CLASSIFIED["observer"]).sum() / 60
    assert wide.loc["cat", "dog"] == pytest.approx(by_hand.mean())


def test_one_with_people_s_confusions_is_at_the_ceiling_and_one_with_others_below():
    rng = np.random.default_rng(10)
    other = HABITS[:, [0, 3, 2, 1]][[0, 3, 2, 1]]  # as accurate, with other errors
    nets = pd.concat(
        [classified(rng, HABITS, ["like people"]), classified(rng, other, ["unlike people"])]
    )
    table = pb.confusion_matrices(CLASSIFIED, nets, bootstrap=100).to_frame().set_index("name")
    ceiling = table.loc["people, one with the others"]
    like, unlike = table.loc["like people"], table.loc["unlike people"]
    assert like["error_correlation_low"] < ceiling["error_correlation"]
    assert like["error_correlation_high"] > ceiling["error_correlation_low"]
    assert unlike["error_correlation_high"] < ceiling["error_correlation_low"]
    assert abs(like["accuracy"] - unlike["accuracy"]) < 0.1


def test_ceilings_of_confusions_never_exceed_one_and_order_as_they_must():
    table = pb.confusion_matrices(CLASSIFIED, bootstrap=100).to_frame().set_index("name")
    ends = table[["overlap", "overlap_high", "error_correlation", "error_correlation_high"]]
    assert (ends <= 1).all(axis=None)
    # halves are averages of three people: nearer to each other than one person is to five
    single, half = table.loc["people, one with the others"], table.loc["people, split half"]
    assert half["overlap"] > single["overlap"]
    alike = classified(np.random.default_rng(11), np.eye(4), ["a", "b", "c"])
    perfect = pb.confusion_matrices(alike, bootstrap=20).to_frame()
    assert (perfect["overlap_high"] == 1).all()
    assert perfect["error_correlation"].isna().all()  # nobody errs


def test_renaming_classes_and_observers_changes_no_confusion():
    names = dict(zip(CLASSES, ["w", "x", "y", "z"], strict=True))
    renamed = CLASSIFIED.replace({"truth": names, "response": names})
    renamed["observer"] = renamed["observer"].str.replace("p", "q")
    one, other = (pb.confusion_matrices(each, bootstrap=10) for each in (CLASSIFIED, renamed))
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())


def conflicts(rng, share, names, stimuli=200, neither=0.2):
    """Answers to cue conflicts: by shape, by texture or by neither."""
    cues = [rng.choice(CLASSES, 2, replace=False) for _ in range(stimuli)]
    rows = []
    for name in names:
        for at, (shape, texture) in enumerate(cues):
            said = shape if rng.random() < share else texture
            said = "chair" if rng.random() < neither else said
            rows.append((name, f"s{at}", shape, texture, said))
    return pd.DataFrame(rows, columns=["observer", "stimulus", "shape", "texture", "response"])


def test_shape_bias_is_the_share_of_shape_among_answers_by_either_cue():
    table = pd.DataFrame(
        {
            "observer": "net",
            "stimulus": [f"s{at}" for at in range(10)],
            "shape": "cat",
            "texture": ["dog"] * 9 + ["cat"],  # the last one is no conflict
            "response": ["cat"] * 6 + ["dog"] * 2 + ["car"] + ["cat"],
        }
    )
    row = pb.shape_bias(observers=table).to_frame().iloc[0]
    assert row["bias"] == pytest.approx(6 / 8)
    assert row["by_cue"] == pytest.approx(8 / 9)
    assert row["n_trials"] == 9
    swapped = pb.shape_bias(observers=table, cues="texture,shape").to_frame().iloc[0]
    assert swapped["bias"] == pytest.approx(2 / 8)


@pytest.mark.slow
def test_the_interval_of_a_shape_bias_covers_it():
    rng, covered = np.random.default_rng(12), []
    for _ in range(100):
        net = conflicts(rng, 0.3, ["net"], stimuli=80)
        row = pb.shape_bias(observers=net, bootstrap=200).to_frame().iloc[0]
        covered.append(row["bias_low"] <= 0.3 <= row["bias_high"])
    assert np.mean(covered) >= 0.85


def test_a_texture_net_is_below_people_who_go_by_shape():
    rng = np.random.default_rng(13)
    people, net = conflicts(rng, 0.9, ["p1", "p2", "p3"]), conflicts(rng, 0.25, ["net"])
    table = pb.shape_bias(people, net).to_frame()
    assert table["kind"].tolist() == ["observer", "people", "person", "person", "person"]
    assert table["difference_high"][0] < 0
    assert table["bias"][1] == pytest.approx(table["bias"][2:].mean())


LEVELS = np.linspace(0, 1, 7)


def net(name, pse, width=0.4, levels=LEVELS):
    """Probabilities of a network with a logistic curve."""
    p = 1 / (1 + np.exp(-2 * np.log(19) * (levels - pse) / width))
    return pd.DataFrame({"observer": name, "level": levels, "p_target": p})


def answering(rng, table, people, trials):
    """Counts of people who answer as one network does."""
    p = table["p_target"].to_numpy()
    parts = [
        pd.DataFrame(
            {
                "observer": f"p{person}",
                "level": table["level"].to_numpy(),
                "n_trials": trials,
                "n_target": rng.binomial(trials, p),
            }
        )
        for person in range(people)
    ]
    return pd.concat(parts)


@pytest.mark.parametrize("criterion", ["likelihood", "curve"])
def test_observers_far_apart_are_always_recovered(criterion):
    nets = pd.concat([net("low", 0.3), net("middle", 0.5), net("high", 0.7)])
    people = answering(np.random.default_rng(14), net("middle", 0.5), 10, 20)
    found = pb.recover_observers(nets, people, criterion=criterion)
    assert found.best == "middle"
    assert (found.to_frame()["recovered"] > 0.98).all()
    assert np.allclose(found.matrix.groupby("true")["proportion"].sum(), 1)


def test_observers_that_answer_alike_are_recovered_by_chance():
    nets = pd.concat([net("one", 0.5), net("two", 0.5), net("far", 0.9)])
    people = answering(np.random.default_rng(15), net("one", 0.5), 10, 20)
    table = pb.recover_observers(nets, people).to_frame().set_index("observer")
    assert table.loc["one", "recovered"] == pytest.approx(0.5)
    assert table.loc["far", "recovered"] == 1


def test_more_trials_recover_what_few_cannot():
    nets = pd.concat([net("one", 0.5), net("two", 0.52)])
    rates = []
    for trials in (2, 20, 400):
        people = answering(np.random.default_rng(16), net("one", 0.5), 5, trials)
        rates.append(pb.recover_observers(nets, people).to_frame()["recovered"].mean())
    assert 0.45 < rates[0] < rates[1] < rates[2]
    assert rates[2] > 0.95


def test_people_who_differ_hide_the_true_observer_however_many_trials_there_are():
    nets = pd.concat([net("one", 0.5), net("two", 0.53)])
    rng = np.random.default_rng(17)
    alike = answering(rng, net("one", 0.5), 6, 100_000)
    differ = pd.concat(
        answering(rng, net("one", 0.5 + shift), 1, 100_000).assign(observer=f"p{shift}")
        for shift in (-0.15, -0.1, -0.05, 0.05, 0.1, 0.15)
    )
    rates = [pb.recover_observers(nets, each).to_frame()["recovered"] for each in (alike, differ)]
    assert rates[0].min() == 1
    assert rates[1].max() < 0.85


def test_stimuli_tell_observers_apart_that_levels_cannot():
    rng = np.random.default_rng(18)
    levels = np.repeat(LEVELS, 6)
    names = [f"s{at}" for at in range(len(levels))]
    base = net("one", 0.5, levels=levels).assign(stimulus=names)
    hard = np.tile([0.8, -0.8], len(levels) // 2)
    nets = []
    for name, sign in (("one", 1), ("two", -1)):
        odds = np.log(base["p_target"] / (1 - base["p_target"])) + sign * hard
        nets.append(base.assign(observer=name, p_target=1 / (1 + np.exp(-odds))))
    people = answering(rng, nets[0], 4, 5).assign(stimulus=names * 4)
    by_stimulus = pb.recover_observers(pd.concat(nets), people)
    by_level = pb.recover_observers(
        pd.concat(nets).drop(columns="stimulus"), people.drop(columns="stimulus")
    )
    assert by_stimulus.best == "one"
    assert by_stimulus.to_frame()["recovered"].min() > 0.95
    assert by_level.to_frame()["recovered"].mean() == pytest.approx(0.5, abs=0.1)


RESULTS = {
    "error_consistency": lambda: pb.error_consistency(PEOPLE, bootstrap=50),
    "consistency_ceiling": lambda: pb.consistency_ceiling(PEOPLE, bootstrap=50),
    "consistency_trials": pb.consistency_trials,
    "confusion_matrices": lambda: pb.confusion_matrices(CLASSIFIED, bootstrap=10),
    "curve_distance": lambda: pb.curve_distance([0.1, 0.9], [[0.0, 1.0], [0.2, 0.8]]),
    "recover_observers": lambda: pb.recover_observers(
        pd.concat([net("one", 0.5), net("two", 0.6)]),
        answering(np.random.default_rng(1), net("one", 0.5), 3, 5),
    ),
    "shape_bias": lambda: pb.shape_bias(
        conflicts(np.random.default_rng(1), 0.9, ["p1", "p2"]), bootstrap=50
    ),
    "consistency_difference": lambda: pb.consistency_difference(
        PEOPLE[PEOPLE["observer"] == "p0"], PEOPLE[PEOPLE["observer"] == "p1"], PEOPLE, bootstrap=50
    ),
}


@pytest.mark.parametrize("name", RESULTS)
def test_results_are_frozen_tables(name):
    result = RESULTS[name]()
    assert len(result.to_frame())
    assert "<table" in result._repr_html_()
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.extra = 1
    if hasattr(result, "plot"):
        assert result.plot()._repr_png_()[1:4] == b"PNG"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pb.error_consistency(PEOPLE.drop(columns="stimulus")), "no stimulus"),
        (lambda: pb.error_consistency(PEOPLE.assign(correct="maybe")), "must be 0, 1 or empty"),
        (lambda: pb.error_consistency(PEOPLE.assign(observer="")), "must not be empty"),
        (lambda: pb.error_consistency(PEOPLE, bootstrap=-1), "whole number"),
        (lambda: pb.error_consistency(PEOPLE, confidence=95), "confidence"),
        (lambda: pb.error_consistency(PEOPLE.drop(columns="correct")), "column"),
        (lambda: pb.consistency_ceiling(PEOPLE[PEOPLE["observer"] < "p2"]), "three people"),
        (lambda: pb.consistency_difference(PEOPLE, PEOPLE, PEOPLE), "other than the two"),
        (lambda: pb.consistency_trials(1.2), "from 0 to 1"),
        (lambda: pb.consistency_trials(0.2, accuracies=(0.2,)), "two numbers"),
        (lambda: pb.consistency_trials("much"), "kappa"),
        (lambda: pb.confusion_matrices(PEOPLE), "columns observer, stimulus, response, truth"),
        (lambda: pb.confusion_matrices(CLASSIFIED, classes="cat,dog"), "hold every class"),
        (lambda: pb.confusion_matrices(CLASSIFIED[:240]), "three people"),
        (lambda: pb.recover_observers(net("one", 0.5), net("p", 0.5)), "at least two observers"),
        (lambda: pb.recover_observers(PEOPLE, PEOPLE), "level"),
        (lambda: pb.shape_bias(), "there are none"),
        (lambda: pb.shape_bias(CLASSIFIED, cues="truth"), "two columns"),
        (lambda: pb.shape_bias(CLASSIFIED, cues="truth,truth"), "two columns"),
    ],
)
def test_bad_input_is_one_clear_line(call, message):
    with pytest.raises(PsychobenchError, match=message) as caught:
        call()
    assert len(str(caught.value).splitlines()) == 1
