"""The result of the conformance checks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from psychobench.errors import ObserverError
from psychobench.tables.notebook import ShownAsTable

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Check:
    """One check of the kit.

    Attributes
    ----------
    name : str
        Its name, as `psychobench.testing.CHECKS` has it.
    status : {"passed", "failed", "skipped"}
        How it ended.
    message : str
        What was found and expected, or why it was skipped; empty where it passed.
    """

    name: str
    status: Literal["passed", "failed", "skipped"]
    message: str = ""


@dataclass(frozen=True)
class ConformanceReport(ShownAsTable):
    """All checks of one observer.

    Attributes
    ----------
    observer : str
        Who was checked.
    checks : tuple of Check
        In the order in which they ran.

    Examples
    --------
    >>> report = ConformanceReport("o", (Check("shape", "passed"), Check("range", "failed", "2")))
    >>> report.passed, report.failed
    (False, ('range',))
    """

    observer: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the checks that failed."""
        return tuple(check.name for check in self.checks if check.status == "failed")

    def raise_if_failed(self) -> None:
        """Raise an error if a check failed.

        Raises
        ------
        ObserverError
            If a check failed, with one line for each.
        """
        if not self.passed:
            raise ObserverError(
                *(
                    f"an observer must pass every check: '{self.observer}' fails '{check.name}': "
                    f"{check.message}"
                    for check in self.checks
                    if check.status == "failed"
                )
            )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per check: `observer`, `check`, `status`, `message`."""
        import pandas as pd

        rows = [(self.observer, each.name, each.status, each.message) for each in self.checks]
        return pd.DataFrame(rows, columns=["observer", "check", "status", "message"])

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain types for JSON."""
        return {
            "observer": self.observer,
            "passed": self.passed,
            "checks": [asdict(check) for check in self.checks],
        }

    def __str__(self) -> str:
        width = max((len(check.name) for check in self.checks), default=0)
        lines = [
            f"{check.status:<8} {check.name:<{width}}  {check.message}".rstrip()
            for check in self.checks
        ]
        return "\n".join([f"Observer '{self.observer}'", *lines])
