"""The conformance kit: what it takes, what it returns, and what only an author can tell it."""

import functools
import json
import random
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from psychobench.errors import ObserverError, OptionError
from psychobench.observers.protocol import ObserverInfo
from psychobench.observers.template import learn_template, make_template, standardise
from psychobench.testing import CHECKS, LabelledImages, References, check_observer, probe_images


class Weaker:
    """The template observer with its evidence scaled, or with noise of the logit's added."""

    def __init__(self, factor=1.0, noise=None):
        self.factor = factor
        self.noise = noise
        self.info = replace(make_template().info, name="weaker", deterministic=noise is None)

    def respond(self, images):
        evidence = logit(make_template().respond(images).clip(1e-9, 1 - 1e-9))
        noise = 0 if self.noise is None else self.noise.normal(0, 0.5, len(images))
        return expit(self.factor * evidence + noise)


class Brightness:
    """An observer of other categories than the kit's faces."""

    info = ObserverInfo("grey", "1", ("dark", "bright"), "bright", "mean of all values", "a rule")

    def respond(self, images):
        return images.mean(axis=(1, 2, 3)) / 255


def check_of(report, name):
    (found,) = [check for check in report.checks if check.name == name]
    return found


@pytest.mark.slow
def test_the_template_observer_passes():
    check_observer(make_template, registered_name="template").raise_if_failed()


@pytest.mark.slow
def test_references_catch_a_wrong_normalisation_that_no_label_shows():
    half = functools.partial(Weaker, 0.5)
    assert check_observer(half).passed
    references = References(probe_images.probe(), Weaker().respond(probe_images.probe()))
    assert check_observer(Weaker, references=references).passed
    assert check_observer(half, references=references).failed == ("references",)


@pytest.mark.slow
def test_an_observer_of_other_categories_is_judged_by_its_authors_images():
    images = np.stack([np.full((64, 64, 3), value, np.uint8) for value in (10, 20, 230, 250)])
    skipped = check_of(check_observer(Brightness), "polarity")
    assert skipped.status == "skipped"
    assert "tells dark from bright" in skipped.message
    right = LabelledImages(images, ("dark", "dark", "bright", "bright"))
    assert check_observer(Brightness, labelled=right).passed
    wrong = LabelledImages(images, ("bright", "bright", "dark", "dark"))
    assert check_observer(Brightness, labelled=wrong).failed == ("polarity",)
    strange = LabelledImages(images, ("sad", "sad", "happy", "happy"))
    assert "polarity" in check_observer(Brightness, labelled=strange).failed


def test_an_observer_that_says_it_is_random_is_not_blamed_for_it():
    report = check_observer(Weaker(noise=np.random.default_rng(8)))
    assert report.passed, str(report)
    assert check_of(report, "repeatable").status == "skipped"


def test_an_instance_is_checked_too_but_not_against_another():
    report = check_observer(Weaker())
    assert report.passed
    assert check_of(report, "fresh-instance").status == "skipped"


@pytest.mark.parametrize("answer", [0.0, 0.1, 0.3, 0.7, 1.0])
def test_who_always_answers_the_same_is_not_blamed_for_colours(answer):
    class Constant(Brightness):
        def respond(self, images):
            return np.full(len(images), answer)

    images = np.stack([np.full((64, 64, 3), value, np.uint8) for value in (10, 20, 30, 250)])
    uneven = LabelledImages(images, ("dark", "dark", "dark", "bright"))
    check = check_of(check_observer(Constant, labelled=uneven), "colour-order")
    assert check.status == "passed", check.message


def test_a_name_unlike_the_registered_one_fails_info_and_nothing_more_is_asked():
    report = check_observer(make_template, registered_name="other")
    assert report.failed == ("info",)
    assert {each.status for each in report.checks[1:]} == {"skipped"}


def test_a_check_can_be_skipped_but_the_report_says_so():
    check = check_of(check_observer(make_template, skip=["colour-order"]), "colour-order")
    assert (check.status, check.message) == ("skipped", "as requested")
    with pytest.raises(OptionError, match="colour-odour is none of info, responds"):
        check_observer(make_template, skip=["colour-odour"])


def test_checking_leaves_the_global_generators_as_they_were():
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    check_observer(make_template)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


@pytest.mark.slow
def test_what_an_observer_does_to_torch_is_noticed_where_torch_is_loaded():
    torch = pytest.importorskip("torch")

    class Meddles(Weaker):
        def respond(self, images):
            torch.manual_seed(0)
            torch.set_grad_enabled(False)
            return super().respond(images)

    assert check_observer(Weaker).passed
    try:
        assert check_observer(Meddles).failed == ("random-state", "process-state")
    finally:
        torch.set_grad_enabled(True)


@pytest.mark.slow
def test_dropout_in_a_torch_module_is_caught_and_its_mode_left_as_found():
    torch = pytest.importorskip("torch")

    class Network(Weaker):
        def __init__(self, evaluate=True):
            super().__init__()
            template = learn_template(0)
            layer = torch.nn.Linear(len(template.weights), 1)
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(template.weights[None]))
                layer.bias.fill_(template.offset)
            self.module = torch.nn.Sequential(torch.nn.Dropout(0.05), layer)
            self.evaluate = evaluate

        def respond(self, images):
            found = self.module.training
            self.module.train(found and not self.evaluate)
            with torch.no_grad():
                scores = self.module(torch.from_numpy(standardise(images)).float())[:, 0]
            self.module.train(found)
            return torch.sigmoid(5 * scores).double().numpy()

    assert check_observer(Network).passed
    left_on = check_observer(functools.partial(Network, evaluate=False))
    assert left_on.failed == ("evaluation-mode",) or "repeatable" in left_on.failed
    training = Network()
    check_observer(training)
    assert training.module[0].training


@pytest.mark.slow
def test_the_report_comes_as_a_table_and_as_json():
    report = check_observer(make_template)
    frame = report.to_frame()
    assert frame["check"].tolist() == list(CHECKS)
    assert set(frame["observer"]) == {"template"}
    assert json.loads(json.dumps(report.to_dict()))["passed"] is True
    assert "passed   polarity" in str(report)


@pytest.mark.parametrize("labels", [("sad",), ("sad", "sad")])
def test_labelled_images_need_one_label_each_of_two_kinds(labels):
    with pytest.raises(ObserverError, match="one label each"):
        LabelledImages(np.zeros((2, 8, 8, 3), np.uint8), labels)


def test_reference_images_need_one_answer_each():
    with pytest.raises(ObserverError, match="2 images and 1 answers"):
        References(np.zeros((2, 8, 8, 3), np.uint8), np.array([0.5]))


@pytest.mark.slow
def test_the_kit_needs_neither_torch_nor_pytest():
    code = (
        "import sys; from psychobench.testing import check_observer;"
        "from psychobench.observers.template import make_template;"
        "check_observer(make_template).raise_if_failed();"
        "print([name for name in ('torch', 'pytest') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
