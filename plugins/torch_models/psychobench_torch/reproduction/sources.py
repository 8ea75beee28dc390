"""Where networks and their training images come from: the bundled ones, or the user's own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psychobench.plugins import (
    Observer,
    OptionError,
    ResourceError,
    all_of,
    sha256,
)
from psychobench_torch.heads.recipe import (
    PAPER_TRANSFER,
    TransferRecipe,
)
from psychobench_torch.heads.recipe import (
    RECIPE_VERSION as TRANSFER_VERSION,
)
from psychobench_torch.networks.weights_origin import choose_pretraining
from psychobench_torch.observers.designs import DESIGNS
from psychobench_torch.observers.registered import SeededObserver, holds_head, make_observer
from psychobench_torch.pretraining.recipe import (
    PAPER_PRETRAINING,
    PretrainingRecipe,
)
from psychobench_torch.pretraining.recipe import (
    RECIPE_VERSION as PRETRAINING_VERSION,
)
from psychobench_torch.storage.store import csv_bytes

if TYPE_CHECKING:
    from psychobench_torch.data.labelled import LabelledImages
    from psychobench_torch.data.layouts import DataChoice
    from psychobench_torch.data.load import Selection

RECIPES = {"transfer recipe": TRANSFER_VERSION, "pre-training recipe": PRETRAINING_VERSION}

FACES = "rendered-faces"  # what stands for face-based pre-training where nothing else is named
NETWORKS = "networks"  # the folder in `out` with what is trained on the user's own images
AFFECTNET = ("affectnet", "affectnet-npy")  # layouts
IMAGE_SIZE = 256  # px: views of 224 px are cropped from these


@dataclass(frozen=True)
class Images:
    """The user's own images, their lists read and checked, themselves not opened.

    Attributes
    ----------
    choice : DataChoice
        What was asked for.
    selection : Selection
        What is there.
    """

    choice: DataChoice
    selection: Selection

    def load(self, size: int) -> LabelledImages:
        """Decode the images, or map them from the cache."""
        from psychobench_torch.data.load import open_selection

        return open_selection(self.selection, self.choice, size, None, progress=True)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, drawn or decided."""
        return self.selection.notes

    @property
    def sha256(self) -> str:
        """Of files and labels."""
        return hashlib.sha256(csv_bytes(self.selection.table)).hexdigest()


@dataclass(frozen=True)
class Sources:
    """What networks are made from, checked but not loaded.

    Attributes
    ----------
    choices : mapping of str to str
        From ``object`` and ``face`` to the names or files of weights.
    valence : Images or None
        The user's AffectNet, for heads.
    people : Images or None
        The user's VGGFace2, for face-based convolutions.
    folder : pathlib.Path or None
        Where is kept what these train.
    transfer, pretraining : TransferRecipe, PretrainingRecipe
        By which they are trained: the paper's.
    """

    choices: Mapping[str, str]
    valence: Images | None = None
    people: Images | None = None
    folder: Path | None = None
    transfer: TransferRecipe = field(default_factory=lambda: PAPER_TRANSFER)
    pretraining: PretrainingRecipe = field(default_factory=lambda: PAPER_PRETRAINING)

    @property
    def bundled(self) -> bool:
        """Whether all training images are rendered here."""
        return self.valence is None and self.people is None

    @property
    def settings(self) -> dict[str, Any]:
        """What answers, and the networks that are kept beside them, depend on; plain values."""
        own = {"AffectNet": self.valence, "VGGFace2": self.people}
        return {
            **{f"{name}-based pre-training": _of(choice) for name, choice in self.choices.items()},
            **{name: images and images.sha256 for name, images in own.items()},
            # of bundled images no network is kept here: answers of other versions are asked again
            **({} if self.bundled else RECIPES),
        }

    @property
    def notes(self) -> list[str]:
        """What was left out of the user's images, drawn or decided."""
        return [note for own in (self.valence, self.people) if own for note in own.notes]

    def make(self, observer: str, pretraining: str, seeds: Sequence[int]) -> Iterator[Observer]:
        """Make an observer for each seed; what has to be trained is trained.

        Parameters
        ----------
        observer, pretraining : str
            Network, and ``object`` or ``face``.
        seeds : sequence of int
            Rising.
        """
        choice = self.choices[pretraining]
        if pretraining == "face" and self.people is not None:
            choice = str(self._pretrained(DESIGNS[observer].architecture))
        if self.valence is None:
            for first, last in runs(seeds):
                one = make_observer(DESIGNS[observer], choice, first)
                assert isinstance(one, SeededObserver)  # a file with a head is refused before
                yield from one.replicates(last - first + 1)
        else:
            for file in self._trained(observer, pretraining, choice, seeds):
                yield make_observer(DESIGNS[observer], str(file))

    def _trained(
        self, observer: str, pretraining: str, choice: str, seeds: Sequence[int]
    ) -> list[Path]:
        """Train the heads that are not there yet on the user's faces, all in one go."""
        from psychobench_torch.extractors.convolutions import load_extractor
        from psychobench_torch.heads.transfer import head_determinants, train_heads
        from psychobench_torch.heads.weights_file import save_observer

        files = {seed: self._file(f"{observer}-{pretraining}-seed{seed}") for seed in seeds}
        missing = [seed for seed in seeds if not files[seed].is_file()]
        if missing:
            design = DESIGNS[observer]
            extractor = load_extractor(
                design.architecture, choose_pretraining(choice), dense=design.wants_dense
            )
            data = self._faces
            fresh = design.fresh_dense

            heads = train_heads(
                extractor, design.head, self.transfer, missing, data, fresh_dense=fresh
            )
            for trained in heads:
                record = head_determinants(
                    extractor, design.head, self.transfer, trained.seed, data, fresh_dense=fresh
                )
                del record["backbone"]  # whose name the file has anyway
                record["n_epochs"] = record["epochs"]  # where the file has its log
                save_observer(
                    files[trained.seed], observer, extractor, trained, data=data.origin, **record
                )
        return list(files.values())

    @cached_property
    def _faces(self) -> LabelledImages:
        """Load the user's faces once: features of the very same images are computed once."""
        assert self.valence is not None
        return self.valence.load(IMAGE_SIZE)

    def _pretrained(self, architecture: str) -> Path:
        """Pre-train convolutions on the user's people, unless that is done."""
        from psychobench_torch.pretraining import pretrain, save_weights
        from psychobench_torch.storage.checkpoints import remove_checkpoint

        file = self._file(f"{architecture}-vggface2")
        if not file.is_file() and self.people is not None:
            recipe = replace(self.pretraining, architecture=architecture)
            data = self.people.load(recipe.image_size)
            checkpoints = file.with_suffix("")
            pretrained = pretrain(recipe, data, folder=checkpoints)
            source = describe_faces(len(data.classes), pretrained.n_train, len(pretrained.epochs))
            save_weights(pretrained, file, {"source": source})
            remove_checkpoint(checkpoints)
        return file

    def _file(self, name: str) -> Path:
        assert self.folder is not None
        return self.folder / NETWORKS / f"{name}.safetensors"


