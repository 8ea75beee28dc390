"""What a plug-in package may use of psychobench: the names here, and nothing else of it.

Everything below is kept stable between minor versions; all other modules may be moved. The names
load what they need when they are first used, so that importing a plug-in stays instant.
"""

# ruff: noqa: I001  # one block for each module reads better here

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psychobench.arguments import parse_names as parse_names, parse_pairs as parse_pairs
    from psychobench.attention.mapped import MapRequest as MapRequest
    from psychobench.attention.measure import (
        NamedObserver as NamedObserver,
        measure_attention as measure_attention,
    )
    from psychobench.attention.regions import FaceRegions as FaceRegions, set_regions as set_regions
    from psychobench.attention.study import AttentionStudy as AttentionStudy
    from psychobench.cli.notes import typed as typed
    from psychobench.cli.options import JSON as JSON, OVERWRITE as OVERWRITE
    from psychobench.comparison import (
        CohortMeasures as CohortMeasures,
        Sample as Sample,
        compare_balanced as compare_balanced,
        compare_curves as compare_curves,
        compare_seeds as compare_seeds,
        compare_with as compare_with,
        match_cohorts as match_cohorts,
        seed_summary as seed_summary,
    )
    from psychobench.comparison.published import Published as Published, published as published
    from psychobench.draw.figures import save_figure as save_figure
    from psychobench.draw.panels import (
        Appearance as Appearance,
        Line as Line,
        CohortCurves as CohortCurves,
        draw_panel_grid as draw_panel_grid,
    )
    from psychobench.draw.training import Curve as Curve, draw_training as draw_training
    from psychobench.errors import (
        ObserverError as ObserverError,
        OptionError as OptionError,
        PsychobenchError as PsychobenchError,
        ResourceError as ResourceError,
        StimulusError as StimulusError,
        TableError as TableError,
        all_of as all_of,
    )
    from psychobench.fits.pse import Fits as Fits, fit as fit
    from psychobench.gaze.photographs import (
        find_images as find_images,
        image_sizes as image_sizes,
    )
    from psychobench.images import read_image as read_image
    from psychobench.messages import nearest as nearest
    from psychobench.observers.attention_protocol import AttentionMaps as AttentionMaps
    from psychobench.observers.base_rates import without_log_odds as without_log_odds
    from psychobench.observers.protocol import Observer as Observer, ObserverInfo as ObserverInfo
    from psychobench.observers.runner import respond as respond
    from psychobench.outputs import (
        check_output_folder as check_output_folder,
        output_folder as output_folder,
    )
    from psychobench.parallel import (
        read_ahead as read_ahead,
        thread_pool as thread_pool,
        usable_cores as usable_cores,
    )
    from psychobench.reports import words as words
    from psychobench.reports.page import (
        Page as Page,
        Section as Section,
        Text as Text,
        picture as picture,
        table_of as table_of,
    )
    from psychobench.reports.page_parts import made_section as made_section
    from psychobench.reports.provenance import provenance as provenance
    from psychobench.resources import (
        check_writable as check_writable,
        sha256 as sha256,
        write_whole as write_whole,
    )
    from psychobench.stimuli.faces import (
        RENDERER_VERSION as RENDERER_VERSION,
        training_faces as training_faces,
    )
    from psychobench.stimuli.sets import StimulusSet as StimulusSet, load_stimuli as load_stimuli
    from psychobench.tables.notebook import ShownAsTable as ShownAsTable
    from psychobench.tables.output import csv_bytes as csv_bytes, json_rows as json_rows
    from psychobench.tables.reading import read_cells as read_cells
    from psychobench.trials.cohort import Cohort as Cohort, load_cohort as load_cohort
    from psychobench.trials.table import count_responses as count_responses

# what it is for -> module -> names
_GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    "faults that a user can mend": {
        "psychobench.errors": (
            "ObserverError",
            "OptionError",
            "PsychobenchError",
            "ResourceError",
            "StimulusError",
            "TableError",
            "all_of",
        ),
    },
    "the name that was probably meant": {
        "psychobench.messages": ("nearest",),
    },
    "the observer protocol": {
        "psychobench.observers.attention_protocol": ("AttentionMaps",),
        "psychobench.observers.protocol": ("Observer", "ObserverInfo"),
    },
    "files": {
        "psychobench.images": ("read_image",),
        "psychobench.outputs": ("check_output_folder", "output_folder"),
        "psychobench.resources": (
            "check_writable",
            "sha256",
            "write_whole",
        ),
    },
    "tables": {
        "psychobench.tables.notebook": ("ShownAsTable",),
        "psychobench.tables.output": ("csv_bytes", "json_rows"),
        "psychobench.tables.reading": ("read_cells",),
    },
    "work side by side": {
        "psychobench.parallel": ("read_ahead", "thread_pool", "usable_cores"),
    },
    "rendered faces to train on": {
        "psychobench.stimuli.faces": ("RENDERER_VERSION", "training_faces"),
    },
    "the forms of arguments": {
        "psychobench.arguments": ("parse_names", "parse_pairs"),
    },
    "photographs": {
        "psychobench.gaze.photographs": ("find_images", "image_sizes"),
    },
    "the options of a command": {
        "psychobench.cli.notes": ("typed",),
        "psychobench.cli.options": ("JSON", "OVERWRITE"),
    },
    "a study: stimuli, people, answers": {
        "psychobench.observers.runner": ("respond",),
        "psychobench.stimuli.sets": ("StimulusSet", "load_stimuli"),
        "psychobench.trials.cohort": ("Cohort", "load_cohort"),
        "psychobench.trials.table": ("count_responses",),
    },
    "curves and comparisons": {
        "psychobench.comparison": (
            "CohortMeasures",
            "Sample",
            "compare_balanced",
            "compare_curves",
            "compare_seeds",
            "compare_with",
            "match_cohorts",
            "seed_summary",
        ),
        "psychobench.comparison.published": ("Published", "published"),
        "psychobench.fits.pse": ("Fits", "fit"),
        "psychobench.observers.base_rates": ("without_log_odds",),
    },
    "attention maps of a study": {
        "psychobench.attention.mapped": ("MapRequest",),
        "psychobench.attention.measure": ("NamedObserver", "measure_attention"),
        "psychobench.attention.study": ("AttentionStudy",),
        "psychobench.attention.regions": ("FaceRegions", "set_regions"),
    },
    "figures": {
        "psychobench.draw.figures": ("save_figure",),
        "psychobench.draw.panels": ("Appearance", "Line", "CohortCurves", "draw_panel_grid"),
        "psychobench.draw.training": ("Curve", "draw_training"),
    },
    "pages": {
        "psychobench.reports": ("words",),
        "psychobench.reports.page": ("Page", "Section", "Text", "picture", "table_of"),
        "psychobench.reports.page_parts": ("made_section",),
        "psychobench.reports.provenance": ("provenance",),
    },
}
_HOMES = {
    name: module
    for modules in _GROUPS.values()
    for module, names in modules.items()
    for name in names
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = importlib.import_module(_HOMES[name])
    # a module of that name is no attribute of its package before it is imported
    return getattr(home, name, None) or importlib.import_module(f"{_HOMES[name]}.{name}")


def __dir__() -> list[str]:
    return list(__all__)
