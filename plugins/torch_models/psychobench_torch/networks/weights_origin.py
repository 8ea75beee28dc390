"""What a network was pre-trained on: names, and files of one's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from psychobench.plugins import OptionError, ResourceError

NAMES = {
    "procedural-objects": "procedural objects",
    "rendered-faces": "the identities of rendered faces",
    "imagenet": "ImageNet photographs",
}
STANDS_FOR = {  # the paper's own words, object-based and face-based, only where they are true
    "procedural-objects": "a stand-in for object-based pre-training: drawings, not ImageNet",
    "rendered-faces": "a stand-in for face-based pre-training: rendered people, not VGGFace2",
    "imagenet": "object-based, as in Ying et al. (2023): ImageNet",
    "vggface2": "face-based, as in Ying et al. (2023): VGGFace2",
}
SUFFIXES = (".safetensors", ".pth", ".pt")


@dataclass(frozen=True)
class Pretraining:
    """A checked choice of weights: what `pretraining` of an observer names.

    Parameters
    ----------
    name : str
        One of `NAMES`, or the file's name.
    file : pathlib.Path, optional
        The user's own weights; None for a name.
    """

    name: str
    file: Path | None = None

    @property
    def origin(self) -> str:
        """What the network was trained on, in words."""
        return NAMES[self.name] if self.file is None else f"the file {self.file}"

    def shown(self, source: str | None) -> str:
        """Return what tables print: the name, or a file's own statement of its data and its name.

        Examples
        --------
        >>> Pretraining("mine.safetensors", Path("mine.safetensors")).shown("rendered-faces")
        'rendered-faces (mine.safetensors)'
        """
        return self.name if self.file is None or not source else f"{source} ({self.name})"


def choose_pretraining(choice: str) -> Pretraining:
    """Check the choice cheaply: a file must exist, it is not read.

    Parameters
    ----------
    choice : str
        One of `NAMES` or the path of a .safetensors, .pth or .pt file.

    Raises
    ------
    OptionError
        If it is neither a name nor like a path of such a file.
    ResourceError
        If there is no such file.

    Examples
    --------
    >>> choose_pretraining("imagenet").origin
    'ImageNet photographs'
    """
    if choice in NAMES:
        return Pretraining(choice)
    path = Path(choice).expanduser()
    if path.suffix.lower() not in SUFFIXES:
        raise OptionError(
            f"`pretraining` must be {', '.join(NAMES)} or a {', '.join(SUFFIXES)} file: "
            f"it is '{choice}'"
        )
    if not path.is_file():
        raise ResourceError(
            f"a file of pre-trained weights must exist: there is none at {path}; correct the path, "
            f"or take one of {', '.join(NAMES)}"
        )
    return Pretraining(path.name, path.resolve())


def stands_for(source: str | None) -> str:
    """Describe which kind of pre-training, in the paper's sense, a source of weights is.

    Parameters
    ----------
    source : str, optional
        A name of `NAMES`, or what a file of weights says about itself.

    Examples
    --------
    >>> stands_for("VGGFace2, 1,000 identities")
    'face-based, as in Ying et al. (2023): VGGFace2'
    >>> stands_for("Imagenette")
    'neither object- nor face-based as in Ying et al. (2023): Imagenette'
    >>> stands_for(None)
    'unknown: the file does not say what its weights were trained on'
    """
    first = re.split(r"[^\w-]", (source or "").lower())[0]
    name = first.removesuffix("1k").rstrip("-_")  # ImageNet-1k is what torchvision calls it
    if name in STANDS_FOR:
        return STANDS_FOR[name]
    if source:
        return f"neither object- nor face-based as in Ying et al. (2023): {source}"
    return "unknown: the file does not say what its weights were trained on"
