"""Reports: what the pages of analyses and studies share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psychobench.errors import OptionError

if TYPE_CHECKING:
    from psychobench.reports.page import Page

__all__ = ["report"]


def report(result: Any) -> Page:
    """Return the report of a result: one page that needs nothing else, with figures and tables.

    Parameters
    ----------
    result : Analysis or Study
        What `psychobench.analyse` or `psychobench.study` returned.

    Returns
    -------
    Page
        ``save(path)`` writes it as an HTML file.

    Raises
    ------
    OptionError
        If `result` has no report.

    Examples
    --------
    >>> import pandas as pd
    >>> import psychobench
    >>> counts = pd.DataFrame({"observer": "p1", "level": [0.0, 0.2, 0.4, 0.6, 0.8, 1.0],
    ...                        "n_trials": 30, "n_target": [1, 3, 10, 20, 27, 29]})
    >>> page = report(psychobench.analyse(counts, gof=0)).html()
    >>> page[:15], page.count("<img ")
    ('<!DOCTYPE html>', 2)
    """
    make = getattr(result, "report", None)
    if make is None:
        raise OptionError(
            f"a report is made of an analysis or a study: got a {type(result).__name__}; "
            "`psychobench.analyse()` returns an analysis"
        )
    page: Page = make()
    return page
