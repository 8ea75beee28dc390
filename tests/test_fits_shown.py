"""Fits in notebooks and figures: tables, several curves on one axis in colours of one's choice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import psychobench as pb
from psychobench.errors import PsychobenchError

COUNTS = pd.DataFrame(
    {"observer": np.repeat(["ann", "bob"], 4), "level": [0, 0.3, 0.7, 1] * 2, "n_trials": 20,
     "n_target": [1, 4, 16, 20, 0, 9, 18, 19]}
)  # fmt: skip


@pytest.fixture(scope="module")
def fits():
    return pb.fit(COUNTS)


def drawn(fits, **options):
    axis = Figure().subplots()
    fits.plot(axis, **options)
    return {line.get_label(): line for line in axis.lines if line.get_label()[0] != "_"}


@pytest.mark.slow
def test_a_notebook_shows_the_main_columns_as_a_table(fits):
    html = fits._repr_html_()
    assert "<table" in html
    assert "ann" in html
    assert "log_likelihood" not in html
    assert "log_likelihood" in fits.to_frame()


def test_curves_on_one_axis_have_the_colours_and_labels_asked_for(fits):
    lines = drawn(fits, colours=["crimson", "navy"], labels=["Ann", "Bob"])
    assert {name: line.get_color() for name, line in lines.items()} == {
        "Ann": "crimson",
        "Bob": "navy",
    }
    lines = drawn(fits, colours={"bob, all": "navy"})
    assert lines["bob, all"].get_color() == "navy"
    assert lines["ann, all"].get_color() != "navy"
    (line,) = drawn(fits, observer="ann", colours="crimson", labels="one").values()
    assert (line.get_color(), line.get_label()) == ("crimson", "one")


def test_several_fits_share_an_axis(fits):
    axis = Figure().subplots()
    fits.plot(axis, observer="ann", colours="crimson", labels="ann")
    fits.plot(axis, observer="bob", colours="navy", labels="bob")
    named = [line.get_label() for line in axis.lines if line.get_label()[0] != "_"]
    assert named == ["ann", "bob"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"colours": ["red"]}, "one entry for each of the 2 curves"),
        ({"labels": {"cid": "x"}}, "there is no 'cid'"),
        ({"observer": "cid"}, "`observer` must be one of ann, bob"),
    ],
)
def test_colours_and_labels_that_fit_no_curve_are_refused(fits, options, words):
    with pytest.raises(PsychobenchError, match=words):
        drawn(fits, **options)


def test_fits_are_saved_whole_or_not_at_all(fits, tmp_path):
    pd.testing.assert_frame_equal(
        pd.read_csv(fits.save(tmp_path / "fits.csv"))[["observer", "pse"]],
        fits.table[["observer", "pse"]],
        check_dtype=False,
    )
    for wrong in ("fits.xlsx", tmp_path, 3):
        with pytest.raises(PsychobenchError, match="`out` must be"):
            fits.save(wrong)


def test_thresholds_of_log_sigmoids_are_shown_as_levels_and_widths_as_ratios():
    counts = COUNTS.assign(level=[1, 2, 4, 8] * 2)
    fits = pb.fit(counts, sigmoid="lognorm", asymptotes="fixed")
    shown = fits._shown().astype({"threshold": float})
    np.testing.assert_allclose(shown["threshold"], fits.thresholds(unscaled=True)["level"])
    ends = fits.thresholds(at=[0.05, 0.95], unscaled=True)["level"].to_numpy().reshape(-1, 2)
    np.testing.assert_allclose(shown["width_ratio"], ends[:, 1] / ends[:, 0])
    assert "width_ratio" in fits.summary().splitlines()[0]
    assert "width_ratio" not in pb.fit(counts, asymptotes="fixed").summary()
