"""The conformance kit: a sound observer passes, and each way to break it is caught by its name."""

import contextlib
import functools
import itertools
import json
import os
import random
import socket
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy.special import expit, logit

from psychobench.errors import ObserverError, OptionError
from psychobench.responses.protocol import ObserverInfo
from psychobench.responses.template import make_template
from psychobench.stimuli.faces import Identity, View, render_face
from psychobench.testing import CHECKS, LabelledImages, References, check_observer, material

SIDE = 16
INFO = ObserverInfo("sound", "1", ("sad", "happy"), "happy", "RGB, 16 x 16", "rendered faces")


def colours(images):
    """Shrink to rows of standardised RGB values."""
    rows = np.empty((len(images), SIDE * SIDE * 3))
    for row, image in zip(rows, images, strict=True):
        row[:] = np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BOX)).flat
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(rows.std(axis=1, keepdims=True), 1e-9)


@functools.cache
def learnt():
    """Learn the sign of valence from colour by ridge regression: weights and offset of a logit."""
    rng, n = np.random.default_rng(3), 240
    valence = np.linspace(-1, 1, n)
    views = [View(dx=dx, dy=dy) for dx, dy in rng.normal(0, 0.01, (n, 2))]
    faces = [
        render_face(Identity.random(rng), v, view=view, size=48)
        for v, view in zip(valence, views, strict=True)
    ]
    rows = colours(np.stack(faces))
    centred = rows - rows.mean(axis=0)
    gram = centred @ centred.T
    dual = np.linalg.solve(gram + 0.1 * np.trace(gram) / n * np.eye(n), valence)
    weights = 5 * centred.T @ dual
    return weights, -rows.mean(axis=0) @ weights


class Sound:
    """Sees colour, has a module like PyTorch's, and breaks no rule."""

    info = INFO

    def __init__(self):
        self.module = Module()

    def respond(self, images):
        return self.judge(images)

    def judge(self, images):
        weights, offset = learnt()
        return expit(colours(images) @ weights + offset)


class Module:
    """The part of a torch module that the kit looks at."""

    def __init__(self):
        self.training = False

    def train(self, mode=True):
        self.training = mode


BROKEN = {}


def breaks(*checks, also=()):
    """Register a broken observer with the checks that must fail and those that may as well."""

    def register(broken):
        BROKEN[broken.__name__] = (broken, set(checks), set(also))
        return broken

    return register


@breaks("colour-order")
class BGRForRGB(Sound):
    def respond(self, images):
        return self.judge(np.ascontiguousarray(images[..., ::-1]))


@breaks("polarity")
class LabelsSwapped(Sound):
    def respond(self, images):
        return 1 - self.judge(images)


@breaks("polarity")
class WrongTarget(Sound):
    info = replace(INFO, labels=("happy", "sad"), target="sad")


@breaks("certainty")
class SoftmaxTwice(Sound):
    def respond(self, images):
        p = self.judge(images)
        return np.exp(p) / (np.exp(p) + np.exp(1 - p))


@breaks(
    "repeatable",
    "fresh-instance",
    also=("batch-size", "colour-order", "evaluation-mode", "memory-layout", "order", "state"),
)
class DropoutLeftOn(Sound):
    def __init__(self):
        super().__init__()
        self.rng = np.random.default_rng(11)

    def respond(self, images):
        weights, offset = learnt()
        kept = self.rng.random(weights.shape) > 0.02
        return expit(colours(images) @ (kept * weights) + offset)


@breaks("evaluation-mode")
class DropoutInTrainingMode(Sound):
    def respond(self, images):
        if self.module.training:
            return expit(0.5 * logit(self.judge(images)))
        return self.judge(images)


@breaks("evaluation-mode")
class ModeFlipped(Sound):
    def respond(self, images):
        self.module.train(False)
        return self.judge(images)


@breaks(
    "state",
    also=(
        "batch-size",
        "fresh-instance",
        "memory-layout",
        "repeatable",
    ),
)
class AdaptsToWhatItSaw(Sound):
    seen = 0.0

    def respond(self, images):
        answers = self.judge(images) * (1 - 0.1 * self.seen)
        self.seen = images.mean() / 255 if len(images) else self.seen
        return answers


@breaks("state", also=("fresh-instance",))
class FirstCallDiffers(Sound):
    asked = False

    def respond(self, images):
        answers = self.judge(images) ** (1 if self.asked else 2)
        self.asked = True
        return answers


