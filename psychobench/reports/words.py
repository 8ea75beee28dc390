"""Headings and cohorts in words, as all pages and texts write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from psychobench.comparison import CohortMeasures, Sample
from psychobench.formatting import scale_of


def heading(*, simulated: bool, rendered: bool) -> str:
    """Return the heading of a result: what kind of evidence it is.

    Examples
    --------
    >>> heading(simulated=True, rendered=True)
    'DEMONSTRATION: the human cohort is simulated and the faces are rendered; no claim about people'
    """
    faces = " and the faces are rendered" if rendered else ""
    if simulated:
        return f"DEMONSTRATION: the human cohort is simulated{faces}; no claim about people"
    if rendered:
        return "People and observers compared; the observers' faces are rendered"
    return "People and observers compared"


def cohort_sentence(cohort: CohortMeasures, title: str, levels: Iterable[float] = ()) -> str:
    """Describe the PSEs and JNDs of a cohort; `levels` are those that the people judged."""
    text = (
        f"Cohort: {title}, condition '{cohort.condition}': {cohort.pse.n} with a PSE, "
        f"{_sample(cohort.pse, levels)}."
    )
    if cohort.left_out:
        text += f" Left out: {_counts(cohort.left_out)}."
    if cohort.jnd is None:
        return f"{text} JND: fewer than two people have one."
    text += f" JND: {cohort.jnd.n} people, {_sample(cohort.jnd, levels)}"
    more = {who: why for who, why in cohort.jnd_left_out.items() if who not in cohort.left_out}
    return f"{text}; left out: {_counts(more)}." if more else f"{text}."


def _sample(sample: Sample, levels: Iterable[float]) -> str:
    scale = scale_of([sample.sem], levels)
    mean, sem, sd = map(scale.text, (sample.mean, sample.sem, sample.sd))
    return f"mean {mean}, SEM {sem}, SD {sd}"


def _counts(left_out: Mapping[str, str]) -> str:
    counts = pd.Series(dict(left_out)).value_counts()
    return f"{len(left_out)} ({', '.join(f'{n} {status}' for status, n in counts.items())})"
