"""Commands and functions share names, defaults and numbers."""

from __future__ import annotations

import importlib
import inspect
import json

import click
import pytest

import psychobench as pb
from psychobench.cli.main import cli
from psychobench.cli.wording import SINGULAR
from psychobench.fits.functions import SIGMOIDS
from psychobench.fits.options import SIGMOID_NAMES, FitOptions

# command -> the public function that it calls; add a line for every further pair
CALLS = {
    "analyse": "psychobench:analyse",
    "compare": "psychobench:study",
    "export": "psychobench:export_trials",
    "fit": "psychobench:fit",
    "humans list": "psychobench:list_cohorts",
    "humans simulate": "psychobench:simulate_cohort",
    "import": "psychobench:import_trials",
    "models": "psychobench:compare_models",
    "trials make": "psychobench:make_trials",
}
# what only a command has: how its result is printed or written (functions return it, results save)
ONLY_TYPED = {
    *("as_json", "json", "out", "overwrite", "interactive", "help", "file", "files", "verbose"),
}
PLURAL = {one: many for many, one in SINGULAR.items()}
# a default that the command line writes as text, or leaves out, for the same value
SAME = {(): None, "ok,step": ("ok", "step"), None: ()}


def command(words: str) -> click.Command:
    found: click.Command = cli
    for word in words.split():
        assert isinstance(found, click.Group)
        below = found.get_command(click.Context(found), word)
        assert below is not None
        found = below
    return found


def function(path: str):
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def parameters(path: str) -> dict[str, object]:
    """Defaults by name; a function that passes fitting options on has theirs."""
    found = inspect.signature(function(path)).parameters
    named = {
        name: each.default for name, each in found.items() if each.kind is not each.VAR_KEYWORD
    }
    if len(named) < len(found):
        fitting = inspect.signature(pb.fit).parameters
        named = {name: each.default for name, each in fitting.items()} | named
    return named


@pytest.mark.parametrize("words", CALLS)
def test_every_option_of_a_command_is_a_parameter_of_its_function(words):
    options = {str(each.name) for each in command(words).params} - ONLY_TYPED
    known = set(parameters(CALLS[words]))
    assert {PLURAL.get(name, name) for name in options} <= known


@pytest.mark.parametrize("words", CALLS)
def test_shared_names_have_one_default(words):
    known = parameters(CALLS[words])
    for option in command(words).params:
        name = PLURAL.get(str(option.name), str(option.name))
        if isinstance(option, click.Argument) or option.required or name in ONLY_TYPED:
            continue
        typed = () if option.multiple else option.default
        typed = typed if isinstance(typed, (str, int, float, tuple, type(None))) else None
        if known[name] in (None, ()) or known[name] is inspect.Parameter.empty:
            assert typed in (None, ()), name
        else:
            assert SAME.get(typed, typed) == known[name], name


@pytest.mark.parametrize("words", ["fit", "analyse", "compare"])
def test_commands_that_fit_have_the_fitting_options_with_their_defaults(words):
    options = {str(each.name): each for each in command(words).params}
    for name in ("sigmoid", "asymptotes", "likelihood", "task", "bootstrap", "confidence", "seed"):
        typed = options[name].default
        assert (typed if isinstance(typed, (str, int, float)) else None) == getattr(
            FitOptions, name
        )
    assert {"engine", "bounds", "share"} <= set(options)


def test_the_sigmoids_that_can_be_typed_are_those_that_can_be_fitted():
    assert tuple(SIGMOIDS) == SIGMOID_NAMES


COUNTS = """observer,condition,level,n_trials,n_target
p1,a,0,30,1
p1,a,.25,30,4
p1,a,.5,30,13
p1,a,.75,30,26
p1,a,1,30,29
p1,b,0,30,2
p1,b,.25,30,9
p1,b,.5,30,20
p1,b,.75,30,28
p1,b,1,30,28
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "options"),
    [
        ([], {}),
        (["--engine", "bayes"], {"engine": "bayes"}),
        (["--sigmoid", "logistic", "--asymptotes", "equal"],
         {"sigmoid": "logistic", "asymptotes": "equal"}),
        (["--bootstrap", "30", "--gof", "20", "--seed", "4"],
         {"bootstrap": 30, "gof": 20, "seed": 4}),
        (["--where", "condition=a", "--bounds", "lapse=0:.02", "--confidence", ".9"],
         {"where": {"condition": "a"}, "bounds": {"lapse": (0, 0.02)}, "confidence": 0.9}),
        (["--share", "lapse", "--columns", "observer=observer"],
         {"share": "lapse", "columns": {"observer": "observer"}}),
        (["--likelihood", "beta-binomial", "--by", "condition"],
         {"likelihood": "beta-binomial", "by": ["condition"]}),
    ],
)  # fmt: skip
def test_fit_prints_and_writes_the_numbers_that_python_returns(run_cli, tmp_path, typed, options):
    file = tmp_path / "counts.csv"
    file.write_text(COUNTS)
    out = tmp_path / "fits.json"
    ran = run_cli("fit", file, *typed, "--json", "--out", out)
    fits = pb.fit(file, **options)
    assert json.loads(ran.out) == json.loads(json.dumps(fits.to_json()))
    assert json.loads(out.read_text("utf-8")) == fits.to_json()
    fits.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == out.read_bytes()


@pytest.mark.slow
def test_what_the_fit_notes_is_heard_in_python_too(caplog, tmp_path):
    file = tmp_path / "counts.csv"
    file.write_text(COUNTS)
    with caplog.at_level("INFO", logger="psychobench"):
        pb.fit(file, gof=5)
    assert "Read" in caplog.text
    assert "`gof=5` is too few refits" in caplog.text
