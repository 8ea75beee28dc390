"""Analysis: people's trials looked over, fitted, described and tested in one call."""

from psychobench.analysis.result import Analysis
from psychobench.analysis.run import analyse

__all__ = ["Analysis", "analyse"]
