"""Conformance checks: whether an observer keeps the protocol; needs neither pytest nor torch."""

from psychobench.testing.conformance import CHECKS, check_observer
from psychobench.testing.probe_images import LabelledImages, References
from psychobench.testing.report import Check, ConformanceReport

__all__ = [
    "CHECKS",
    "Check",
    "ConformanceReport",
    "LabelledImages",
    "References",
    "check_observer",
]
