"""Observers: what they say of themselves, the template, and the example package."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest

from psychobench import load_stimuli, respond
from psychobench.errors import ObserverError, OptionError
from psychobench.fits.pse import fit
from psychobench.observers.protocol import Observer, ObserverInfo
from psychobench.observers.template import learn_template, make_template
from psychobench.stimuli.faces import Identity, render_face
from psychobench.testing import CHECKS

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "mouth_curve"
PAGE = ROOT / "docs" / "writing-an-observer.md"
INFO = ObserverInfo("rule", "1", ("sad", "happy"), "happy", "none", "none: a rule")


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("name", "", "name must be a non-empty text"),
        ("version", 1, "version must be a non-empty text"),
        ("preprocessing", None, "preprocessing must be a non-empty text"),
        ("labels", ("happy",), "labels must be two different texts"),
        ("labels", ("happy", "happy"), "labels must be two different texts"),
        ("labels", "sad", "labels must be two different texts"),
        ("target", "sad", r"target must be the second of the labels \('sad', 'happy'\)"),
        ("weights_sha256", "abc", "weights_sha256 must be 64 lower-case hexadecimal digits"),
        ("pretraining", 3, "pretraining must be a text or None"),
        ("deterministic", "yes", "deterministic must be True or False"),
        ("options", ["seed"], "options must be a mapping"),
        ("label_log_odds", float("inf"), "label_log_odds must be a finite number or None"),
        ("label_log_odds", "0.7", "label_log_odds must be a finite number or None"),
    ],
)
def test_an_info_that_breaks_a_rule_is_refused_with_the_rule_and_the_value(field, value, rule):
    with pytest.raises(ObserverError, match=rule) as caught:
        replace(INFO, **{field: value})
    assert repr(value) in str(caught.value)


def test_all_faults_of_an_info_come_together():
    with pytest.raises(ObserverError) as caught:
        ObserverInfo("rule", "", ("sad", "happy"), "glad", "", "none: a rule")
    assert len(caught.value.faults) == 3


def test_an_info_cannot_be_changed_and_goes_into_json():
    with pytest.raises(FrozenInstanceError):
        INFO.name = "other"
    assert json.loads(json.dumps(INFO.to_dict()))["labels"] == ["sad", "happy"]


def test_anything_with_info_and_respond_is_an_observer():
    assert isinstance(make_template(), Observer)
    assert not isinstance(object(), Observer)


@pytest.mark.slow
def test_the_template_gives_a_graded_function_with_a_pse_for_most_seeds():
    stimuli = load_stimuli()
    statuses = []
    for seed in range(3):
        trials = respond(make_template(seed=seed), stimuli)
        p = trials.sort_values("level")["p_target"].to_numpy()
        assert p[0] < 0.2
        assert p[-1] > 0.8
        assert np.count_nonzero((p > 0.1) & (p < 0.9)) >= 4
        statuses += fit(trials).table["status"].tolist()
    assert statuses == ["ok"] * 3


@pytest.mark.slow
def test_the_template_tells_sad_from_happy_on_people_it_has_not_seen():
    rng = np.random.default_rng(99)
    people = [Identity.random(rng) for _ in range(20)]
    sad, happy = (
        make_template().respond(np.stack([render_face(who, v, size=96) for who in people]))
        for v in (-0.8, 0.8)
    )
    assert np.mean(happy > 0.5) >= 0.85
    assert np.mean(sad < 0.5) >= 0.85


@pytest.mark.slow
def test_the_templates_stated_error_is_the_error_it_makes_on_new_people():
    rng = np.random.default_rng(5)
    valence = rng.uniform(-1, 1, 60)
    faces = np.stack([render_face(Identity.random(rng), v, size=64) for v in valence])
    from scipy.special import ndtri

    template = learn_template(0)
    estimate = ndtri(make_template().respond(faces).clip(1e-12, 1 - 1e-12)) * template.error
    error = np.sqrt(np.mean((estimate - valence) ** 2))
    assert error == pytest.approx(template.error, rel=0.4)


@pytest.mark.slow
def test_one_seed_gives_one_template_and_another_seed_another():
    first = make_template(seed=1).info
    learn_template.cache_clear()
    assert make_template(seed=1).info == first
    assert make_template(seed=2).info.weights_sha256 != first.weights_sha256


def test_making_a_template_with_a_negative_seed_is_refused_at_once():
    with pytest.raises(OptionError, match="0 or more: the template observer got -1"):
        make_template(seed=-1)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Install the example package beside the others; give an environment that sees it."""
    pytest.importorskip("hatchling")
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    flags = ["--no-deps", "--no-index", "--no-build-isolation", "--target", str(target)]
    subprocess.run([*pip, *flags, str(EXAMPLE)], check=True, capture_output=True)
    return {**os.environ, "PYTHONPATH": str(target)}


def psychobench(environment, *arguments):
    command = [sys.executable, "-m", "psychobench", *arguments]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.slow
def test_the_example_is_listed_once_installed_and_keeps_the_protocol(installed):
    listed = {row["name"]: row for row in psychobench(installed, "observers", "list", "--json")}
    assert listed["mouth_curve"]["status"] == "ok"
    assert listed["mouth_curve"]["package"] == "mouth-curve"
    assert psychobench(installed, "observers", "check", "mouth_curve", "--json")["passed"]


@pytest.mark.slow
def test_the_example_needs_the_mouth_and_not_the_eyes(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLE))
    from mouth_curve import MouthCurve

    trials = respond(MouthCurve(), load_stimuli(), ["none", "eyes", "mouth"])
    fits = fit(trials).table.set_index("condition")
    assert fits.loc["none", "status"] == fits.loc["eyes", "status"] == "ok"
    assert fits.loc["eyes", "pse"] == pytest.approx(fits.loc["none", "pse"], abs=1e-6)
    assert fits.loc["mouth", "status"] in ("never", "outside")


def test_the_example_is_under_forty_lines():
    files = [path for path in EXAMPLE.iterdir() if path.suffix in (".py", ".toml")]
    assert len(files) == 2
    assert sum(len(path.read_text("utf-8").splitlines()) for path in files) < 40


@pytest.mark.parametrize("name", ["mouth_curve.py", "pyproject.toml"])
def test_the_page_shows_the_example_as_it_is(name):
    block = re.search(rf"^:caption: {name}\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    assert block[1] == (EXAMPLE / name).read_text("utf-8")


def test_the_page_names_every_check_of_the_kit():
    named = re.findall(r"^\| `([\w-]+)` \|", PAGE.read_text("utf-8"), re.M)
    assert named == list(CHECKS)