@breaks(
    "repeatable",
    "state",
    also=(
        "batch-size",
        "evaluation-mode",
        "fresh-instance",
        "memory-layout",
        "order",
    ),
)
class Drifts(Sound):
    calls = 0

    def respond(self, images):
        self.calls += 1
        return self.judge(images) / (1 + 0.01 * self.calls)


@breaks(
    "order",
    also=(
        "batch-size",
        "memory-layout",
    ),
)
class SortsItsAnswers(Sound):
    def respond(self, images):
        return np.sort(self.judge(images))


@breaks(
    "order",
    also=(
        "batch-size",
        "memory-layout",
        "polarity",
    ),
)
class OffByOne(Sound):
    def respond(self, images):
        return np.roll(self.judge(images), 1)


@breaks(
    "order",
    also=("batch-size", "image-sizes", "memory-layout"),
)
class KeepsTheFirstAnswers(Sound):
    def __init__(self):
        super().__init__()
        self.kept = {}

    def respond(self, images):
        if images.shape not in self.kept:
            self.kept[images.shape] = self.judge(images)
        return self.kept[images.shape].copy()


@breaks("batch-size")
class NormalisesByTheBatch(Sound):
    def respond(self, images):
        rows = colours(images)
        if len(rows):
            rows = rows - 0.1 * rows.mean(axis=0)
        weights, offset = learnt()
        return expit(rows @ weights + offset)


@breaks("fresh-instance")
class UntrainedHead(Sound):
    made = itertools.count()

    def __init__(self):
        super().__init__()
        self.bias = 0.3 * next(self.made)

    def respond(self, images):
        return expit(logit(self.judge(images).clip(1e-9, 1 - 1e-9)) + self.bias)


@breaks(
    "repeatable",
    "polarity",
    also=(
        "batch-size",
        "certainty",
        "evaluation-mode",
        "fresh-instance",
        "memory-layout",
        "order",
        "state",
    ),
)
class RandomAnswers(Sound):
    def __init__(self):
        super().__init__()
        self.rng = np.random.default_rng(12)

    def respond(self, images):
        return 0.5 + 0.01 * self.rng.normal(size=len(images)).clip(-3, 3)


@breaks("distinct", "polarity")
class AlwaysTheSame(Sound):
    def respond(self, images):
        return np.full(len(images), 0.9)


@breaks("grey-image")
class NaNOnGrey(Sound):
    def respond(self, images):
        answers = self.judge(images)
        answers[images.std(axis=(1, 2, 3)) == 0] = np.nan
        return answers


@breaks(
    "finite",
    also=(
        "alpha-image",
        "batch-size",
        "grey-image",
        "image-sizes",
        "memory-layout",
        "order",
        "polarity",
        "single-image",
    ),
)
class NaNOnFaces(Sound):
    def respond(self, images):
        answers = self.judge(images)
        answers[:1] = np.nan
        return answers


@breaks("dtype")
class Float32(Sound):
    def respond(self, images):
        return self.judge(images).astype(np.float32)


@breaks("dtype")
class Decisions(Sound):
    def respond(self, images):
        return (self.judge(images) > 0.5).astype(int)


@breaks(
    "range",
    also=(
        "alpha-image",
        "grey-image",
        "image-sizes",
        "single-image",
    ),
)
class Logits(Sound):
    def respond(self, images):
        return logit(self.judge(images).clip(1e-9, 1 - 1e-9))


@breaks(
    "range",
    also=(
        "alpha-image",
        "grey-image",
        "image-sizes",
        "single-image",
    ),
)
class Percentages(Sound):
    def respond(self, images):
        return 100 * self.judge(images)


@breaks("shape")
class TwoColumns(Sound):
    def respond(self, images):
        p = self.judge(images)
        return np.stack([1 - p, p], axis=1)


@breaks("shape")
class AList(Sound):
    def respond(self, images):
        return self.judge(images).tolist()


@breaks("responds")
class Crashes(Sound):
    def respond(self, images):
        raise RuntimeError("out of memory")


@breaks("single-image", "batch-size", also=("alpha-image",))
class CrashesOnOneImage(Sound):
    def respond(self, images):
        if len(images) == 1:
            raise ValueError("expected more than 1 value per channel")
        return self.judge(images)


@breaks("empty-input")
class CrashesOnNone(Sound):
    def respond(self, images):
        return np.concatenate([self.judge(image[None]) for image in images])


