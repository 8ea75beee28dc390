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
    "check_stimuli": "psychobench.stimuli.set_checks",
    "check_trials": "psychobench.trials.screening",
    "compare": "psychobench.comparison",
    "error_consistency": "psychobench.comparison",
    "compare_conditions": "psychobench.comparison.conditions.condition_tests",
    "fit": "psychobench.fits.pse",
    "import_trials": "psychobench.imports",
    "fit_population": "psychobench.fits.population.partial_pooling",
    "list_stimuli": "psychobench.stimuli",
    "list_observers": "psychobench.observers.registry",
    "load_cohort": "psychobench.trials.cohort",
    "load_observer": "psychobench.observers.registry",
    "load_stimuli": "psychobench.stimuli",
    "make_trials": "psychobench.observers.trial_list",
    "mask_stimuli": "psychobench.stimuli.masked_set",
    "morph_stimuli": "psychobench.stimuli.morphing.morphed_set",
    "render_stimuli": "psychobench.stimuli.rendering.rendered_set",
    "report": "psychobench.reports",
    "read_trials": "psychobench.trials.table",
    "respond": "psychobench.observers.runner",
}

__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'psychobench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
