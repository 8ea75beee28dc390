"""Manifests: the hash of every file of a set, so that damage and edits are noticed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from psychobench.errors import StimulusError
from psychobench.resources import sha256

MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What a set is and what it consists of.

    Attributes
    ----------
    name, title : str
        The set's name and what it shows, in human words.
    source, target : str
        The categories at the two ends of the continuum.
    rendered : bool
        Whether the images were drawn by a program, not photographed.
    spec_sha256 : str
        Hash of the spec that the set was made from.
    renderer : str
        Version of the renderer that made it, or lent it a face; empty where none did.
    files : dict of str to str
        SHA-256 of every other file by its path in the folder, with forward slashes.
    made_from : str
        What was morphed: ``photographs``, ``rendered faces`` or both; empty for a rendered set.
    version : str
        The psychobench that morphed it.
    sources : dict of str to str
        SHA-256 of the images and templates that were morphed, by their path beside the spec.
    masks : dict
        What each mask hides, where it lies and how large it is.
    matched : str
        What was made equal over the images, and within which region.
    notes : list of str
        What the makers of the set were told about it.
    """

    name: str
    title: str
    source: str
    target: str
    rendered: bool
    spec_sha256: str
    renderer: str
    files: dict[str, str] = field(default_factory=dict)
    made_from: str = ""
    version: str = ""
    sources: dict[str, str] = field(default_factory=dict)
    masks: dict[str, Any] = field(default_factory=dict)
    matched: str = ""
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        """Return it as JSON, the same for the same set, without empty keys of morphs."""
        optional = ("made_from", "version", "sources", "masks", "matched", "notes")
        values = {key: x for key, x in asdict(self).items() if x or key not in optional}
        return json.dumps(values, indent=1, allow_nan=False) + "\n"


def hash_files(folder: Path) -> dict[str, str]:
    """Hash every file below `folder` except the manifest, in the order of their paths."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in files
        if path.name != MANIFEST_FILE
    }


def read_manifest(folder: Path) -> Manifest | None:
    """Read a folder's manifest; None where there is none.

    Raises
    ------
    StimulusError
        If it is no manifest.
    """
    path = folder / MANIFEST_FILE
    try:
        manifest = Manifest(**json.loads(path.read_text(encoding="utf-8")))
        if not isinstance(manifest.files, dict):
            raise TypeError("files must be an object")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise StimulusError(
            f"{MANIFEST_FILE} must be as it was written: {path} cannot be read ({error}); "
            "make the set again, or delete that file if the images are your own"
        ) from None
    return manifest


def find_damage(manifest: Manifest, folder: Path, used: Iterable[str], *, remedy: str) -> list[str]:
    """Compare the files of a folder with the hashes in its manifest.

    Parameters
    ----------
    manifest : Manifest
        What should be there.
    folder : pathlib.Path
        What is.
    used : iterable of str
        The images and masks that are about to be used; each must be in the manifest.
    remedy : str
        What to do, the end of every line.

    Returns
    -------
    list of str
        One line per file that is missing, changed or not listed.
    """
    faults = []
    for name, expected in manifest.files.items():
        if not (folder / name).is_file():
            faults.append(
                f"every file in {MANIFEST_FILE} must be there: {folder / name} is not; {remedy}"
            )
        elif sha256(folder / name) != expected:
            faults.append(
                f"every file must be the one whose hash {MANIFEST_FILE} holds: {folder / name} has "
                f"changed since; {remedy}"
            )
    extra = [name for name in used if name not in manifest.files]
    faults += [
        f"every image and mask must be listed in {MANIFEST_FILE}: {folder / name} is not; {remedy}"
        for name in extra
    ]
    return faults
