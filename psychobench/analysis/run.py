"""A whole analysis of people's trials: checked, fitted, described, tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from psychobench.analysis.data import TABLES, measure_name, measures_of
from psychobench.analysis.departures import with_plan
from psychobench.analysis.descriptives import describe
from psychobench.analysis.design import find_factors
from psychobench.analysis.result import Analysis
from psychobench.analysis.source import hash_of, load_table
from psychobench.arguments import Names, Pairs, parse_names
from psychobench.comparison.cohort_measures import DEFAULT_STATUSES, check_statuses
from psychobench.comparison.conditions.condition_data import Family, check_family
from psychobench.comparison.conditions.condition_tests import ConditionTests, compare_conditions
from psychobench.errors import ComparisonError, TableError
from psychobench.fits.pse import Fits, fit
from psychobench.plans import PlanLike, takes_plan
from psychobench.reports.provenance import provenance
from psychobench.trials.columns import parse_where
from psychobench.trials.screening import (
    Excluded,
    Exclusion,
    ExclusionRules,
    Screening,
    check_trials,
    exclude_participants,
    note_unused_columns,
    parse_exclusions,
)
from psychobench.trials.table import TableLike, note_reading

SIMULATIONS = 100  # data sets per fit; enough to flag a curve at .05
NO_TRIALS = "the table holds no single trials, so that none could be checked before fitting"


@takes_plan(*TABLES, finish=with_plan)
def analyse(
    table: TableLike,
    *,
    plan: PlanLike = None,
    columns: Pairs = None,
    where: Pairs = None,
    within: Names = None,
    between: Names = None,
    pairs: Names = None,
    exclude: ExclusionRules = (),
    statuses: Names = DEFAULT_STATUSES,
    family: Family = "planned",
    gof: int | None = None,
    engine: str = "bayes",
    confidence: float = 0.95,
    seed: int = 0,
    **fitting: Any,
) -> Analysis:
    """Check trials, fit every participant, describe and test PSE and JND.

    Parameters
    ----------
    table : DataFrame, str or path
        Trials or counts with the documented columns, or a CSV or TSV file of them.
    plan : str, path, mapping or Plan, optional
        The choices of an earlier analysis, or of one that was registered: a file ``plan.toml``, or
        what `psychobench.read_plan` returns. What this call names itself is done instead, and each
        such departure is reported, as are people, levels and trials that differ from the plan's.
    columns : mapping, str or sequence of str, optional
        What the table's columns are called, by our names: ``{"observer": "subject"}``,
        ``"observer=subject,response=chose"`` or a list of such texts.
    where : mapping, str or sequence of str, optional
        Keep only rows like these: ``{"session": 1}``, ``"session=1"`` or a list of such texts.
    within : str or sequence of str, optional
        The columns whose conditions each participant went through, the one of most interest first;
        by default ``condition`` where it has several.
    between : str or sequence of str, optional
        The columns that tell groups of participants apart.
    pairs : str or sequence of str, optional
        What is compared after the analysis of variance where there are several factors; see
        `psychobench.compare_conditions`.
    exclude : str, Exclusion, or sequence of either
        Who is excluded: a check, for everyone whom it flags (``"ends"``), or a check with a limit
        (``"missing>0.2"``). By default nobody.
    statuses : str or sequence of str
        The PSE statuses that are included in means and tests.
    family : {"planned", "valid"}
        Whether corrections count every pair of the design, or only the pairs that have a test.
    gof : int, optional
        Simulated data sets per fit on which the checks of its goodness rest; 0 checks nothing. By
        default 100, and 0 for what cannot be simulated: probabilities, which have no number of
        trials, and fits that share a lapse rate.
    engine : {"bayes", "ml", "psignifit"}
        What fits the curves.
    confidence : float
        Coverage of all intervals.
    seed : int
        Seed of every random draw.
    **fitting
        Further options of `psychobench.fit`.

    Returns
    -------
    Analysis

    Raises
    ------
    OptionError, TableError, FitError, ComparisonError
        If an option, the table or the design it holds is at fault.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> level = np.tile(np.linspace(0, 1, 7), 20)
    >>> trials = pd.concat([
    ...     pd.DataFrame({"observer": f"p{person}", "condition": condition, "level": level,
    ...                   "response": level + rng.normal(0, 0.2, 140) > middle})
    ...     for person in range(8) for condition, middle in (("whole", 0.4), ("eyes", 0.6))
    ... ])
    >>> found = analyse(trials, engine="ml", gof=0)
    >>> found.descriptives[["measure", "condition", "n"]].values.tolist()[:2]
    [['pse', 'whole', 8], ['pse', 'eyes', 8]]
    >>> bool(found.tests["pse"].pairs[0].p < 0.01)
    True
    """
    del plan  # the decorator has taken it
    rules = parse_exclusions(exclude)
    included = check_statuses(statuses)
    check_family(family)
    trials = load_table(table, columns, where)
    inner, outer = find_factors(trials, within, between)
    factors = [*inner, *outer]
    screening = check_trials(trials, factors=factors) if "response" in trials else None
    excluded = _exclude(trials, screening, rules)
    if gof is None:  # neither probabilities nor a shared lapse rate can be simulated
        gof = 0 if "p_target" in trials or fitting.get("share") else SIMULATIONS
    options = {"engine": engine, "gof": gof, "confidence": confidence, "seed": seed, **fitting}
    fits = fit(excluded.kept, by=factors, **options)
    testing = {"pairs": pairs, "statuses": included, "family": family, "confidence": confidence}
    tests, untested = _test(fits, excluded.kept, inner, outer, testing)
    if not isinstance(table, pd.DataFrame):
        note_reading(trials)
    if screening is None:
        untested = [NO_TRIALS, *note_unused_columns(trials, factors), *untested]
    return Analysis(
        table=excluded.kept,
        screening=screening,
        exclude=rules,
        left_out=excluded.left_out,
        fits=fits,
        descriptives=describe(fits, factors or ["condition"], included, confidence),
        tests=tests,
        within=inner,
        between=outer,
        confidence=confidence,
        statuses=included,
        family=family,
        notes=tuple(untested),
        provenance=_provenance(
            table,
            fits,
            columns=trials.attrs["columns"],
            where=parse_where(where),
            within=list(inner),
            between=list(outer),
            pairs=list(parse_names(pairs, "pairs")),
            exclude=list(map(str, rules)),
            statuses=list(included),
            family=family,
        ),
    )


def _provenance(source: TableLike, fits: Fits, **chosen: Any) -> dict[str, object]:
    """Gather the file's hash, every option, the seed, time and versions, all as native types."""
    fitting = {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in fits.options.items()
    }
    file = None if isinstance(source, pd.DataFrame) else str(source)
    options = {"file": file, **chosen, **fitting}
    return provenance(options=options, seed=fitting["seed"], data=hash_of(source))


