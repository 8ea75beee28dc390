"""Model cards of the trained heads that come with the package; no torch here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from psychobench_torch.storage.store import plain

FOLDER = Path(__file__).parents[1] / "weights" / "heads"
_OF_THE_MACHINE = ("seed", "feature_dtype", "device", "renderer_version")


def heads_card(observer: str, pretraining: str) -> dict[str, Any] | None:
    """Read the model card of the heads that come with an observer; None where there are none.

    Parameters
    ----------
    observer : str
        Such as ``fe_alexnet``.
    pretraining : str
        Such as ``procedural-objects``.

    Examples
    --------
    >>> heads_card("fe_alexnet", "procedural-objects")["report"]["people"]
    '2,000 of seed 300, one face each'
    >>> heads_card("vgg16", "imagenet") is None
    True
    """
    return _card(FOLDER / f"{observer}-{pretraining}.json")


def shipped_seeds(observer: str, pretraining: str) -> tuple[int, ...]:
    """List the seeds of the heads that come with an observer.

    Examples
    --------
    >>> shipped_seeds("vgg16", "procedural-objects")
    ()
    """
    card = heads_card(observer, pretraining)
    return () if card is None else tuple(int(each["seed"]) for each in card["heads"])


def shipped_entry(determinants: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a model card says of the head that is asked for; None where none came with us.

    Parameters
    ----------
    determinants : mapping
        Of `psychobench_torch.heads.transfer.head_determinants`: all that was asked must be what
        the head was trained by, except on which machine.
    """
    asked = shared_determinants(determinants)
    for card in _cards():
        if card["determinants"] == asked:
            for entry in card["heads"]:
                if entry["seed"] == determinants["seed"]:
                    return dict(entry)
    return None


def shared_determinants(determinants: Mapping[str, Any]) -> dict[str, Any]:
    """Return what determines all heads of a card, whatever their seeds and the machine."""
    return plain({k: v for k, v in determinants.items() if k not in _OF_THE_MACHINE})


def _cards() -> Iterator[dict[str, Any]]:
    for path in sorted(FOLDER.glob("*.json")):
        if (card := _card(path)) is not None:
            yield card


@lru_cache(maxsize=32)
def _card(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    card: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return card
