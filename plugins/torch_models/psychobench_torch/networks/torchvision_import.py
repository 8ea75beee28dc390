"""Import torchvision, also where its compiled operators do not fit the installed torch.

A CUDA build of torchvision beside a CPU build of torch cannot load its compiled operators, and then
fails on import: it registers shapes for ``nms`` and ``qnms``, which nobody has declared. Networks,
weights and transforms need neither, so declaring the two schemas is enough.
"""

from __future__ import annotations

import importlib
from types import ModuleType

import torch

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_libraries: list[torch.library.Library] = []  # a schema lives as long as its library object


def import_torchvision() -> ModuleType:
    """Import torchvision, declaring the operators it lacks only where it lacks them.

    Returns
    -------
    module
        ``torchvision``.

    Raises
    ------
    RuntimeError
        Whatever else torchvision raises on import.

    Examples
    --------
    >>> import_torchvision().__name__
    'torchvision'
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms does not exist" not in str(error):
            raise
    declare_schemas()
    return importlib.import_module("torchvision")


def declare_schemas() -> None:
    """Declare the schemas of torchvision's operators that torchvision itself needs on import."""
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for schema in SCHEMAS:
        library.define(schema)  # type: ignore[no-untyped-call]
    _libraries.append(library)