def _exclude(
    table: pd.DataFrame, screening: Screening | None, rules: tuple[Exclusion, ...]
) -> Excluded:
    if screening is not None:
        return exclude_participants(table, screening, rules)
    if rules:
        raise TableError(
            f"`exclude` needs one row per trial: {table.attrs['source']} has none, so that "
            f"'{rules[0]}' cannot be checked; leave `exclude` out"
        )
    return Excluded(table, pd.DataFrame(columns=["observer", "rule", "value", "n_trials"]))


def _test(
    fits: Fits,
    table: pd.DataFrame,
    within: Sequence[str],
    between: Sequence[str],
    options: Mapping[str, Any],
) -> tuple[dict[str, ConditionTests], list[str]]:
    """Test each measure; where that cannot be done, note why."""
    inner, outer = (
        [name for name in names if table[name].nunique() > 1] for names in (within, between)
    )
    if not inner and not outer:
        return {}, ["there is only one condition and one group, so that nothing can be compared"]
    tests, notes = {}, []
    for measure in measures_of(fits):
        try:
            tests[measure] = compare_conditions(
                fits, measure, within=inner, between=outer, **options
            )
        except ComparisonError as error:
            name = measure_name(measure)
            notes += [f"the {name} could not be tested: {fault}" for fault in error.faults]
    return tests, notes