@breaks("image-sizes", also=("polarity",))
class CropsInsteadOfResizing(Sound):
    def respond(self, images):
        return self.judge(images[:, :224, :224])


@breaks("image-sizes", also=("polarity",))
class OneSizeOnly(Sound):
    def respond(self, images):
        return self.judge(images.reshape(-1, 224, 224, 3))


@breaks("memory-layout")
class NeedsContiguousMemory(Sound):
    def respond(self, images):
        return self.judge(np.frombuffer(images.data, np.uint8).reshape(images.shape))


@breaks("input-unmodified", also=("memory-layout",))
class WritesIntoItsInput(Sound):
    def respond(self, images):
        answers = self.judge(images)
        if images.flags.writeable:
            images[:] = 255 - images
        return answers


@breaks("no-network")
class PhonesHome(Sound):
    def respond(self, images):
        with socket.socket() as phone, contextlib.suppress(OSError):
            phone.settimeout(0.1)
            phone.connect(("127.0.0.1", 9))
        return self.judge(images)


@breaks("no-network")
class LooksUpAHost(Sound):
    def respond(self, images):
        with contextlib.suppress(OSError):
            socket.getaddrinfo("localhost", 80)
        return self.judge(images)


@breaks("random-state")
class SeedsEverybody(Sound):
    def respond(self, images):
        np.random.seed(0)  # noqa: NPY002
        return self.judge(images)


@breaks("random-state")
class DrawsFromPythonsGenerator(Sound):
    def respond(self, images):
        random.random()
        return self.judge(images)


@breaks("process-state")
class SetsTheEnvironment(Sound):
    def respond(self, images):
        os.environ["PSYCHOBENCH_TEST"] = str(np.random.default_rng().random())
        return self.judge(images)


@breaks("process-state")
class SilencesNumpy(Sound):
    def respond(self, images):
        np.seterr(all="ignore")
        return self.judge(images)


@breaks("stdout")
class Prints(Sound):
    def respond(self, images):
        print("loading weights")
        return self.judge(images)


@breaks("info")
class NoInfo(Sound):
    info = {"name": "sound"}  # noqa: RUF012


@pytest.fixture(autouse=True)
def restored(monkeypatch):
    """Undo what broken observers do to the process."""
    monkeypatch.setenv("PSYCHOBENCH_TEST", "")
    states = random.getstate(), np.random.get_state(), np.geterr()  # noqa: NPY002
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    np.seterr(**states[2])


def test_a_sound_observer_that_sees_colour_passes_every_check():
    references = References(material.probe(), Sound().respond(material.probe()))
    report = check_observer(Sound, references=references)
    report.raise_if_failed()
    assert [check.name for check in report.checks] == list(CHECKS)
    assert {check.status for check in report.checks} == {"passed"}


def test_the_template_observer_passes_without_torch():
    report = check_observer(make_template, registered_name="template")
    report.raise_if_failed()


@pytest.mark.parametrize("name", BROKEN)
def test_each_way_to_break_an_observer_is_caught_by_name_and_blamed_on_nothing_else(name):
    broken, checks, also = BROKEN[name]
    report = check_observer(broken)
    assert checks <= set(report.failed) <= checks | also, str(report)
    with pytest.raises(ObserverError, match=f"fails '{min(checks)}'"):
        report.raise_if_failed()


def test_references_catch_a_wrong_normalisation_that_no_label_shows():
    class HalfContrast(Sound):
        def respond(self, images):
            return expit(0.5 * logit(self.judge(images).clip(1e-9, 1 - 1e-9)))

    assert check_observer(HalfContrast).passed
    references = References(material.probe(), Sound().respond(material.probe()))
    report = check_observer(HalfContrast, references=references)
    assert report.failed == ("references",)


def test_an_observer_of_other_categories_is_judged_by_its_authors_images():
    class Brightness:
        info = replace(INFO, labels=("dark", "bright"), target="bright")

        def respond(self, images):
            return images.mean(axis=(1, 2, 3)) / 255

    images = np.stack([np.full((64, 64, 3), value, np.uint8) for value in (10, 20, 230, 250)])
    skipped = {each.name: each for each in check_observer(Brightness).checks}["polarity"]
    assert skipped.status == "skipped"
    assert "tells dark from bright" in skipped.message
    right = LabelledImages(images, ("dark", "dark", "bright", "bright"))
    assert check_observer(Brightness, labelled=right).passed
    wrong = LabelledImages(images, ("bright", "bright", "dark", "dark"))
    assert check_observer(Brightness, labelled=wrong).failed == ("polarity",)
    strange = LabelledImages(images, ("sad", "sad", "happy", "happy"))
    assert "polarity" in check_observer(Brightness, labelled=strange).failed


