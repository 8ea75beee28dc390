"""The conformance kit: what an observer plug-in must keep to, checked without pytest or torch."""

from psychobench.testing.conformance import CHECKS, check_observer
from psychobench.testing.material import LabelledImages, References
from psychobench.testing.report import Check, ConformanceReport

__all__ = [
    "CHECKS",
    "Check",
    "ConformanceReport",
    "LabelledImages",
    "References",
    "check_observer",
]
