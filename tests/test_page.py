"""The report: one page that holds everything, loads nothing, and trusts nobody's file."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import psychobench
from psychobench.errors import OptionError
from psychobench.reports.page import Cell, Page, Passage, Section, Table, Text, table_of

EVIL = "<script>alert('x')</script>"
VOID = {"meta", "img", "link", "br", "input"}


class Reader(HTMLParser):
    """Collects a page's elements, and finds out whether each that is opened is closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "script" not in self.open and "style" not in self.open:
            self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def trials(n=3, condition="eyes"):
    rng = np.random.default_rng(4)
    level = np.tile(np.linspace(0, 1, 6), 15)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "observer": name,
                    "condition": where,
                    "level": level,
                    "response": (level + rng.normal(0, 0.2, len(level)) > middle) * 1.0,
                }
            )
            for name in [EVIL, *(f"p{i}" for i in range(1, n))]
            for where, middle in (("whole", 0.4), (condition, 0.6))
        ],
        ignore_index=True,
    )


@pytest.fixture(scope="module")
def analysis():
    return psychobench.analyse(trials(condition=f"{EVIL} & \"'"), engine="ml", gof=39)


@pytest.fixture(scope="module")
def page(analysis):
    return psychobench.report(analysis).html()


@pytest.mark.slow
def test_every_element_is_closed_and_every_id_is_there_once(page):
    read = Reader(page)
    ids = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [attrs["href"].removeprefix("#") for attrs in read.all("a")]
    assert set(targets) <= set(ids)
    for _, attrs in read.tags:
        assert {attrs.get("aria-labelledby")} <= {None, *ids}


def test_the_page_loads_nothing(page):
    read = Reader(page)
    assert not [attrs for _, attrs in read.tags for name in attrs if name.startswith("on")]
    assert {attrs["src"][:11] for _, attrs in read.tags if "src" in attrs} == {"data:image/"}
    assert all(attrs["href"].startswith("#") for _, attrs in read.tags if "href" in attrs)
    assert len(read.all("script")) == 1
    assert not read.all("link")
    drawn = [unquote(image["src"]) for image in read.all("img")]
    assert not re.search(r"url\(|@import", re.sub(r'src="[^"]*"', "", page))
    assert not any(re.search(r"url\([^#]|href=\"(?!#|data:)|@import", svg) for svg in drawn)


def test_what_stands_in_a_file_is_shown_and_never_run(page):
    assert EVIL not in page
    assert EVIL in "".join(Reader(page).text)
    for image in Reader(page).all("img"):
        assert "<script" not in unquote(image["src"])


def test_figures_are_described_and_tables_have_captions_and_headings(page):
    read = Reader(page)
    assert all(len(image["alt"]) > 30 for image in read.all("img"))
    assert len(read.all("caption")) == len(read.all("table")) > 4
    assert len(read.all("h1")) == len(read.all("main")) == len(read.all("nav")) == 1
    assert read.all("html") == [{"lang": "en"}]
    assert {attrs["scope"] for attrs in read.all("th")} == {"col", "row"}


def test_the_page_says_what_was_found(analysis, page):
    text = "".join(Reader(page).text)
    assert all(sentence in text for sentence in analysis.sentences())
    for heading in ("Data and exclusions", "Goodness of fit", "Limits", "For your paper"):
        assert heading in text
    assert "3 participants, 2 conditions" in text
    for row in analysis.descriptives.itertuples():
        assert f"{row.mean:.3f}" in text


@pytest.mark.slow
def test_a_report_without_checks_of_fit_says_how_to_get_them():
    page = psychobench.analyse(trials(2), engine="ml", gof=0).report().html()
    assert "With `gof=1000` each curve is compared" in page


@pytest.mark.slow
def test_simulated_people_are_called_that():
    table = trials(2).assign(simulated=1)
    page = psychobench.report(psychobench.analyse(table, engine="ml", gof=0))
    assert page.warning == "SIMULATED people: this page makes no claim about people."
    assert page.warning in page.html()


def test_missing_numbers_are_dashes_and_sort_last():
    frame = pd.DataFrame({"who": ["a", "b"], "p": [0.0004, np.nan], "n": [3, 4]})
    table = table_of(frame, "a caption")
    assert table.rows[0] == (Cell("a"), Cell("<.001", 0.0004), Cell("3", 3.0))
    assert table.rows[1] == (Cell("b"), Cell("–"), Cell("4", 4.0))
    assert table.numeric == [False, True, True]


def test_a_report_is_made_of_an_analysis_or_a_study_only():
    with pytest.raises(OptionError, match="must be an analysis or a study: got a DataFrame"):
        psychobench.report(trials())


def test_a_page_is_saved_whole_and_shown_in_a_frame_of_its_own(tmp_path):
    page = Page("A <title>", "below", "", [Section("one", "One", [Text(["Words."])])])
    page.save(tmp_path / "new" / "page.html")
    assert (tmp_path / "new" / "page.html").read_text("utf-8") == page.html() + "\n"
    frame = Reader(page._repr_html_())
    assert [name for name, _ in frame.tags] == ["iframe"]
    assert frame.tags[0][1]["srcdoc"] == page.html()


def test_a_long_table_says_that_it_is_cut():
    table = table_of(pd.DataFrame({"n": range(2001)}), "Numbers.")
    assert len(table.rows) == 2000
    assert table.caption == "Numbers. The first 2000 of 2001 rows."


def small_page():
    rows = [[Cell("a"), Cell("2", 2.0)], [Cell("b"), Cell("–")], [Cell("c"), Cell("1", 1.0)]]
    blocks = [
        Text(["Words."]),
        Table("Numbers.", ["who", "n"], [False, True], rows),
        Passage("Methods", "We did."),
    ]
    return Page("A title", "below", "SIMULATED", [Section("one", "One", blocks)]).html()


CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@pytest.fixture
def chromium(tmp_path):
    """Run a headless browser, or skip the test."""
    if CHROMIUM is None:
        pytest.skip("there is no browser here")

    def run(page, *options):
        file = tmp_path / "page.html"
        file.write_text(page, "utf-8")
        base = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/chrome"]
        command = [CHROMIUM, *base, *options, file.as_uri()]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=True
        ).stdout

    return run


def test_in_a_browser_tables_get_buttons_that_sort_numbers(chromium):
    click = "<script>for (const b of document.querySelectorAll('th button')) b.click();</script>"
    dom = chromium(small_page().replace("</body>", click + "</body>"), "--dump-dom")
    assert re.findall(r'<th scope="row">(.)</th>', dom) == ["c", "a", "b"]
    assert re.findall(r'aria-sort="(\w+)"', dom) == ["none", "ascending"]
    assert 'aria-label="Copy: Methods"' in dom


@pytest.mark.parametrize("width", [1280, 390])
def test_in_a_browser_the_page_is_drawn_and_no_wider_than_the_window(
    chromium, page, tmp_path, width
):
    measure = (
        "<script>const root = document.documentElement;"
        "document.title = String(root.scrollWidth - root.clientWidth);</script>"
    )
    dom = chromium(
        page.replace("</body>", measure + "</body>"), "--dump-dom", f"--window-size={width},844"
    )
    assert "<title>0</title>" in dom
    shot = tmp_path / "shot.png"
    chromium(page, f"--screenshot={shot}", f"--window-size={width},844", "--hide-scrollbars")
    with Image.open(shot) as image:
        assert len(image.convert("RGB").getcolors(1 << 24)) > 10
