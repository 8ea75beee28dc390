"""The conformance kit: a sound observer passes, and each way to break it is caught by its name."""

import contextlib
import functools
import itertools
import os
import random
import socket
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy.special import expit, logit

from psychobench.errors import ObserverError
from psychobench.observers.protocol import ObserverInfo
from psychobench.stimuli.faces import Identity, View, render_face
from psychobench.testing import CHECKS, References, check_observer, probe_images

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
    """Learn valence from colour by ridge regression: weights and offset of a logit."""
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


class Module:
    """The part of a torch module that the kit looks at."""

    training = False

    def train(self, mode=True):
        self.training = mode


class Sound:
    """Sees colour, has a module like PyTorch's, and breaks no rule."""

    info = INFO

    def __init__(self):
        self.module = Module()
        self.rng = np.random.default_rng(11)
        self.seen = None
        self.calls = 0
        self.luck = 0.0

    def respond(self, images):
        return self.judge(images)

    def judge(self, images):
        weights, offset = learnt()
        return expit(colours(images) @ weights + offset + self.luck)


class Lucky(Sound):
    """Sound, and to be had with more or less luck."""

    def replicates(self, n):
        return [self, *(self.with_luck(0.3 * number) for number in range(1, n))]

    def with_luck(self, luck, **info):
        other = type(self)()
        other.luck, other.info = luck, replace(self.info, **info)
        return other


# whoever gives other answers to the same images is noticed by several comparisons
COMPARED = {"batch-size", "evaluation-mode", "fresh-instance", "memory-layout"}
COMPARED |= {"large-batch", "order", "random-independence", "state"}
# and no probability is no probability wherever one is asked for
ASKED = {"alpha-image", "grey-image", "image-sizes", "masked-images", "single-image"}

BROKEN = {}


def breaks(*checks, also=()):
    """Register a way to respond with the checks that must fail and those that may as well."""

    def register(respond):
        broken = type(respond.__name__, (Sound,), {"respond": respond})
        BROKEN[respond.__name__] = (broken, set(checks), set(also))
        return respond

    return register


@breaks("colour-order")
def bgr_for_rgb(self, images):
    return self.judge(np.ascontiguousarray(images[..., ::-1]))


@breaks("polarity")
def labels_swapped(self, images):
    return 1 - self.judge(images)


@breaks("certainty")
def softmax_twice(self, images):
    p = self.judge(images)
    return np.exp(p) / (np.exp(p) + np.exp(1 - p))


@breaks("repeatable", "fresh-instance", also={*COMPARED, "colour-order"})
def dropout_left_on(self, images):
    weights, offset = learnt()
    kept = self.rng.random(weights.shape) > 0.02
    return expit(colours(images) @ (kept * weights) + offset)


@breaks("evaluation-mode")
def dropout_in_training_mode(self, images):
    return expit((0.5 if self.module.training else 1) * logit(self.judge(images)))


@breaks("evaluation-mode")
def mode_flipped(self, images):
    self.module.train(False)
    return self.judge(images)


@breaks("state", also={*COMPARED, "repeatable"})
def adapts_to_what_it_saw(self, images):
    answers = self.judge(images) * (1 - 0.1 * (self.seen or 0))
    self.seen = images.mean() / 255 if len(images) else self.seen
    return answers


@breaks("state", also={"fresh-instance"})
def first_call_differs(self, images):
    self.calls += 1
    return self.judge(images) ** (2 if self.calls == 1 else 1)


@breaks("repeatable", "state", also=COMPARED)
def drifts(self, images):
    self.calls += 1
    return self.judge(images) / (1 + 0.01 * self.calls)


@breaks("order", also=COMPARED)
def sorts_its_answers(self, images):
    return np.sort(self.judge(images))


@breaks("order", also={*COMPARED, "polarity"})
def off_by_one(self, images):
    return np.roll(self.judge(images), 1)


@breaks(
    "order",
    also={*COMPARED, "image-sizes", "masked-images", "middle", "oblong-images", "polarity"},
)
def keeps_the_first_answers(self, images):
    self.seen = self.seen or {}
    return self.seen.setdefault(images.shape, self.judge(images)).copy()


@breaks("batch-size", also={"large-batch"})
def normalises_by_the_batch(self, images):
    weights, offset = learnt()
    rows = colours(images)
    return expit((rows - 0.1 * rows.sum(axis=0) / max(len(rows), 1)) @ weights + offset)


