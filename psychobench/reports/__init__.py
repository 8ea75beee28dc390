"""Reports: results to tables, sentences, figures and one page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psychobench.analysis import Analysis
from psychobench.errors import OptionError
from psychobench.reports.study import Study

__all__ = ["report"]


def report(result: Analysis | Study, *, made: Mapping[str, Any] | None = None) -> str:
    """Lay a result out as one HTML page that needs nothing else: figures, tables, words, hashes.

    Parameters
    ----------
    result : Analysis or Study
        What `psychobench.analyse` gave; or the study of networks and people behind the command
        ``compare``.
    made : mapping, optional
        What the page says of how the result was made, as the commands write it to
        ``provenance.json``; by default the time and the versions.

    Returns
    -------
    str
        The page, as an HTML document.

    Raises
    ------
    OptionError
        If `result` is something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import psychobench
    >>> counts = pd.DataFrame({"observer": "p1", "level": [0.0, 0.2, 0.4, 0.6, 0.8, 1.0],
    ...                        "n_trials": 30, "n_target": [1, 3, 10, 20, 27, 29]})
    >>> page = report(psychobench.analyse(counts))
    >>> page[:15], page.count("<img ")
    ('<!DOCTYPE html>', 2)
    """
    from psychobench.reports.analysis_page import analysis_page
    from psychobench.reports.provenance import provenance
    from psychobench.reports.study_page import study_page

    if isinstance(result, Analysis):
        return analysis_page(result, provenance() if made is None else made).html()
    if isinstance(result, Study):
        return study_page(result).html()
    raise OptionError(
        f"a report is made of an analysis or a study: got a {type(result).__name__}; "
        "analyse() gives an analysis"
    )