def check_sources(
    object_pretraining: str,
    face_pretraining: str | None,
    affectnet: Path | None,
    vggface2: Path | None,
    *,
    observers: Sequence[str],
    folder: Path | None,
) -> Sources:
    """Check what networks are to be made from; nothing is trained.

    Parameters
    ----------
    object_pretraining, face_pretraining, affectnet, vggface2
        As `psychobench_torch.reproduce` takes them.
    observers : sequence of str
        Whose networks weights must fit.
    folder : pathlib.Path or None
        Where results are kept.

    Raises
    ------
    PsychobenchError
        With one line for each fault.
    """
    choices = {"object": object_pretraining, "face": face_pretraining or FACES}
    named = [choice for role, choice in choices.items() if role == "object" or vggface2 is None]

    def images(path: Path | None, *how: Any) -> Images | None:
        return None if path is None else _images(path, *how)

    *_, valence, people = all_of(
        lambda: _check_together(face_pretraining, affectnet, vggface2, folder),
        *(lambda choice=choice: _check_weights(choice, observers) for choice in named),
        lambda: images(affectnet, "valence", AFFECTNET, "affectnet"),
        lambda: images(vggface2, "classes", ("vggface2",), "vggface2"),
    )
    return Sources(choices, valence, people, folder)


def _check_together(
    face_pretraining: str | None, affectnet: Path | None, vggface2: Path | None, folder: Path | None
) -> None:
    """Refuse options that contradict or need each other."""
    faults = []
    if vggface2 is not None and face_pretraining is not None:
        faults.append(
            "face-based pre-training must have one source: `vggface2` and `face_pretraining` are "
            "both given; leave one out"
        )
    if folder is None and (affectnet or vggface2):
        faults.append(
            "what is trained on your own images must be kept: `affectnet` and `vggface2` need "
            "a folder `out`"
        )
    if faults:
        raise OptionError(*faults)


def describe_faces(identities: int, images: int, epochs: int) -> str:
    """Describe a training on VGGFace2 in the words in which departures name the paper's own.

    Examples
    --------
    >>> describe_faces(1000, 291502, 60)
    'VGGFace2, 1,000 identities, 291,502 images to train on, 60 epochs'
    """
    return f"VGGFace2, {identities:,} identities, {images:,} images to train on, {epochs:,} epochs"


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return first and last of each run of whole numbers.

    Examples
    --------
    >>> runs([0, 1, 4])
    [(0, 1), (4, 4)]
    """
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _check_weights(choice: str, observers: Sequence[str]) -> None:
    """Load the user's weights once, and torchvision's: that they fit is known before training."""
    chosen = choose_pretraining(choice)
    if chosen.file is None and choice != "imagenet":
        return
    if chosen.file is not None and holds_head(chosen.file):
        raise OptionError(
            f"pre-trained weights must come without a head: {chosen.file} holds a trained head; "
            "compare it with `psychobench.study()`"
        )
    from psychobench_torch.extractors.convolutions import load_extractor

    for architecture in dict.fromkeys(DESIGNS[name].architecture for name in observers):
        load_extractor(architecture, chosen)


def _images(path: Path, task: str, layouts: Sequence[str], option: str) -> Images:
    """Read a data set's lists with the readers of the layouts that it may have."""
    from psychobench_torch.data.layouts import DataChoice, recognise
    from psychobench_torch.data.load import select

    layout = recognise(path.expanduser().absolute())
    if layout not in layouts:
        raise ResourceError(
            f"`{option}` must be a folder with the layout {' or '.join(layouts)}: {path} looks "
            f"like {layout}; train on that with `train()`"
        )
    choice = DataChoice(path, task=task, layout=layout)
    return Images(choice, select(choice))


def _of(choice: str) -> str:
    """Return the name of the weights; the hash of a file."""
    file = choose_pretraining(choice).file
    return choice if file is None else sha256(file)
