"""What networks were pre-trained on where the paper says 'object' and 'face'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Infos = Mapping[str, Mapping[str, Any]]
UNKNOWN = "not known"  # what a network does not say of itself
PAPERS_OWN = {"object": "ImageNet", "face": "VGGFace2"}


def pretrained_on(info: Mapping[str, Any], role: str) -> str:
    """Return what a network was pre-trained on; the departures say on how much of it.

    Parameters
    ----------
    info : Mapping
        What the network says of itself.
    role : {"object", "face"}
        What its weights stand for.
    """
    own = str(info["options"].get("stands_for", "")).startswith(f"{role}-based, as in")
    return PAPERS_OWN[role] if own else str(info["pretraining"])


def all_pretrained_on(infos: Infos, role: str) -> str:
    """Return what all networks of a role (``object`` or ``face``) were pre-trained on."""
    mine = (pretrained_on(info, role) for name, info in infos.items() if name.endswith(f", {role}"))
    return ", ".join(dict.fromkeys(mine))


def pretraining_lines(infos: Infos) -> list[str]:
    """Explain 'object' and 'face' where they do not mean what they mean in the paper."""
    seen = {role: all_pretrained_on(infos, role) for role in PAPERS_OWN}
    return [
        f"'{role}' means {here} here, and {PAPERS_OWN[role]} in the paper."
        for role, here in seen.items()
        if here not in ("", PAPERS_OWN[role])
    ]
