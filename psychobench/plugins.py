"""What a plug-in package may use of psychobench: the names here, and nothing else of it.

They are few: the protocol of observers, faults, files, images, threads, commands,
`PhotographMapping`, which keeps maps of photographs, and `PaperExperiments`, which compares answers
with a paper. Whatever else the core computes, it
computes from answers, and no plug-in needs it. These names are kept stable between minor versions;
all other modules may be moved. They load what they need when they are first used, so that importing
a plug-in stays instant.
"""

# ruff: noqa: I001  # one block for each module reads better here

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psychobench.attention.photograph_maps import PhotographMapping as PhotographMapping
    from psychobench.cli.options import JSON as JSON, OVERWRITE as OVERWRITE
    from psychobench.draw.training import draw_training as draw_training
    from psychobench.errors import (
        ObserverError as ObserverError,
        OptionError as OptionError,
        PsychobenchError as PsychobenchError,
        ResourceError as ResourceError,
        TableError as TableError,
        all_of as all_of,
    )
    from psychobench.images import read_image as read_image
    from psychobench.messages import nearest as nearest
    from psychobench.observers.attention_protocol import AttentionMaps as AttentionMaps
    from psychobench.observers.protocol import Observer as Observer, ObserverInfo as ObserverInfo
    from psychobench.outputs import (
        check_output_folder as check_output_folder,
        output_folder as output_folder,
    )
    from psychobench.parallel import read_ahead as read_ahead
    from psychobench.reproduction.experiments import PaperExperiments as PaperExperiments
    from psychobench.reproduction.result import Reproduction as Reproduction
    from psychobench.resources import (
        sha256 as sha256,
        write_whole as write_whole,
    )
    from psychobench.stimuli.faces import (
        RENDERER_VERSION as RENDERER_VERSION,
        training_faces as training_faces,
    )
    from psychobench.tables.notebook import ShownAsTable as ShownAsTable
    from psychobench.tables.reading import read_cells as read_cells

# what it is for -> module -> names
_GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    "the observer protocol": {
        "psychobench.observers.attention_protocol": ("AttentionMaps",),
        "psychobench.observers.protocol": (
            "Observer",
            "ObserverInfo",
        ),
    },
    "faults that a user can mend": {
        "psychobench.errors": (
            "ObserverError",
            "OptionError",
            "PsychobenchError",
            "ResourceError",
            "TableError",
            "all_of",
        ),
    },
    "the name that was probably meant": {
        "psychobench.messages": ("nearest",),
    },
    "files and tables": {
        "psychobench.outputs": ("check_output_folder", "output_folder"),
        "psychobench.resources": (
            "sha256",
            "write_whole",
        ),
        "psychobench.tables.reading": ("read_cells",),
    },
    "images": {
        "psychobench.attention.photograph_maps": ("PhotographMapping",),
        "psychobench.images": ("read_image",),
        "psychobench.stimuli.faces": (
            "RENDERER_VERSION",
            "training_faces",
        ),
    },
    "work side by side": {
        "psychobench.parallel": ("read_ahead",),
    },
    "results, as people see them": {
        "psychobench.draw.training": ("draw_training",),
        "psychobench.tables.notebook": ("ShownAsTable",),
    },
    "a command": {
        "psychobench.cli.options": ("JSON", "OVERWRITE"),
    },
    "a paper's experiments": {
        "psychobench.reproduction.experiments": ("PaperExperiments",),
        "psychobench.reproduction.result": ("Reproduction",),
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
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
