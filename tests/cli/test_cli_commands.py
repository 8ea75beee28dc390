"""Commands that plug-ins add: named in the help, and told where to get where they are missing."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from psychobench.cli import main


@pytest.mark.parametrize("name", ["train", "reproduce"])
def test_a_command_of_a_package_that_is_not_installed_names_the_package(run_cli, monkeypatch, name):
    monkeypatch.setattr(main, "entry_points", lambda group: [])
    ran = run_cli(name, "anything")
    assert ran.code == 1
    assert ran.err == (
        f"Error: a command must be installed: '{name}' comes with the package psychobench-torch; "
        "install it from psychobench's source with: python -m pip install -e "
        "plugins/torch_models\n"
    )
    assert name not in run_cli("--help").out.partition("Commands:")[2].split()


def test_a_command_that_nobody_has_is_wrong_usage(run_cli):
    ran = run_cli("trian")
    assert ran.code == 2
    assert "trian" in ran.err


def test_somebody_elses_plug_in_is_listed_with_its_place_and_not_imported(run_cli, monkeypatch):
    theirs = EntryPoint("train", "their.module:train", "psychobench.commands")
    monkeypatch.setattr(main, "entry_points", lambda group: [theirs])
    assert "From plug-in their.module:train." in run_cli("--help").out
