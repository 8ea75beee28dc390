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
    "compare_conditions": "psychobench.comparison.conditions.condition_tests",
    "compare_maps": "psychobench.gaze",
    "compare_models": "psychobench.fits.models.comparison",
    "confusion_matrices": "psychobench.comparison.agreement.confusions",
    "consistency_ceiling": "psychobench.comparison.agreement.consistency_ceiling",
    "consistency_difference": "psychobench.comparison.agreement.consistency_difference",
    "consistency_trials": "psychobench.comparison.agreement.needed_trials",
    "curve_distance": "psychobench.comparison",
    "demo": "psychobench.analysis.demo",
    "error_consistency": "psychobench.comparison.agreement.error_consistency",
    "export_trials": "psychobench.exports",
    "find_landmarks": "psychobench.stimuli.landmarks.finding",
    "fit": "psychobench.fits.pse",
    "fit_population": "psychobench.fits.population.partial_pooling",
    "import_trials": "psychobench.imports",
    "list_cohorts": "psychobench.trials.cohort",
    "list_observers": "psychobench.observers.registry",
    "list_stimuli": "psychobench.stimuli",
    "load_cohort": "psychobench.trials.cohort",
    "load_observer": "psychobench.observers.registry",
    "load_stimuli": "psychobench.stimuli",
    "make_trials": "psychobench.observers.trial_list",
    "map_attention": "psychobench.attention.mapping",
    "mask_stimuli": "psychobench.stimuli.masked_set",
    "morph_stimuli": "psychobench.stimuli.morphing.morphed_set",
    "published": "psychobench.comparison.published",
    "read_plan": "psychobench.plans",
    "read_trials": "psychobench.trials.table",
    "recover_observers": "psychobench.comparison.agreement.recovery",
    "render_stimuli": "psychobench.stimuli.rendering.rendered_set",
    "report": "psychobench.reports",
    "respond": "psychobench.observers.runner",
    "shape_bias": "psychobench.comparison.agreement.shape_bias",
    "simulate_cohort": "psychobench.fits.cohort_simulation",
    "study": "psychobench.studies.run",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'psychobench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