def test_an_observer_that_says_it_is_random_is_not_blamed_for_it():
    rng = np.random.default_rng(8)

    class Noisy(Sound):
        info = replace(INFO, deterministic=False)

        def respond(self, images):
            noise = rng.normal(0, 0.5, len(images))
            return expit(logit(self.judge(images).clip(1e-9, 1 - 1e-9)) + noise)

    report = check_observer(Noisy)
    assert report.passed, str(report)
    assert {each.status for each in report.checks if each.name == "repeatable"} == {"skipped"}


def test_an_instance_is_checked_too_but_not_against_another():
    report = check_observer(Sound())
    assert report.passed
    assert {each.name for each in report.checks if each.status == "skipped"} == {
        "fresh-instance",
        "references",
    }


def test_a_name_unlike_the_registered_one_fails_info_and_nothing_more_is_asked():
    report = check_observer(Sound, registered_name="other")
    assert report.failed == ("info",)
    assert {each.status for each in report.checks[1:]} == {"skipped"}


def test_a_check_can_be_skipped_but_the_report_says_so():
    report = check_observer(Sound, skip=["colour-order"])
    (check,) = [each for each in report.checks if each.name == "colour-order"]
    assert (check.status, check.message) == ("skipped", "as asked")
    with pytest.raises(OptionError, match="colour-odour is none of info, responds"):
        check_observer(Sound, skip=["colour-odour"])


def test_checking_leaves_the_global_generators_as_they_were():
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    check_observer(Sound)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


def test_what_an_observer_does_to_torch_is_noticed_where_torch_is_loaded():
    torch = pytest.importorskip("torch")

    class Meddles(Sound):
        def respond(self, images):
            torch.manual_seed(0)
            torch.set_grad_enabled(False)
            return self.judge(images)

    assert check_observer(Sound).passed
    assert check_observer(Meddles).failed == ("random-state", "process-state")
    torch.set_grad_enabled(True)


def test_dropout_in_a_torch_module_is_caught_and_its_mode_left_as_found():
    torch = pytest.importorskip("torch")

    class Network(Sound):
        def __init__(self, evaluate=True):
            self.module = torch.nn.Sequential(torch.nn.Dropout(0.05), torch.nn.Linear(768, 1))
            weights, offset = learnt()
            with torch.no_grad():
                self.module[1].weight.copy_(torch.from_numpy(weights[None]))
                self.module[1].bias.fill_(offset)
            self.evaluate = evaluate

        def respond(self, images):
            found = self.module.training
            self.module.train(found and not self.evaluate)
            with torch.no_grad():
                scores = self.module(torch.from_numpy(colours(images)).float())[:, 0]
            self.module.train(found)
            return torch.sigmoid(scores).double().numpy()

    assert check_observer(Network).passed
    assert "evaluation-mode" in check_observer(functools.partial(Network, evaluate=False)).failed
    training = Network()
    check_observer(training)
    assert training.module[0].training


def test_the_report_comes_as_a_table_and_as_json():
    report = check_observer(Sound, skip=["references"])
    frame = report.to_frame()
    assert frame["check"].tolist() == list(CHECKS)
    assert set(frame["observer"]) == {"sound"}
    assert json.loads(json.dumps(report.to_dict()))["passed"] is True
    assert "passed   polarity" in str(report)


@pytest.mark.parametrize("labels", [("sad",), ("sad", "sad")])
def test_labelled_images_need_one_label_each_of_two_kinds(labels):
    with pytest.raises(ObserverError, match="one label each"):
        LabelledImages(np.zeros((2, 8, 8, 3), np.uint8), labels)


def test_reference_images_need_one_answer_each():
    with pytest.raises(ObserverError, match="2 images and 1 answers"):
        References(np.zeros((2, 8, 8, 3), np.uint8), np.array([0.5]))


def test_the_kit_needs_neither_torch_nor_pytest():
    code = (
        "import sys; from psychobench.testing import check_observer;"
        "from psychobench.responses.template import make_template;"
        "check_observer(make_template).raise_if_failed();"
        "print([name for name in ('torch', 'pytest') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
