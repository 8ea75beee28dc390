"""Goodness of fit: what the checks find in data made to fail them, and in data that are clean."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import scipy.stats

from psychobench.errors import OptionError
from psychobench.fits.functions import SIGMOIDS, psi
from psychobench.fits.pse import fit

LEVELS = np.linspace(0, 1, 7)


def counts(hits, trials=30, observer="p1", **columns):
    levels = np.linspace(0, 1, len(hits))
    return pd.DataFrame(
        {"observer": observer, "level": levels, "n_trials": trials, "n_target": hits, **columns}
    )


def trials(drift=0.0, n=210, seed=0, observer="p1", guess=0.02):
    """Draw trials in random order, of an observer whose PSE drifts from first to last."""
    rng = np.random.default_rng(seed)
    levels = rng.permutation(np.repeat(LEVELS, n // 7))
    moved = levels - drift * (np.arange(n) / n - 0.5)
    p = psi(SIGMOIDS["norm"], moved, 0.5, 0.4, guess, 0.02)
    return pd.DataFrame(
        {
            "observer": observer,
            "level": levels,
            "trial": np.arange(1, n + 1),
            "response": (rng.random(n) < p).astype(int),
        }
    )


def checks(table, gof=99, **options):
    found = fit(table, gof=gof, **options).goodness.table
    return found[found["observer"] == "p1"].set_index("check")


def test_deviance_residuals_are_signed_and_their_squares_add_up_to_the_deviance():
    table = counts([2, 3, 12, 18, 24, 29])
    fits = fit(table, gof=9)
    of = fits.goodness.residuals
    assert (of["residual"] ** 2).sum() == pytest.approx(fits.table["deviance"][0])
    above = of["n_target"] / of["n_trials"] > of["predicted"]
    assert (np.sign(of["residual"]) == np.where(above, 1, -1)).all()


@pytest.mark.slow
def test_clean_data_are_flagged_about_as_often_as_chance_says():
    p = psi(SIGMOIDS["norm"], LEVELS, 0.5, 0.5, 0.02, 0.02)
    rng = np.random.default_rng(1)
    people = pd.concat([counts(rng.binomial(30, p), observer=f"p{i}") for i in range(100)])
    found = fit(people, gof=59).goodness.table
    flagged = found["flag"].notna().groupby(found["check"]).sum()
    most = scipy.stats.binom.ppf(0.9999, 100, 0.05)
    assert flagged["order"] == 0
    assert flagged.drop("order").between(0, most).all()
    ps = found.loc[found["check"] == "deviance", "p"]
    assert scipy.stats.kstest(ps, "uniform").pvalue > 0.001


def test_what_no_curve_fits_is_flagged_with_the_level_that_is_furthest_off():
    found = checks(counts([1, 3, 4, 25, 9, 28, 29])).loc["deviance"]
    assert found["p"] <= 0.02
    assert "at level 0.5: 83% target" in found["flag"]


@pytest.mark.slow
def test_a_curve_that_is_held_too_steep_or_too_flat_shows_in_the_residuals_along_it():
    table = counts([1, 3, 8, 15, 22, 27, 29])
    steep = checks(table, bounds={"width": (0.1, 0.5)}, asymptotes="fixed").loc["level"]
    flat = checks(table, bounds={"width": (2.5, 9.0)}, asymptotes="fixed").loc["level"]
    assert "fall along the curve" in steep["flag"]
    assert "rise along the curve" in flat["flag"]
    assert checks(table).loc["level", "flag"] is None


def test_flat_answers_have_no_residuals_along_a_curve():
    found = checks(counts([15] * 6)).loc["level"]
    assert found["missing"] == "the answers do not depend on the level"
    assert found["flag"] is None


@pytest.mark.slow
@pytest.mark.parametrize(("drift", "change"), [(0.4, "less"), (-0.4, "more")])
def test_a_pse_that_drifts_is_flagged_with_its_direction(drift, change):
    found = checks(trials(drift)).loc["order"]
    assert found["p"] <= 0.05
    assert f"become {change} frequent from the first tenth of the trials" in found["flag"]
    assert checks(trials(0.0)).loc["order", "flag"] is None


@pytest.mark.slow
def test_the_order_is_that_of_the_column_trial_and_not_of_the_rows():
    table = trials(0.4)
    shuffled = table.sample(frac=1, random_state=1)
    assert checks(shuffled).loc["order", "value"] == checks(table).loc["order", "value"]


@pytest.mark.slow
def test_learning_in_a_forced_choice_is_called_learning():
    found = checks(trials(-0.8, guess=0.5, seed=3), task="2afc").loc["order"]
    assert "correct answers become more frequent" in found["flag"]
    assert "learned" in found["flag"]


@pytest.mark.slow
def test_sessions_are_an_order_where_there_is_no_trial_number():
    early, late = [2, 3, 6, 8, 17, 24, 29], [3, 9, 18, 24, 28, 30, 30]
    table = pd.concat([counts(early, session="first"), counts(late, session="second")])
    found = checks(table).loc["order"]
    assert "more frequent from the first session to the last" in found["flag"]
    other = checks(table.iloc[::-1]).loc["order"]  # sessions in order of appearance
    assert other["value"] == pytest.approx(-found["value"])


@pytest.mark.slow
def test_sessions_that_are_blocks_of_their_own_are_in_order_too():
    hits = [[2, 3, 6, 8, 17, 24, 29], [3, 9, 18, 24, 28, 30, 30], [3, 9, 18, 24, 28, 30, 30]]
    table = pd.concat([counts(each, session=f"s{i}") for i, each in enumerate(hits)])
    fits = fit(table, gof=40, likelihood="beta-binomial")
    of = fits.goodness.residuals
    one, other = (of[of["against"] == name] for name in ("level", "order"))
    assert len(one) == len(other) == 21
    assert sorted(one["residual"]) == pytest.approx(sorted(other["residual"]))
    assert other.groupby("stretch")["n_target"].sum().tolist() == [sum(each) for each in hits]


@pytest.mark.slow
def test_an_order_that_is_not_known_is_said_not_to_be():
    assert "no column trial" in checks(counts([1, 3, 10, 20, 27, 29])).loc["order", "missing"]
    one = counts([1, 3, 10, 20, 27, 29], session="only")
    assert checks(one).loc["order", "missing"] == "all answers come from one session"
    twice = trials().assign(trial=lambda table: table["trial"] % 50)
    assert "repeated" in checks(twice).loc["order", "missing"]


def test_simulated_answers_are_distributed_over_the_cells_of_their_blocks():
    from psychobench.fits.designs import build_design
    from psychobench.fits.goodness.time_course import cells_by_time
    from psychobench.fits.options import FitOptions
    from psychobench.trials.table import validate_trials

    table, options = validate_trials(trials()), FitOptions()
    design = build_design(table, [], options)
    cells, _ = cells_by_time(table, [], design, options)
    np.testing.assert_array_equal(np.bincount(cells.block, cells.hits), design.blocks.hits[0])
    hits = np.tile(design.blocks.hits[0], (4000, 1))
    dealt = cells.distribute(hits, 0)
    for block in range(7):
        mine = cells.block == block
        np.testing.assert_array_equal(dealt.hits[:, mine].sum(axis=1), hits[:, block])
        share = design.blocks.hits[0, block] / 30
        np.testing.assert_allclose(
            dealt.hits[:, mine].mean(axis=0), cells.trials[mine] * share, atol=0.1
        )


@pytest.mark.slow
def test_a_block_whose_keys_were_swapped_is_named_with_the_pse_without_it():
    clean = [1, 2, 6, 12, 18, 25, 28, 29, 30]
    swapped = [1, 2, 24, 12, 18, 25, 28, 29, 30]
    found = checks(counts(swapped)).loc["influence"]
    assert "without the block at level 0.25 it is" in found["flag"]
    of = fit(counts(swapped), gof=1).goodness.residuals.set_index("level")
    rest = fit(counts(clean).drop(index=2)).table["pse"][0]
    assert of.loc[0.25, "pse_without"] == pytest.approx(rest, abs=2e-3)
    assert checks(counts(clean)).loc["influence", "flag"] is None


@pytest.mark.slow
def test_a_swapped_block_after_which_a_step_fits_no_worse_is_flagged_as_what_no_curve_fits():
    swapped = counts([1, 2, 6, 12, 18, 25, 2, 29, 30])
    assert fit(swapped).table["status"][0] == "step"
    found = checks(swapped)
    assert "further from the curve than chance allows" in found.loc["deviance", "flag"]
    curve = checks(swapped, priors="published").loc["influence", "flag"]
    assert "without the block at level 0.75 it is 0.43" in curve


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hits", "reason"),
    [
        ([14, 15, 16, 15, 14], "there is no PSE"),
        ([0, 0, 0, 30, 30, 30], "a step rests on the two levels"),
        ([3, 15, 27], "needs 4 levels"),
    ],
)
def test_a_pse_that_no_block_can_move_says_why(hits, reason):
    assert reason in checks(counts(hits)).loc["influence", "missing"]


@pytest.mark.slow
def test_observers_who_cannot_be_fitted_leave_the_checks_of_the_others_alone():
    alone = checks(trials(0.4))
    silent = pd.DataFrame({"observer": "p0", "level": [0.2], "trial": [1], "response": [1]})
    fits = fit(pd.concat([silent, trials(0.4)]), gof=99)
    with_others = fits.goodness.table.set_index("check")
    pd.testing.assert_frame_equal(alone, with_others)
    assert fits.to_json()[0]["flags"] == []
    assert len(fits.to_json()[1]["flags"]) == 1


def test_without_gof_there_is_no_goodness_and_no_column_of_flags():
    fits = fit(counts([1, 3, 10, 20, 27, 29]))
    assert fits.goodness is None
    assert "flags" not in fits.table
    assert "flags" not in fits.to_json()[0]


@pytest.mark.slow
def test_a_quick_look_has_a_panel_for_each_observer_and_a_curve_for_each_condition():
    table = pd.concat(
        [trials(seed=i, observer=name).assign(condition=mask)
         for i, (name, mask) in enumerate([("a", "x"), ("a", "y"), ("b", "x")])]
    )  # fmt: skip
    fits = fit(table, gof=9)
    figure = fits.plot()
    assert [axis.get_title() for axis in figure.axes] == ["a", "b"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["x", "y"]
    axis = mpl.figure.Figure().subplots()
    assert fits.plot(axis, observer="b") is axis.figure
    (_, points, curve, interval, pse) = axis.lines
    assert len(points.get_xdata()) == 7
    row = fits.table.iloc[2]
    assert interval.get_xdata().tolist() == [row.pse_low, row.pse_high]
    assert pse.get_xdata() == [row.pse]
    assert curve.get_ydata().max() > 0.9
    silent = fit(pd.concat([trials(), pd.DataFrame({"observer": ["x"], "level": 0, "trial": 1})]))
    assert [text.get_text() for text in silent.plot().axes[1].texts] == ["not fitted"]
    with pytest.raises(OptionError, match="`observer` must be one of a, b"):
        fits.plot(observer="c")
    assert [axis.get_xlabel() for axis in fits.goodness.plot().axes] == ["level", "order"]
