"""Figures of an analysis: one colour per condition, nothing on top of anything."""

from __future__ import annotations

import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import psychobench
from psychobench.analysis.figures import PER_PAGE, analysis_figures
from psychobench.draw.style import ONE_COLUMN, series_style, shorten, wrap
from psychobench.errors import ComparisonError

LONG = ("the upper half of the face hidden by noise", "the lower half of the face hidden by noise")
SIX = ("none", "eyes", "nose", "mouth", "brows", "contour")


def study(n, conditions, groups=None, name="p{:02}"):
    """Analyse simulated counts of people whose PSEs differ by condition; the third one guesses."""
    level = np.linspace(0, 1, 6)
    rows = []
    for i, condition in itertools.product(range(n), conditions):
        middle = 0.4 + 0.04 * conditions.index(condition) + 0.01 * (i % 7)
        p = 1 / (1 + np.exp(-14 * (level - middle))) if i != 2 else np.full(6, 0.5)
        columns = {} if groups is None else {"group": groups[i % len(groups)]}
        counts = {"level": level, "n_trials": 20, "n_target": np.round(20 * p).astype(int)}
        rows.append(
            pd.DataFrame({"observer": name.format(i), "condition": condition, **counts, **columns})
        )
    between = None if groups is None else "group"
    return psychobench.analyse(pd.concat(rows), engine="ml", between=between, gof=0)


def drawn(analysis):
    return dict(analysis_figures(analysis))


def overlaps(figure):
    """Find pairs of titles, axis labels and legends that lie on top of each other."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = [axis.title for axis in figure.axes if axis.title.get_text()]
    texts += [axis.xaxis.label for axis in figure.axes if axis.xaxis.label.get_text()]
    texts += [each for each in figure.texts if each.get_text()] + figure.legends
    last = figure.axes[-1]
    low, high = last.get_xlim()
    texts += [
        label
        for place, label in zip(last.get_xticks(), last.get_xticklabels(), strict=True)
        if low <= place <= high and not label.get_rotation()  # turned ones lie side by side
    ]
    boxes = [each.get_window_extent(renderer) for each in texts]
    whole = figure.bbox.padded(2)
    assert all(whole.x0 <= box.x0 and box.x1 <= whole.x1 for box in boxes)
    return [(a, b) for a, b in itertools.combinations(boxes, 2) if overlap(a, b)]


def overlap(a, b):
    return min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "conditions", "groups", "name"),
    [
        (3, ("whole", "eyes"), None, "p{:02}"),
        (12, ("whole", "eyes"), ("young adults", "older adults"), "p{:02}"),
        (60, ("whole",), None, "p{:02}"),
        (4, SIX, None, "participant_2024-05-17_session_{:02}"),
        (4, LONG, None, "p{:02}"),
    ],
    ids=["three people", "two groups", "sixty people", "six conditions", "long labels"],
)
def test_titles_labels_and_legends_leave_each_other_room(n, conditions, groups, name):
    for figure in drawn(study(n, conditions, groups, name)).values():
        assert overlaps(figure) == []


@pytest.mark.slow
def test_figures_for_print_are_one_column_of_a_journal_wide():
    figures = drawn(study(3, ("whole", "eyes")))
    assert figures["groups"].get_figwidth() == figures["measures"].get_figwidth() == ONE_COLUMN


@pytest.mark.slow
def test_a_condition_has_the_same_colour_and_marker_everywhere():
    analysis = study(3, ("whole", "eyes"))
    # the second participant's conditions come the other way round
    table = analysis.table.iloc[np.r_[0:12, 18:24, 12:18, 24:36]]
    figure = drawn(psychobench.analyse(table, engine="ml", gof=0))["participants-1"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["whole", "eyes"]
    for axis in figure.axes:
        colours = {line.get_label(): line.get_color() for line in axis.lines}
        assert colours["whole"] == series_style(0)["color"]
        assert colours["eyes"] == series_style(1)["color"]


def test_no_two_of_a_dozen_conditions_look_the_same():
    assert len({(series_style(n)["color"], series_style(n)["marker"]) for n in range(12)}) == 12


@pytest.mark.slow
def test_everybody_is_drawn_once_on_pages_of_one_scale():
    analysis = study(PER_PAGE + 2, ("whole",))
    pages = [figure for name, figure in drawn(analysis).items() if name.startswith("participants")]
    titles = [axis.get_title() for page in pages for axis in page.axes]
    assert titles == list(analysis.to_frame()["observer"])
    assert len({axis.get_xlim() for page in pages for axis in page.axes}) == 1


@pytest.mark.slow
def test_a_curve_without_a_pse_says_so_in_its_panel():
    figure = drawn(study(3, ("whole", "eyes")))["participants-1"]
    assert [text.get_text() for text in figure.axes[2].texts] == ["whole: never", "eyes: never"]
    assert not figure.axes[0].texts


@pytest.mark.slow
def test_lines_join_the_values_that_are_in_the_table():
    analysis = study(4, ("whole", "eyes"))
    axis = drawn(analysis)["measures"].axes[0]
    fits = analysis.to_frame()
    for name in ("p00", "p01", "p03"):
        pses = fits.loc[fits["observer"] == name, "pse"].to_numpy()
        assert any(np.array_equal(line.get_ydata(), pses) for line in axis.lines)


@pytest.mark.slow
def test_groups_alone_stand_side_by_side_without_lines():
    analysis = study(8, ("whole",), groups=("old", "young"))
    axis = drawn(analysis)["measures"].axes[-1]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["old", "young"]


@pytest.mark.slow
def test_a_plot_goes_into_axes_that_exist_or_says_why_not():
    axis = mpl.figure.Figure().subplots()
    assert study(4, ("whole", "eyes")).plot(axis) is axis.figure
    assert axis.get_ylabel() == "PSE (level)"
    with pytest.raises(ComparisonError, match="needs two people"):
        study(1, ("whole",)).plot()


def test_labels_of_any_length_keep_their_ends():
    assert shorten("participant_0000017", 11) == "parti…00017"
    assert all(len(line) <= 12 for line in wrap(LONG[0], 12, lines=3).split("\n"))
