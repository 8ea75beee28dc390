"""`psychobench observers`: what there is, what is broken and why, who keeps the rules."""

import json

import pytest

from psychobench.testing import CHECKS

ALWAYS_HAPPY = """
import numpy as np
from psychobench.observers.protocol import ObserverInfo

class AlwaysHappy:
    info = ObserverInfo("always_happy", "1", ("sad", "happy"), "happy", "none", "a rule")

    def respond(self, images):
        print("happy!")
        return np.full(len(images), 0.9)
"""


def test_the_list_names_the_template_its_options_and_its_package(run_cli):
    ran = run_cli("observers", "list")
    assert ran.code == 0
    (row,) = [line for line in ran.out.splitlines() if line.startswith("template")]
    assert row.split() == ["template", "ok", "seed", "psychobench"]


def test_a_broken_plug_in_is_listed_with_its_reason_and_the_list_still_succeeds(run_cli, plug_in):
    plug_in("lab", {"lab": "lab:factory"}, "import a_library_nobody_has")
    ran = run_cli("observers", "list")
    assert ran.code == 0
    row, reason = ran.out.split("\nlab ")[1].splitlines()[:2]
    assert row.split()[0] == "broken"
    assert "a_library_nobody_has" in reason


def test_the_list_as_json_has_a_row_for_each_observer(run_cli, plug_in):
    plug_in("lab", {"always_happy": "lab:AlwaysHappy"}, ALWAYS_HAPPY)
    rows = {row["name"]: row for row in json.loads(run_cli("observers", "list", "--json").out)}
    assert rows["template"]["options"] == ["seed"]
    assert rows["always_happy"] == {
        "name": "always_happy",
        "package": "lab",
        "target": "lab:AlwaysHappy",
        "status": "ok",
        "reason": "",
        "options": [],
        "argument": "",
    }


@pytest.mark.slow
def test_the_template_passes_and_the_command_says_which_checks_were_made(run_cli):
    ran = run_cli("observers", "check", "template")
    assert ran.code == 0
    assert [line.split()[1] for line in ran.out.splitlines()[1:]] == list(CHECKS)
    assert "failed" not in ran.out


def test_a_failing_observer_ends_in_exit_1_with_the_names_of_the_checks(run_cli, plug_in):
    plug_in("lab", {"always_happy": "lab:AlwaysHappy"}, ALWAYS_HAPPY)
    ran = run_cli("observers", "check", "always_happy")
    assert ran.code == 1
    assert "failed   polarity" in ran.out
    assert ran.err.startswith("Error: an observer must pass every check: 'always_happy' fails")
    assert "polarity" in ran.err


def test_json_stays_one_document_even_when_the_observer_prints(run_cli, plug_in):
    plug_in("lab", {"always_happy": "lab:AlwaysHappy"}, ALWAYS_HAPPY)
    ran = run_cli("observers", "check", "always_happy", "--json")
    assert ran.code == 1
    report = json.loads(ran.out)
    failed = {check["name"] for check in report["checks"] if check["status"] == "failed"}
    assert report["passed"] is False
    assert {"polarity", "distinct", "stdout"} <= failed


def test_checking_an_unknown_observer_lists_those_there_are(run_cli):
    ran = run_cli("observers", "check", "tmplate")
    assert ran.code == 1
    assert ran.err.startswith("Error: an observer must be registered: there is no 'tmplate'")
    assert "did you mean 'template'?" in ran.err
    assert ran.out == ""


def test_an_option_the_observer_does_not_have_is_refused(run_cli):
    ran = run_cli("observers", "check", "template", "--pretraining", "imagenet")
    assert ran.code == 1
    assert "'template' has no 'pretraining' (given 'imagenet'); it has seed" in ran.err
