"""What a network's convolutions saw before they met faces: names, and files of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from psychobench.errors import OptionError, ResourceError

NAMES = {
    "procedural-objects": "procedural objects (bundled weights)",
    "imagenet": "ImageNet photographs (torchvision's weights)",
}
SUFFIXES = (".safetensors", ".pth", ".pt")


@dataclass(frozen=True)
class Pretraining:
    """A checked choice of ``--pretraining``.

    Parameters
    ----------
    name : str
        What tables print: one of `NAMES`, or the file's name.
    file : pathlib.Path, optional
        The user's own weights; None for a name.
    """

    name: str
    file: Path | None = None

    @property
    def origin(self) -> str:
        """Say in words what the convolutions were trained on."""
        return NAMES[self.name] if self.file is None else f"the file {self.file}"


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
    "ImageNet photographs (torchvision's weights)"
    """
    if choice in NAMES:
        return Pretraining(choice)
    path = Path(choice).expanduser()
    if path.suffix.lower() not in SUFFIXES:
        raise OptionError(
            f"pretraining must be {', '.join(NAMES)} or a {', '.join(SUFFIXES)} file: "
            f"it is '{choice}'"
        )
    if not path.is_file():
        raise ResourceError(f"a file of pre-trained weights must exist: there is none at {path}")
    return Pretraining(path.name, path.resolve())
