"""Train an observer's head, or the network that it stands on, on images of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psychobench.plugins import OptionError, output_folder
from psychobench_torch.computing.device import compute_device
from psychobench_torch.computing.processes import is_first, n_processes
from psychobench_torch.data.load import Selection, select
from psychobench_torch.storage.store import note
from psychobench_torch.training.folder import claim_folder, open_folder
from psychobench_torch.training.outcome import Outcome
from psychobench_torch.training.plan import PretrainingPlan, TransferPlan, make_plan
from psychobench_torch.training.result import TrainedWeights
from psychobench_torch.training.train_head import train_head
from psychobench_torch.training.train_network import train_network


def train(
    observer: str,
    out: Path | str,
    *,
    phase: str = "transfer",
    pretraining: str | None = None,
    data: str | Path | None = None,
    layout: str = "auto",
    validation: Path | str | None = None,
    happy_class: str | None = None,
    people: int | None = None,
    limit: int | None = None,
    data_seed: int = 0,
    skip_broken: bool = False,
    recipe: str = "quick",
    epochs: int | None = None,
    batch: int | None = None,
    learning_rate: float | None = None,
    optimizer: str | None = None,
    views: int | None = None,
    size: int | None = None,
    seed: int = 0,
    overwrite: bool = False,
) -> TrainedWeights | None:
    """Train an observer's head on labelled images, or pre-train its network.

    An interrupted training is continued by the same call; after a finished one, the same call
    trains nothing and returns the result.

    Parameters
    ----------
    observer : str
        A registered observer, or ``torchvision:NETWORK``.
    out : path
        Folder for weights, model card, log and curves; created if need be.
    phase : {"transfer", "pretraining"}
        ``transfer`` trains a head that tells sad from happy on frozen features; ``pretraining``
        the network that computes the features, from scratch.
    pretraining : str, optional
        What the frozen network was trained on: ``procedural-objects`` (the default),
        ``rendered-faces``, ``imagenet`` (the default for torchvision's networks), or a file of
        weights.
    data : str or path, optional
        What to train on: ``rendered-faces`` (the default for a head), ``procedural-objects``
        (pre-training only), a folder of images, or a CSV file with the columns path and label or
        valence.
    layout : str
        How that folder is laid out; recognised by default.
    validation : path, optional
        Other images to validate with, in the same layout; a part of `data` by default.
    happy_class : str, optional
        The class that counts as happy, where its name does not say so.
    people : int, optional
        How many people are drawn from VGGFace2; 1,000 by default.
    limit : int, optional
        How many images are drawn in all; by default all, and 28,765 and 2,999 of AffectNet.
    data_seed : int
        Of what is drawn from the data.
    skip_broken : bool
        Whether to leave out images that are missing or damaged.
    recipe : {"quick", "paper"}
        ``paper``: batch 32, learning rate 5e-5, 20 epochs (60 in pre-training).
    epochs, batch, learning_rate, optimizer : optional
        Changes to the recipe; the batch is that of all processes together.
    views : int, optional
        How many crops of each image are computed once and reused; 0 crops anew in every epoch.
    size : int, optional
        Width and height of the images in pre-training, in pixels.
    seed : int
        Of initial values, order, and the split where the data have none.
    overwrite : bool
        Whether to replace files in `out` that are not of this training, or were edited.

    Returns
    -------
    TrainedWeights or None
        None in all but the first of several processes that ``torchrun`` started.

    Raises
    ------
    OptionError
        If options contradict each other, or `out` holds another training.
    ResourceError
        If images are missing or broken, or a folder cannot be written.
    ObserverError
        If weights cannot be loaded, or the loss is not finite any more.

    References
    ----------
    Ying, H., Li, Y.-F. & Chen, Y. (2023). arXiv:2310.13674, section 2.1.4.
    """
    options = {
        name: value
        for name, value in locals().items()
        if name not in ("observer", "out", "overwrite")
    }
    folder = Path(out)
    card = _train(observer, folder, options, overwrite=overwrite)
    return TrainedWeights(observer, phase, folder, card) if card else None


def _train(
    observer: str, out: Path, options: dict[str, Any], *, overwrite: bool
) -> dict[str, Any] | None:
    """Return the model card of the training, which is done now unless it was done before."""
    plan = make_plan(observer, **options)
    if isinstance(plan, TransferPlan) and n_processes() > 1:
        raise OptionError(
            f'`phase="transfer"` must run in one process: torchrun started {n_processes()}, and '
            "each would train the same head; start one process for each seed, without torchrun"
        )
    determinants = plan.determinants()
    card = open_folder(out, determinants)
    if card is not None:
        if is_first():
            note(f"{out} already holds the result of this training; nothing was trained")
        return card if is_first() else None
    compute_device()  # reports a missing device before any data are read
    selection = None if plan.choice is None else select(plan.choice)
    if not is_first():  # of several processes of torchrun one writes and speaks
        _run(plan, selection, out)
        return None
    for text in selection.notes if selection else ():
        note(f"{text}.")
    with claim_folder(out, determinants):
        outcome = _run(plan, selection, out)
        with output_folder(out, kind="training", overwrite=overwrite) as folder:
            card = outcome.write(folder)
    outcome.tidy()
    return card


def _run(plan: TransferPlan | PretrainingPlan, selection: Selection | None, out: Path) -> Outcome:
    if isinstance(plan, TransferPlan):
        return train_head(plan, selection)
    return train_network(plan, selection, out)
