"""`psychobench train`: train an observer, or pre-train its network, on images of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from psychobench.plugins import JSON, OptionError
from psychobench_torch.cli.options import data_options, recipe_options

if TYPE_CHECKING:
    from psychobench_torch.data.load import Selection
    from psychobench_torch.training.outcome import Outcome
    from psychobench_torch.training.plan import PretrainingPlan, TransferPlan


@click.command()
@click.argument("observer", metavar="OBSERVER")
@click.option(
    "--phase",
    type=click.Choice(["transfer", "pretraining"]),
    default="transfer",
    show_default=True,
    help="transfer: a head that tells sad from happy, on frozen features. pretraining: the network "
    "that gives the features, from scratch.",
)
@click.option(
    "--pretraining",
    metavar="NAME|FILE",
    help="What the frozen network saw: procedural-objects (the default), rendered-faces, imagenet "
    "(the default for torchvision:NAME), or a file of weights.",
)
@data_options
@recipe_options
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Of initial values, order, and the split where the data have none.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Write weights, model card, log and curves here.",
)
@JSON
def train(observer: str, out: Path, as_json: bool, **options: Any) -> None:
    """Train OBSERVER on labelled photographs, or pre-train its network.

    The weights are used with `psychobench compare --observer OBSERVER --pretraining FILE`. An
    interrupted training goes on when the same command is given again. Without --data, the faces
    are rendered.
    """
    import json

    from psychobench_torch.training.report import as_text, summary

    if card := _trained(observer, out, options):
        result = summary(card, observer, options["phase"], out)
        click.echo(json.dumps(result, indent=2, allow_nan=False) if as_json else as_text(result))


def _trained(observer: str, out: Path, options: dict[str, Any]) -> dict[str, Any] | None:
    """Give the model card of the training, which is done now unless it is done already."""
    from psychobench.plugins import staged_folder
    from psychobench_torch.computing.device import compute_device
    from psychobench_torch.computing.processes import is_first, n_processes
    from psychobench_torch.data.load import select
    from psychobench_torch.training.folder import open_folder, taken
    from psychobench_torch.training.plan import make_plan

    plan = make_plan(observer, **options)
    if options["phase"] == "transfer" and n_processes() > 1:
        raise OptionError(
            f"--phase transfer must run in one process: torchrun started {n_processes()}, and each "
            "would train the same head; run the command without torchrun, one for each seed"
        )
    determinants = plan.determinants()
    card = open_folder(out, determinants)
    if card is not None:
        if not is_first():
            return None
        click.echo(f"Already trained: {out} holds the result of this very command.", err=True)
        return card
    compute_device()  # one that is asked for and absent is told before any data are read
    selection = None if plan.choice is None else select(plan.choice)
    if not is_first():  # of several processes of torchrun one writes and speaks
        _outcome(plan, selection, out)
        return None
    for note in selection.notes if selection else ():
        click.echo(f"Note: {note}.", err=True)
    with taken(out, determinants):
        outcome = _outcome(plan, selection, out)
        with staged_folder(out) as folder:
            card = outcome.write(folder)
    outcome.tidy()
    return card


def _outcome(
    plan: TransferPlan | PretrainingPlan, selection: Selection | None, out: Path
) -> Outcome:
    """Train as planned; torch loads here."""
    from psychobench_torch.training.plan import TransferPlan

    if isinstance(plan, TransferPlan):
        from psychobench_torch.training.train_head import train_observer

        return train_observer(plan, selection)
    from psychobench_torch.training.train_network import train_network

    return train_network(plan, selection, out)
