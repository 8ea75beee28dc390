"""Reports: what the pages of all results share, and the function that makes them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from psychobench.errors import OptionError
from psychobench.reports.page import Page

__all__ = ["HasReport", "Page", "report"]


@runtime_checkable
class HasReport(Protocol):
    """A result that can be reported as a page."""

    def report(self) -> Page:
        """Return the page."""
        ...


def report(result: HasReport) -> Page:
    """Report a result as one HTML page that loads nothing: figures, tables, sentences, hashes.

    Parameters
    ----------
    result : Analysis or Study
        The result of `psychobench.analyse` or of `psychobench.study`.

    Returns
    -------
    Page
        With ``.save(path)`` and ``.html()``; a notebook shows it.

    Raises
    ------
    OptionError
        If `result` has no report.

    Examples
    --------
    >>> import psychobench
    >>> page = report(psychobench.study("template", masks="none", seeds=1))
    >>> page.title, page.html()[:15]
    ('People and observers: simulated, rendered-average', '<!DOCTYPE html>')
    """
    if isinstance(result, HasReport) and not isinstance(result, type):
        return result.report()
    raise OptionError(
        f"`result` must be an analysis or a study: got a {type(result).__name__}; "
        "`psychobench.analyse()` and `psychobench.study()` return these"
    )
