"""What stands behind the paper's words 'object' and 'face' in a reproduction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Infos = Mapping[str, Mapping[str, Any]]
PAPERS_OWN = {"object": "ImageNet", "face": "VGGFace2"}


def saw(info: Mapping[str, Any], role: str) -> str:
    """Name what a network's weights saw; how much of it, the departures say.

    Parameters
    ----------
    info : Mapping
        What the network says of itself.
    role : {"object", "face"}
        What its weights stand for.
    """
    own = str(info["options"].get("stands_for", "")).startswith(f"{role}-based, as in")
    return PAPERS_OWN[role] if own else str(info["pretraining"])


def seen_by(infos: Infos, role: str) -> str:
    """Name what all networks of a role saw; `infos` stand under ``alexnet, object`` and so on."""
    mine = (saw(info, role) for name, info in infos.items() if name.endswith(f", {role}"))
    return ", ".join(dict.fromkeys(mine))


def seen_lines(infos: Infos) -> list[str]:
    """Say what the paper's words mean here, where they do not mean what they do in the paper."""
    seen = {role: seen_by(infos, role) for role in PAPERS_OWN}
    return [
        f"'{role}' means {here} here, and {PAPERS_OWN[role]} in the paper."
        for role, here in seen.items()
        if here not in ("", PAPERS_OWN[role])
    ]