@breaks("fresh-instance")
def untrained_head(self, images, made=itertools.count()):  # noqa: B008 - shared on purpose
    self.seen = next(made) if self.seen is None else self.seen
    return expit(logit(self.judge(images).clip(1e-9, 1 - 1e-9)) + 0.3 * self.seen)


@breaks("repeatable", "polarity", also={*COMPARED, "certainty", "colour-order"})
def random_answers(self, images):
    return 0.5 + 0.01 * self.rng.normal(size=len(images)).clip(-3, 3)


@breaks("distinct", "polarity", also={"graded", "masked-images"})
def always_the_same(self, images):
    return np.full(len(images), 0.9)


@breaks("grey-image")
def nan_on_grey(self, images):
    return np.where(images.std(axis=(1, 2, 3)) == 0, np.nan, self.judge(images))


@breaks("finite", also={*ASKED, *COMPARED, "polarity"})
def nan_on_faces(self, images):
    return np.where(np.arange(len(images)) == 0, np.nan, self.judge(images))


@breaks("dtype")
def float32(self, images):
    return self.judge(images).astype(np.float32)


@breaks("dtype", also={"graded"})
def decisions(self, images):
    return (self.judge(images) > 0.5).astype(int)


@breaks("range", also=ASKED)
def logits(self, images):
    return logit(self.judge(images).clip(1e-9, 1 - 1e-9))


@breaks("shape")
def two_columns(self, images):
    p = self.judge(images)
    return np.stack([1 - p, p], axis=1)


@breaks("responds")
def crashes(self, images):
    raise RuntimeError("out of memory")


@breaks("single-image", "batch-size", also={"alpha-image"})
def crashes_on_one_image(self, images):
    if len(images) == 1:
        raise ValueError("expected more than 1 value per channel")
    return self.judge(images)


@breaks("empty-input")
def crashes_on_none(self, images):
    return np.concatenate([self.judge(image[None]) for image in images])


@breaks("image-sizes", also={"oblong-images", "polarity"})
def crops_instead_of_resizing(self, images):
    return self.judge(images[:, :224, :224])


@breaks("image-sizes", also={"graded", "masked-images", "oblong-images", "polarity"})
def one_size_only(self, images):
    return self.judge(images.reshape(-1, 224, 224, 3))


@breaks("memory-layout")
def needs_contiguous_memory(self, images):
    return self.judge(np.frombuffer(images.data, np.uint8).reshape(images.shape))


@breaks("input-unmodified", "memory-layout")
def writes_into_its_input(self, images):
    answers = self.judge(images)
    images[:] = 255 - images
    return answers


@breaks("no-network")
def phones_home(self, images):
    with socket.socket() as phone, contextlib.suppress(OSError):
        phone.settimeout(0.1)
        phone.connect(("127.0.0.1", 9))
    return self.judge(images)


@breaks("no-network")
def looks_up_a_host(self, images):
    with contextlib.suppress(OSError):
        socket.getaddrinfo("localhost", 80)
    return self.judge(images)


@breaks("random-state")
def seeds_everybody(self, images):
    np.random.seed(0)  # noqa: NPY002
    return self.judge(images)


@breaks("random-state")
def draws_from_the_global_generator(self, images):
    random.random()
    return self.judge(images)


@breaks("process-state")
def sets_the_environment(self, images):
    os.environ["PSYCHOBENCH_TEST"] += "x"
    return self.judge(images)


@breaks("process-state")
def silences_numpy(self, images):
    np.seterr(all="ignore")
    return self.judge(images)


def is_masked(images):
    """Tell which faces are the bundled ones under a mask."""
    known = {image.tobytes() for each in probe_images.masked_continuum().values() for image in each}
    return np.array([image.tobytes() in known for image in images], dtype=bool)


@breaks("masked-images")
def undecided_about_masked_faces(self, images):
    return np.where(is_masked(images), 0.5, self.judge(images))


@breaks("masked-images")
def crashes_on_masked_faces(self, images):
    if is_masked(images).any():
        raise ValueError("no face found")
    return self.judge(images)


@breaks("large-batch", also={"colour-order", "image-sizes", "polarity"})
def normalises_large_batches(self, images):
    answers = self.judge(images)
    return expit(logit(answers) - logit(answers).mean()) if len(images) > 8 else answers


