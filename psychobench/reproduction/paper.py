"""What Ying, Li & Chen (2023) did: who judged what, which table holds which cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psychobench.errors import OptionError

NAME = "ying2023"
SOURCE = "Ying, Li & Chen (2023), arXiv:2310.13674"
CLASSICAL = ("alexnet", "vgg11", "vgg13", "vgg16")
NETWORKS = (*CLASSICAL, "fe_alexnet")
DEFAULT_OBSERVERS = ("alexnet", "fe_alexnet")
CONTROLS = ("alexnet_linear", "alexnet_fresh", "alexnet_ungated")
PRETRAININGS = ("object", "face")
MASKS = ("eyes", "nose", "mouth")
CONDITIONS = ("none", *MASKS)
SHOWN = {
    "alexnet": "AlexNet",
    "vgg11": "VGG11",
    "vgg13": "VGG13",
    "vgg16": "VGG16",
    "fe_alexnet": "FE-AlexNet",
    "alexnet_linear": "AlexNet, linear head",
    "alexnet_fresh": "AlexNet, fresh dense layers",
    "alexnet_ungated": "AlexNet, FE's head without its gate",
}


@dataclass(frozen=True)
class PaperTable:
    """One of the paper's tables: which cells it holds.

    Attributes
    ----------
    number : int
        In the paper.
    title : str
        What it shows.
    pretrainings, conditions : tuple of str
        Its cells: every network with each of these pre-trainings under each of these masks.
    """

    number: int
    title: str
    pretrainings: tuple[str, ...]
    conditions: tuple[str, ...]


TABLES = (
    PaperTable(1, "whole faces, both pre-trainings", PRETRAININGS, ("none",)),
    PaperTable(2, "masked faces, object-based pre-training", ("object",), MASKS),
    PaperTable(3, "masked faces, face-based pre-training", ("face",), MASKS),
)


def check_observers(names: Sequence[str]) -> None:
    """Check which networks are asked for.

    Parameters
    ----------
    names : sequence of str
        Some of `NETWORKS` or ``all``, and perhaps of `CONTROLS`; several may stand in one text,
        with commas.

    Raises
    ------
    OptionError
        If a name is none of these, or none of them is the paper's.
    """
    asked = _apart(names)
    if strange := sorted(asked - {*NETWORKS, *CONTROLS, "all"}):
        raise OptionError(
            *(
                f"`observers` must be networks of the paper or controls: '{name}' is not among "
                f"{', '.join((*NETWORKS, 'all', *CONTROLS))}; `psychobench.study()` takes any "
                "observer"
                for name in strange
            )
        )
    if not asked & {*NETWORKS, "all"}:
        raise OptionError(
            f"`observers` must include one of the paper's networks ({', '.join(NETWORKS)}): got "
            f"{', '.join(sorted(asked)) or 'none'}; add alexnet, and include all controls with "
            "`controls`"
        )


def order_observers(names: Sequence[str], *, controls: bool = False) -> tuple[str, ...]:
    """Return the networks that are asked for in the paper's order, then `CONTROLS`.

    Names that `check_observers` refuses are left out.

    Examples
    --------
    >>> order_observers(["fe_alexnet,alexnet"])
    ('alexnet', 'fe_alexnet')
    """
    asked = _apart(names)
    return tuple(
        name
        for name in (*NETWORKS, *CONTROLS)
        if name in asked or ("all" in asked and name in NETWORKS) or (controls and name in CONTROLS)
    )


def _apart(names: Sequence[str]) -> set[str]:
    return {name.strip() for text in names for name in text.split(",")}


def check_paper(name: str) -> None:
    """Check that a paper's experiments can be run again.

    Raises
    ------
    OptionError
        If they cannot.
    """
    if name != NAME:
        raise OptionError(f"the paper must be {NAME}: got '{name}'")
