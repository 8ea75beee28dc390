"""psychobench: psychometric functions, PSEs and tests for people and models alike.

The public names load what they need when they are first used, so that importing the package
stays instant.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "analyse": "psychobench.analysis",
    "check_trials": "psychobench.responses.screening",
    "compare": "psychobench.comparison",
    "error_consistency": "psychobench.comparison",
    "compare_conditions": "psychobench.comparison.within",
    "fit": "psychobench.pse",
    "import_trials": "psychobench.imports",
    "fit_population": "psychobench.comparison.population",
    "list_stimuli": "psychobench.stimuli",
    "list_observers": "psychobench.responses.registry",
    "load_cohort": "psychobench.responses.cohort",
    "load_observer": "psychobench.responses.registry",
    "load_stimuli": "psychobench.stimuli",
    "make_trials": "psychobench.trials",
    "report": "psychobench.reports",
    "read_trials": "psychobench.responses.table",
    "respond": "psychobench.responses.runner",
}

__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'psychobench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
