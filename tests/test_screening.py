"""Each check points at what it is there for, and at nobody who did as they were asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from statsmodels.stats.contingency_tables import StratifiedTable

from psychobench.errors import OptionError, TableError
from psychobench.trials.screening import (
    CHECKS,
    Exclusion,
    check_trials,
    exclude_participants,
    parse_exclusion,
    parse_exclusions,
)
from psychobench.trials.screening.measures import halves

LEVELS = np.linspace(0.0, 1.0, 7)


def honest(name: str = "p1", seed: int = 1, per_level: int = 30) -> pd.DataFrame:
    """Trials of a simulated observer with a PSE of .5 who does as asked."""
    rng = np.random.default_rng(seed)
    level = rng.permutation(np.tile(LEVELS, per_level))
    return pd.DataFrame(
        {
            "observer": name,
            "condition": "all",
            "level": level,
            "response": (rng.random(len(level)) < ndtr((level - 0.5) / 0.2)).astype(float),
            "trial": np.arange(1, len(level) + 1),
            "rt": rng.lognormal(-0.5, 0.3, len(level)),
        }
    )


def flagged(trials: pd.DataFrame, observer: str = "p1") -> set[str]:
    flags = check_trials(trials).flags
    return set(flags.loc[flags["observer"] == observer, "check"])


def test_honest_observers_are_rarely_flagged() -> None:
    trials = pd.concat([honest(f"p{seed}", seed) for seed in range(200)], ignore_index=True)
    flags = check_trials(trials).flags
    assert flags["observer"].nunique() <= 6
    assert set(flags["check"]) <= {"halves", "switching", "run"}


def test_a_key_held_down_for_a_while_is_a_run() -> None:
    trials = honest()
    trials.loc[100:130, "response"] = 1.0
    assert "run" in flagged(trials)


def test_answering_by_turns_is_switching_too_often() -> None:
    trials = honest().assign(response=np.arange(210) % 2.0)
    screening = check_trials(trials)
    value = screening.table.set_index("check").loc["switching", "value"]
    assert value > 4
    assert "switching" in flagged(trials)


def test_never_switching_is_a_bias_and_guessing_at_the_ends() -> None:
    assert flagged(honest().assign(response=1.0)) == {"bias", "ends"}


def test_mixed_up_keys_show_at_the_ends() -> None:
    trials = honest()
    assert "ends" in flagged(trials.assign(response=1 - trials["response"]))


def test_a_criterion_that_shifts_halfway_is_an_order_effect() -> None:
    trials = honest()
    later = trials["trial"] > 105
    shifted = np.where(later, trials["level"] > 0.75, trials["level"] > 0.25)
    assert "halves" in flagged(trials.assign(response=shifted.astype(float)))


def test_halves_is_the_square_root_of_statsmodels_mantel_haenszel_statistic() -> None:
    trials = honest(seed=4)
    late = trials["trial"] > 105
    tables = [
        pd.crosstab(late[rows.index], rows["response"])
        .reindex(index=[True, False], columns=[1.0, 0.0], fill_value=0)
        .to_numpy()
        for _, rows in trials.groupby("level")
    ]
    theirs = StratifiedTable(tables).test_null_odds(correction=False).statistic
    assert halves(trials)["p1"] ** 2 == pytest.approx(theirs)


def test_missing_answers_and_missing_trials_are_told_apart() -> None:
    whole = pd.concat([honest("p1", 1), honest("p2", 2), honest("p3", 3)], ignore_index=True)
    unanswered = whole.copy()
    unanswered.loc[:20, "response"] = np.nan
    assert flagged(unanswered) == {"missing"}
    assert flagged(whole.drop(index=range(20))) == {"cells"}


def test_very_short_and_very_long_reaction_times_count() -> None:
    trials = honest()
    trials.loc[:15, "rt"] = 0.05
    trials.loc[16:31, "rt"] = 30.0
    row = check_trials(trials).table.set_index("check").loc["rt"]
    assert row["flagged"]
    assert row["value"] == pytest.approx(32 / 210, abs=0.01)


def test_rows_pasted_twice_and_files_read_twice_are_found() -> None:
    trials = honest()
    assert "repeats" in flagged(pd.concat([trials, trials.iloc[:30]], ignore_index=True))
    both = pd.concat([trials, honest("p2", 2), trials.assign(observer="p3")], ignore_index=True)
    flags = check_trials(both).flags
    assert set(flags.loc[flags["check"] == "copies", "observer"]) == {"p1", "p3"}


def test_trial_numbers_decide_the_order_and_their_absence_is_noted() -> None:
    trials = honest().assign(response=np.arange(210) % 2.0)
    shuffled = trials.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(check_trials(shuffled).table, check_trials(trials).table)
    notes = check_trials(trials.drop(columns=["trial", "rt"])).notes
    assert any("trial number" in note for note in notes)
    assert any("reaction times" in note for note in notes)


def test_counts_cannot_be_checked() -> None:
    counts = pd.DataFrame({"observer": ["p1"], "level": [0.5], "n_trials": [3], "n_target": [1]})
    with pytest.raises(TableError, match="one row per trial"):
        check_trials(counts)


def test_a_rule_excludes_whoever_meets_it_and_gives_the_value() -> None:
    both = pd.concat([honest("p1", 1), honest("p2", 2).assign(response=1.0)], ignore_index=True)
    screening = check_trials(both)
    found = exclude_participants(both, screening, ["ends", Exclusion("bias", ">", 0.9)])
    kept, left_out = found.kept, found.left_out
    assert set(kept["observer"]) == {"p1"}
    assert left_out[["observer", "rule"]].values.tolist() == [["p2", "ends"], ["p2", "bias>0.9"]]
    assert left_out["n_trials"].tolist() == [210, 210]
    nobody = exclude_participants(both, screening, [])
    assert len(nobody.kept) == len(both)
    assert nobody.to_frame().empty


@pytest.mark.parametrize("text", ["end", "missing>", "missing>a.b", "missing=3", "", "rt>1.2.3"])
def test_a_rule_that_means_nothing_is_refused_with_the_checks_there_are(text: str) -> None:
    with pytest.raises(OptionError, match="checks are missing, cells"):
        parse_exclusion(text)


def test_excluding_everybody_is_refused() -> None:
    trials = honest().assign(response=1.0)
    with pytest.raises(OptionError, match="excludes all 1"):
        exclude_participants(trials, check_trials(trials), "ends")


def test_every_rule_states_its_limits_in_words() -> None:
    rules = check_trials(honest()).rules
    assert list(rules) == list(CHECKS)
    assert rules["missing"] == "at most 5% of the trials lack an answer"
    assert not any("{" in rule for rule in rules.values())


def test_a_plain_data_frame_is_checked_with_or_without_conditions() -> None:
    plain = honest().drop(columns="condition").astype({"response": int})
    pd.testing.assert_frame_equal(check_trials(plain).table, check_trials(honest()).table)


@pytest.mark.parametrize(
    "rules",
    ["ends, missing>0.2", ["ends", "missing>0.2"], ["ends", Exclusion("missing", ">", 0.2)]],
)
def test_rules_are_read_from_text_lists_and_objects_alike(rules) -> None:
    assert parse_exclusions(rules) == (Exclusion("ends"), Exclusion("missing", ">", 0.2))


@pytest.mark.parametrize("rules", [3, ["ends", 0.2], None])
def test_a_rule_of_another_kind_is_refused_with_an_example(rules) -> None:
    with pytest.raises(
        OptionError, match=r"text or Exclusion objects: got .*; write .*missing>0.2"
    ):
        parse_exclusions(rules)


def test_checks_and_exclusions_are_tables_in_a_notebook() -> None:
    both = pd.concat([honest("p1", 1), honest("p2", 2).assign(response=1.0)], ignore_index=True)
    screening = check_trials(both)
    assert "<td>switching</td>" in screening._repr_html_()
    assert "<td>ends&lt;0.6</td>" in exclude_participants(both, screening, "ends<0.6")._repr_html_()
