"""What Ying, Li & Chen (2023) did: who judged what, which table holds which cell."""

from __future__ import annotations

from dataclasses import dataclass

from psychobench.errors import OptionError

NAME = "ying2023"
SOURCE = "Ying, Li & Chen (2023), arXiv:2310.13674"
CLASSICAL = ("alexnet", "vgg11", "vgg13", "vgg16")
NETWORKS = (*CLASSICAL, "fe_alexnet")
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


def choose_observers(names: tuple[str, ...], *, controls: bool = False) -> tuple[str, ...]:
    """Check which networks are asked for, and put them in the paper's order.

    Parameters
    ----------
    names : tuple of str
        Some of `NETWORKS`, or ``all``; several may stand in one text, with commas.
    controls : bool
        Whether `CONTROLS` are asked too.

    Raises
    ------
    OptionError
        If a name is none of the paper's networks.

    Examples
    --------
    >>> choose_observers(("fe_alexnet,alexnet",))
    ('alexnet', 'fe_alexnet')
    """
    asked = {name.strip() for text in names for name in text.split(",")}
    if strange := sorted(asked - {*NETWORKS, *CONTROLS, "all"}):
        raise OptionError(
            *(
                f"an observer must be one of the paper's networks: '{name}' is not among "
                f"{', '.join(NETWORKS)}, all; psychobench compare takes any observer"
                for name in strange
            )
        )
    return tuple(
        name
        for name in (*NETWORKS, *CONTROLS)
        if name in asked or ("all" in asked and name in NETWORKS) or (controls and name in CONTROLS)
    )


def check_paper(name: str) -> None:
    """Check that a paper's experiments can be run again.

    Raises
    ------
    OptionError
        If they cannot.
    """
    if name != NAME:
        raise OptionError(f"the paper must be {NAME}: got '{name}'")
