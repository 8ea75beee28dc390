"""The runner: every answer reaches its own image, and a bad answer is named with its place."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from psychobench.errors import ObserverError, OptionError, StimulusError
from psychobench.observers import runner
from psychobench.observers.protocol import ObserverInfo
from psychobench.observers.runner import (
    check_masks,
    draw_binary,
    make_replicates,
    read_info,
    respond,
    respond_replicates,
)

INFO = ObserverInfo("grey", "1", ("dark", "bright"), "bright", "mean of all values", "a rule")


@dataclass
class Squares:
    """Uniform images whose brightness is their level; the mask ``half`` greys the left half."""

    name: str = "squares"
    table: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(
            {"stimulus": ["c", "a", "b"], "level": [1.0, 0.0, 0.4], "file": ["c", "a", "b"]}
        )
    )
    masks: dict = field(default_factory=lambda: {"half": np.arange(64).reshape(8, 8) % 8 < 4})

    def images(self, mask="none"):
        values = np.rint(self.table["level"].to_numpy() * 255).astype(np.uint8)
        images = np.tile(values[:, None, None, None], (1, 8, 8, 3))
        if mask != "none":
            images[:, self.masks[mask]] = 128
        return images


class Brightness:
    """Answers the mean brightness, and counts how often it is asked."""

    info = INFO

    def __init__(self, answer=lambda p: p):
        self.answer = answer
        self.asked = []

    def respond(self, images):
        self.asked.append(len(images))
        return self.answer(images.mean(axis=(1, 2, 3)) / 255)


def test_each_answer_stands_beside_the_image_and_mask_it_is_about():
    trials = respond(Brightness(), Squares(), ["none", "half"])
    assert list(trials.columns) == ["observer", "condition", "stimulus", "level", "p_target"]
    assert trials["stimulus"].tolist() == ["c", "a", "b"] * 2
    assert trials["condition"].tolist() == ["none"] * 3 + ["half"] * 3
    whole, half = trials["p_target"][:3].to_numpy(), trials["p_target"][3:].to_numpy()
    np.testing.assert_allclose(whole, [1, 0, 0.4], atol=1e-12)
    np.testing.assert_allclose(half, (whole + 128 / 255) / 2)


def test_all_masks_are_answered_in_one_pass():
    observer = Brightness()
    respond(observer, Squares(), ["none", "half"])
    assert observer.asked == [6]


def test_images_that_would_not_fit_memory_are_answered_mask_by_mask_with_the_same_answers(
    monkeypatch,
):
    together = respond(Brightness(), Squares(), ["none", "half"])
    monkeypatch.setattr(runner, "BATCH_BYTES", 10)
    observer = Brightness()
    pd.testing.assert_frame_equal(respond(observer, Squares(), ["none", "half"]), together)
    assert observer.asked == [3, 3]


def test_the_name_in_the_table_is_the_observers_own_or_the_one_given():
    assert set(respond(Brightness(), Squares())["observer"]) == {"grey"}
    named = respond(Brightness(), Squares(), observer_name="seed 3")
    assert set(named["observer"]) == {"seed 3"}


def test_a_mask_named_twice_is_one_condition():
    assert check_masks(Squares(), ["half", "none", "half"]) == ("half", "none")


def test_an_unknown_mask_is_found_before_the_observer_is_asked():
    observer = Brightness()
    with pytest.raises(StimulusError) as caught:
        respond(observer, Squares(), ["none", "ears", "feet"])
    assert observer.asked == []
    assert len(caught.value.faults) == 2
    assert "'ears' does not belong to 'squares', which has none, half" in caught.value.faults[0]
    with pytest.raises(StimulusError, match="at least one mask"):
        check_masks(Squares(), [])


@pytest.mark.parametrize("value", [np.nan, np.inf, 1.2, -0.01])
def test_an_answer_that_is_no_probability_is_named_with_stimulus_level_and_mask(value):
    def spoil(p):
        p[4] = value
        return p

    with pytest.raises(ObserverError) as caught:
        respond(Brightness(spoil), Squares(), ["none", "half"])
    (fault,) = caught.value.faults
    assert f"'grey' gave {value:g} for stimulus 'a' (level 0, mask 'half')" in fault


def test_only_the_first_few_bad_answers_are_printed():
    many = Squares(table=pd.DataFrame({"stimulus": list("abcdefgh"), "level": np.arange(8) / 7}))
    with pytest.raises(ObserverError) as caught:
        respond(Brightness(lambda p: p * np.nan), many)
    assert len(caught.value.faults) == 5


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda p: np.stack([1 - p, p], axis=1), r"ndarray of shape \(3, 2\)"),
        (lambda p: p[:-1], r"ndarray of shape \(2,\)"),
        (lambda p: p.tolist(), "list of shape None"),
        (lambda p: p > 0.5, "are bool"),
        (lambda p: np.rint(p).astype(int), "are int64"),
        (lambda p: 1 / 0, "raised ZeroDivisionError: .* on images of shape"),
    ],
)
def test_answers_of_the_wrong_form_are_refused_with_what_was_found(answer, message):
    with pytest.raises(ObserverError, match=message):
        respond(Brightness(answer), Squares())


def test_an_info_that_fails_or_is_something_else_is_an_observers_fault():
    class Nameless:
        info = "grey"

    class Failing:
        @property
        def info(self):
            raise OSError("weights are gone")

    with pytest.raises(ObserverError, match="Nameless has str"):
        read_info(Nameless())
    with pytest.raises(ObserverError, match="OSError: weights are gone"):
        read_info(Failing())


def test_drawn_answers_recover_the_probabilities_they_were_drawn_from():
    trials = respond(Brightness(), Squares(), ["none", "half"])
    drawn = draw_binary(trials, 4000, np.random.default_rng(1))
    assert len(drawn) == 6 * 4000
    assert set(drawn["response"]) == {0, 1}
    assert "p_target" not in drawn
    keys = ["condition", "stimulus"]
    observed = drawn.groupby(keys)["response"].mean()
    expected = trials.set_index(keys)["p_target"].sort_index()
    error = np.sqrt(0.25 / 4000)
    np.testing.assert_allclose(observed, expected, atol=4 * error)


def test_drawing_leaves_the_probabilities_as_they_are_and_follows_the_seed():
    trials = respond(Brightness(), Squares())
    before = trials.copy()
    first = draw_binary(trials, 30, np.random.default_rng(5))
    pd.testing.assert_frame_equal(trials, before)
    pd.testing.assert_frame_equal(first, draw_binary(trials, 30, np.random.default_rng(5)))
    assert not first.equals(draw_binary(trials, 30, np.random.default_rng(6)))
    with pytest.raises(OptionError, match="must be 1 or more: it is 0"):
        draw_binary(trials, 0, np.random.default_rng(5))


class Replicable(Brightness):
    """Brightness to some power, which is its luck; counts how many were trained."""

    def __init__(self, luck=0, give=None):
        super().__init__(lambda p: p ** (1 + luck))
        self.give = give or (lambda n: [self, *(Replicable(luck) for luck in range(1, n))])

    def replicates(self, n):
        return self.give(n)


def test_replicates_judge_the_same_images_and_are_told_apart_by_their_seed():
    observers = make_replicates(Replicable(), 3)
    trials = respond_replicates(observers, Squares(), ["none", "half"], first_seed=5)
    assert trials["seed"].tolist() == [5] * 6 + [6] * 6 + [7] * 6
    first = trials[trials["seed"] == 5].drop(columns="seed")
    pd.testing.assert_frame_equal(first, respond(Replicable(), Squares(), ["none", "half"]))
    images = trials.pivot(index=["condition", "stimulus"], columns="seed", values="p_target")
    np.testing.assert_allclose(images[7], images[5] ** 3)


def test_each_replicate_is_asked_once_for_all_masks():
    observers = make_replicates(Replicable(), 2)
    respond_replicates(observers, Squares(), ["none", "half"])
    assert [each.asked for each in observers] == [[6], [6]]


def test_who_offers_no_replicates_or_is_asked_for_one_stands_alone():
    rule, net = Brightness(), Replicable(give=lambda n: pytest.fail("nothing to train"))
    assert make_replicates(rule, 10) == [rule]
    assert make_replicates(net, 1) == [net]
    with pytest.raises(OptionError, match="must be 1 or more"):
        make_replicates(rule, 0)


@pytest.mark.parametrize(
    ("give", "message"),
    [
        (lambda n: [Replicable()], "must return 3 observers: Replicable returned 1"),
        (lambda n: 1 / 0, "Replicable raised ZeroDivisionError"),
    ],
)
def test_replicates_that_are_none_are_the_observers_fault(give, message):
    with pytest.raises(ObserverError, match=message):
        make_replicates(Replicable(give=give), 3)