@breaks("large-batch", also={"certainty", "colour-order", "graded", "polarity"})
def wrong_from_the_ninth_image_on(self, images):
    return np.where(np.arange(len(images)) < 8, self.judge(images), 0.5)


@breaks("graded", also={"colour-order", "image-sizes", "large-batch"})
def decides(self, images):
    return (self.judge(images) > 0.5).astype(np.float64)


@breaks("graded", also={"image-sizes"})
def keeps_one_decimal(self, images):
    return self.judge(images).round(1)


@breaks("middle", also={"colour-order", "image-sizes"})
def exchanged_in_the_middle(self, images):
    answers = self.judge(images)
    return np.where(np.abs(answers - 0.5) < 0.38, 1 - answers, answers)


@breaks("oblong-images", also={"image-sizes"})
def exchanges_height_and_width(self, images):
    n, height, width, _ = images.shape
    return self.judge(images.reshape(n, width, height, 3))


@breaks("random-independence", also={*COMPARED, "colour-order", "polarity"})
def depends_on_the_global_generator(self, images):
    drawn = np.random.get_state()[1][:2].sum() % 97 / 97  # noqa: NPY002
    return expit(logit(self.judge(images)) + 0.2 * drawn)


@breaks("stdout")
def prints(self, images):
    print("loading weights")
    return self.judge(images)


class WrongTarget(Sound):
    info = replace(INFO, labels=("happy", "sad"), target="sad")


class NoInfo(Sound):
    info = None


class OwnProcess(Sound):
    def respond(self, images):
        return expit(logit(self.judge(images)) + 0.2 * (os.getpid() % 89) / 89)


class OwnHash(Sound):
    def respond(self, images):
        return expit(logit(self.judge(images)) + 0.2 * (hash("happy") % 89) / 89)


class OneReplicate(Lucky):
    def replicates(self, n):
        return [self]


class OthersFirst(Lucky):
    def replicates(self, n):
        return super().replicates(n)[::-1]


class SeedUnused(Lucky):
    def replicates(self, n):
        return [self.with_luck(0.0) for _ in range(n)]


class SeedInTheName(Lucky):
    def replicates(self, n):
        return [self.with_luck(seed, name=f"sound_{seed}") for seed in range(n)]


for each in (OneReplicate, OthersFirst, SeedUnused, SeedInTheName):
    BROKEN[each.__name__] = (each, {"replicates"}, set())
for each in (OwnProcess, OwnHash):
    BROKEN[each.__name__] = (each, {"other-process"}, set())
BROKEN["wrong_target"] = (WrongTarget, {"polarity"}, set())
BROKEN["no_info"] = (NoInfo, {"info"}, set())


@pytest.fixture(autouse=True)
def restored(monkeypatch):
    """Undo what broken observers do to the process."""
    monkeypatch.setenv("PSYCHOBENCH_TEST", "")
    states = random.getstate(), np.random.get_state(), np.geterr()  # noqa: NPY002
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    np.seterr(**states[2])


@pytest.mark.slow
def test_a_sound_observer_that_sees_colour_passes_every_check():
    references = References(probe_images.probe(), Sound().respond(probe_images.probe()))
    report = check_observer(Lucky, references=references)
    report.raise_if_failed()
    assert [check.name for check in report.checks] == list(CHECKS)
    assert {check.status for check in report.checks} == {"passed"}


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_each_way_to_break_an_observer_is_caught_by_name_and_blamed_on_nothing_else(name):
    broken, checks, also = BROKEN[name]
    report = check_observer(broken)
    assert checks <= set(report.failed) <= checks | also, str(report)
    with pytest.raises(ObserverError, match=f"fails '{min(checks)}'"):
        report.raise_if_failed()


@pytest.mark.slow
def test_a_leaning_that_odd_colours_happen_to_undo_is_no_mistake_of_colours():
    class Leaning(Sound):
        def respond(self, images):
            redder = images[..., 0].mean(axis=(1, 2)) > images[..., 2].mean(axis=(1, 2))
            return expit(logit(self.judge(images)) - 3 * redder)

    check_observer(Leaning).raise_if_failed()


def test_every_check_but_the_authors_references_has_an_observer_that_fails_it():
    caught = set().union(*(checks | also for _, checks, also in BROKEN.values()))
    assert set(CHECKS) - caught == {"references"}
