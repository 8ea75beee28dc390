"""Let every network answer: those that a folder has answers of are not asked again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from psychobench.plugins import Observer, StimulusSet, read_info, respond
from psychobench_torch.observers.designs import DESIGNS
from psychobench_torch.reproduction.answers import Answers, Store
from psychobench_torch.reproduction.paper import CONDITIONS, PRETRAININGS

# from network, object or face, and seeds
Maker = Callable[[str, str, Sequence[int]], Iterable[Observer]]
Tell = Callable[[str], None]
# minutes on two cores, generously: a training of one head, and of a VGG's convolutions, once
HEAD, CONVOLUTIONS = 1.5, 20.0


@dataclass(frozen=True, eq=False)
class Cell:
    """One network with one pre-training, and the trainings of it that are wanted.

    Attributes
    ----------
    observer, pretraining : str
        Which.
    stored : tuple of Answers
        What the folder has.
    missing : tuple of int
        Seeds of those that have still to answer.
    """

    observer: str
    pretraining: str
    stored: tuple[Answers, ...]
    missing: tuple[int, ...]

    @property
    def minutes(self) -> float:
        """A high guess at the time that it takes on two cores, from the bundled data."""
        convolutions = CONVOLUTIONS if self.observer.startswith("vgg") else 0.0
        return (HEAD * len(self.missing) + convolutions) if self.missing else 0.0


def plan(observers: Sequence[str], seeds: Sequence[int], store: Store) -> list[Cell]:
    """Find out who has still to answer.

    Parameters
    ----------
    observers : sequence of str
        The networks.
    seeds : sequence of int
        Of their trainings.
    store : Store
        The answers that are there.
    """
    cells = []
    for observer in observers:
        for pretraining in PRETRAININGS:
            found = {seed: store.read(observer, pretraining, seed) for seed in seeds}
            stored = tuple(each for each in found.values() if each is not None)
            missing = tuple(seed for seed, each in found.items() if each is None)
            cells.append(Cell(observer, pretraining, stored, missing))
    return cells


def tell_plan(cells: Sequence[Cell], tell: Tell, *, bundled: bool = True) -> None:
    """Say what there is to do, and about how long it takes."""
    wanted = sum(len(cell.stored) + len(cell.missing) for cell in cells)
    missing = sum(len(cell.missing) for cell in cells)
    names = ", ".join(dict.fromkeys(cell.observer for cell in cells))
    tell(f"{names}; 2 pre-trainings; {wanted} networks in all, {wanted - missing} have answered.")
    if not missing:
        return
    if bundled:
        most = sum(cell.minutes for cell in cells)
        tell(
            f"{missing} to train, or to take from the cache: up to about {most:.0f} minutes on two "
            "cores."
        )
    else:
        tell(
            f"{missing} to train on the data that you named: hours with a GPU, and without one "
            "days. What is trained is kept; the same command goes on where it was stopped."
        )


def ask(
    cells: Sequence[Cell], make: Maker, stimuli: StimulusSet, store: Store, tell: Tell
) -> list[Answers]:
    """Ask all who have not answered yet, and keep each one's answers at once.

    Parameters
    ----------
    cells : sequence of Cell
        As `plan` gives them.
    make : callable
        Makes observers from network, pre-training and seeds.
    stimuli : StimulusSet
        What they judge, whole and under each of the paper's masks.
    store : Store
        Where answers are kept.
    tell : callable
        Takes lines for the user.

    Returns
    -------
    list of Answers
        Of every network and training.
    """
    begun = time.monotonic()
    answered = {cell: list(cell.stored) for cell in cells}
    for number, cell in enumerate(sorted(cells, key=_features), start=1):
        if not cell.missing:
            continue
        tell(
            f"[{number}/{len(cells)}] {cell.observer}, {cell.pretraining}-based: "
            f"{len(cell.missing)} of {len(cell.missing) + len(cell.stored)} to answer "
            f"({(time.monotonic() - begun) / 60:.1f} minutes so far)"
        )
        made = make(cell.observer, cell.pretraining, cell.missing)
        for seed, observer in zip(cell.missing, made, strict=True):
            table = respond(observer, stimuli, CONDITIONS, observer_name=cell.observer)
            info = read_info(observer).to_dict()
            # a file that holds a whole network knows better than its name what that saw before
            info["pretraining"] = info["options"].get("pretraining") or info["pretraining"]
            one = Answers(cell.observer, cell.pretraining, seed, table, info)
            store.write(one)
            answered[cell].append(one)
    return [each for cell in cells for each in answered[cell]]


def _features(cell: Cell) -> tuple[str, str]:
    """Let networks on the same frozen features follow each other: those that fit are kept."""
    return DESIGNS[cell.observer].architecture, cell.pretraining
