"""Analysis: people's trials checked, fitted, described and tested in one call."""

from psychobench.analysis.data import AnalysisData
from psychobench.analysis.result import Analysis
from psychobench.analysis.run import analyse

__all__ = ["Analysis", "AnalysisData", "analyse"]
