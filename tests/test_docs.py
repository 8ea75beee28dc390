"""The examples in the README and the docs do what they show.

On each page, from top to bottom and in one empty folder: a code block with a caption is saved under
that name; a ``console`` block is run, `psychobench` commands only, and its output compared; Python
prompts (``pycon``) are doctests. Commands that train or install stand in ``sh`` blocks, of which
only the names of commands and options are checked.
"""

from __future__ import annotations

import doctest
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import pandas as pd
import pytest

import psychobench
from psychobench.cli.main import cli
from psychobench.errors import PsychobenchError
from psychobench.trials.columns import CANONICAL

if TYPE_CHECKING:
    from conftest import Ran

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(
    r"^(?P<fence>`{3,}) *(?P<kind>[^\n]*)\n(?P<body>.*?)^(?P=fence) *$", re.MULTILINE | re.DOTALL
)
CAPTION = re.compile(r"\A(?::[\w-]+:.*\n)*?:caption: *(?P<name>\S+) *\n(?::[\w-]+:.*\n)*\n?")
COMMAND = re.compile(r"^\$ (?P<line>(?:.*\\\n)*.*)\n?(?P<shown>(?:(?!\$ ).*\n)*)", re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
DECIMAL = re.compile(r"(?<![\w.])([-−]?\d*\.\d+)(?![\w.])")
RELATIVE = 0.02  # faces are rendered a few grey levels otherwise by another processor


class NearlySame(doctest.OutputChecker):
    """Take decimal fractions for the same that differ by 2% or two units of the last digit.

    Observers learn from rendered faces, of which single pixels depend on the processor. Words and
    whole numbers must be those that are shown.
    """

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        if super().check_output(want, got, optionflags):
            return True
        text = " ".join(want.split())
        shown = [float(each.replace("−", "-")) for each in DECIMAL.findall(text)]
        pattern = "".join(
            r"([-−]?\d*\.\d+)" if number % 2 else re.escape(part).replace(r"\.\.\.", ".*?")
            for number, part in enumerate(DECIMAL.split(text))
        )
        found = re.fullmatch(pattern, " ".join(got.split()), re.DOTALL)
        if found is None:
            return False
        digits = [10.0 ** -len(each.partition(".")[2]) for each in DECIMAL.findall(text)]
        values = [float(each.replace("−", "-")) for each in found.groups()]
        return all(
            abs(one - other) <= RELATIVE * abs(one) + 2 * last
            for one, other, last in zip(shown, values, digits, strict=True)
        )


class Block(NamedTuple):
    """A fenced block: the word after the fence, the text, the line it starts on."""

    kind: str
    body: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(each["kind"].strip(), each["body"], text.count("\n", 0, each.start()) + 1)
        for each in BLOCK.finditer(text)
    ]


def commands(page: Path) -> list[list[str]]:
    """Every `psychobench` command on a page, run or not."""
    joined = (
        each.body.replace("\\\n", " ").replace("$ ", "")
        for each in blocks(page)
        if each.kind in ("console", "sh", "bat")
    )
    lines = [line for text in joined for line in text.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith("psychobench ")]


def run_console(body: str, run_cli: Callable[..., Ran]) -> None:
    for command in COMMAND.finditer(body):
        arguments = shlex.split(command["line"].replace("\\\n", " "))
        assert arguments[0] == "psychobench", f"only psychobench is run: {command['line']}"
        ran = run_cli(*arguments[1:])
        expected = command["shown"]
        is_error = expected.startswith("Error:")
        assert ran.code == int(is_error), ran.err
        got = ran.err if is_error else ran.out
        if expected.strip():
            same = NearlySame().check_output(expected, got, FLAGS)
            assert same, f"$ {command['line']}\nshown:\n{expected}\ngot:\n{got}"


def run_python(block: Block, page: Path, names: dict[str, object]) -> None:
    parsed = doctest.DocTestParser().get_doctest(block.body, {}, page.name, str(page), block.line)
    parsed.globs = names
    report: list[str] = []
    results = doctest.DocTestRunner(checker=NearlySame(), optionflags=FLAGS).run(
        parsed, out=report.append, clear_globs=False
    )
    assert results.failed == 0, "".join(report)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_examples_on_a_page_give_what_it_shows(page, run_cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.syspath_prepend(str(tmp_path))
    names: dict[str, object] = {}
    for block in blocks(page):
        if caption := CAPTION.match(block.body):
            file = tmp_path / caption["name"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.body[caption.end() :], "utf-8")
        elif block.kind == "console":
            run_console(block.body, run_cli)
        elif block.kind == "pycon":
            run_python(block, page, names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_on_a_page_exist_with_their_options(page):
    for words in commands(page):
        command: click.Command | None = cli
        for word in words[1:]:
            if isinstance(command, click.Group) and not word.startswith("-"):
                try:
                    command = command.get_command(click.Context(command), word)
                except PsychobenchError as error:  # with the core alone
                    pytest.skip(str(error))
                assert command is not None, f"no such command: {shlex.join(words)}"
        options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
        used = {word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)}
        assert used <= options | {"--help", "--version"}, shlex.join(words)


def test_the_python_page_has_every_public_name():
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    described = set(re.findall(r"^\.\. autofunction:: (\w+)$", page, re.MULTILINE))
    assert described == set(psychobench.__all__) - {"__version__"}


def named(page: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", (ROOT / "docs" / page).read_text("utf-8")))


@pytest.mark.slow
def test_the_fits_page_describes_every_column_of_the_fits():
    table = pd.DataFrame({"observer": "h1", "level": [0, 1], "n_trials": 9, "n_target": [2, 7]})
    columns = {re.sub("_(low|high)$", "", name) for name in psychobench.fit(table).to_frame()}
    assert columns <= named("psychometric-fits.md")


def test_the_table_page_describes_every_column_of_trials_and_counts():
    assert set(CANONICAL) <= named("table-format.md")


@pytest.mark.parametrize(
    ("shown", "got", "same"),
    [
        ("PSE .776, 50 people", "PSE .778, 50 people", True),
        ("PSE .776, 50 people", "PSE .778, 51 people", False),
        ("PSE .776 ... ok", "PSE .790 (.7 to .9) ok", True),
        ("PSE .776 ... ok", "PSE .880 (.7 to .9) ok", False),
        ("PSE −.535, never", "PSE −.536, never", True),
        ("PSE −.535, never", "PSE −.536, ok", False),
    ],
)
def test_shown_numbers_may_differ_a_little_and_words_not_at_all(shown, got, same):
    assert NearlySame().check_output(shown, got, FLAGS) is same
