"""Collect the responses of all networks; those that a folder keeps are not collected again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from psychobench.plugins import Observer, PaperExperiments
from psychobench_torch.heads.shipped_cards import shipped_seeds
from psychobench_torch.observers.designs import DESIGNS
from psychobench_torch.reproduction.answers import Answers, Store

# from network, object or face, and seeds
Maker = Callable[[str, str, Sequence[int]], Iterable[Observer]]
# minutes on two cores, generously: a training of one head, the faces and their features for all of
# a cell, a VGG's convolutions, and an answer of a head that came with the package
HEAD, FACES, CONVOLUTIONS, SHIPPED = 1.5, 8.0, 20.0, 0.1
_log = logging.getLogger("psychobench")


@dataclass(frozen=True, eq=False)
class Cell:
    """One network with one pre-training, and those of its trainings that are wanted.

    Attributes
    ----------
    observer, pretraining : str
        Which.
    stored : tuple of Answers
        What the folder has.
    missing : tuple of int
        Seeds of those that have still to answer.
    shipped : tuple of int
        Seeds whose heads came with the package.
    """

    observer: str
    pretraining: str
    stored: tuple[Answers, ...]
    missing: tuple[int, ...]
    shipped: tuple[int, ...] = ()

    @property
    def minutes(self) -> float:
        """A high guess at the time that it takes on two cores, from the bundled data."""
        untrained = [seed for seed in self.missing if seed not in self.shipped]
        convolutions = CONVOLUTIONS if self.observer.startswith("vgg") else 0.0
        training = FACES + HEAD * len(untrained) + convolutions if untrained else 0.0
        return training + SHIPPED * (len(self.missing) - len(untrained))


def plan_cells(
    observers: Sequence[str],
    seeds: Sequence[int],
    store: Store,
    choices: Mapping[str, str] | None = None,
) -> list[Cell]:
    """List which trainings of which networks are still missing.

    Parameters
    ----------
    observers : sequence of str
        The networks.
    seeds : sequence of int
        Of their trainings.
    store : Store
        The answers that are kept.
    choices : mapping of str to str, optional
        From ``object`` and ``face`` to names of weights, where heads are the observers' own.
    """
    cells = []
    for observer in observers:
        for pretraining in PaperExperiments.pretrainings:
            found = {seed: store.read(observer, pretraining, seed) for seed in seeds}
            stored = tuple(each for each in found.values() if each is not None)
            missing = tuple(seed for seed, each in found.items() if each is None)
            shipped = shipped_seeds(observer, (choices or {}).get(pretraining, ""))
            cells.append(Cell(observer, pretraining, stored, missing, shipped))
    return cells


def report_plan(cells: Sequence[Cell], *, bundled: bool = True) -> None:
    """Log what there is to do, and about how long it takes."""
    wanted = sum(len(cell.stored) + len(cell.missing) for cell in cells)
    missing = sum(len(cell.missing) for cell in cells)
    names = ", ".join(dict.fromkeys(cell.observer for cell in cells))
    _log.info(
        f"{names}; 2 pre-trainings; {wanted} networks in all, {wanted - missing} have answered."
    )
    if not missing:
        return
    if bundled:
        most = sum(cell.minutes for cell in cells)
        _log.info(
            f"{missing} to train, or to take from the cache: up to about {most:.0f} minutes on two "
            "cores."
        )
    else:
        _log.info(
            f"{missing} to train on your own data: hours with a GPU, days without one. What is "
            "trained is kept; a run that was stopped is continued by the same call."
        )


def collect_responses(
    cells: Sequence[Cell], make: Maker, experiments: PaperExperiments, store: Store
) -> list[Answers]:
    """Collect the responses that are missing, and keep those of each network at once.

    Parameters
    ----------
    cells : sequence of Cell
        As `plan_cells` lists them.
    make : callable
        Makes observers from network, pre-training and seeds.
    experiments : PaperExperiments
        What they judge.
    store : Store
        Where answers are kept.

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
        _log.info(
            f"[{number}/{len(cells)}] {cell.observer}, {cell.pretraining}-based: "
            f"{len(cell.missing)} of {len(cell.missing) + len(cell.stored)} to answer "
            f"({(time.monotonic() - begun) / 60:.1f} minutes so far)"
        )
        result = make(cell.observer, cell.pretraining, cell.missing)
        for seed, observer in zip(cell.missing, result, strict=True):
            table = experiments.ask(observer, cell.observer)
            info = observer.info.to_dict()
            # a file that holds a whole network knows better than its name what that saw before
            info["pretraining"] = info["options"].get("pretraining") or info["pretraining"]
            one = Answers(cell.observer, cell.pretraining, seed, table, info)
            store.write(one)
            answered[cell].append(one)
    return [each for cell in cells for each in answered[cell]]


def _features(cell: Cell) -> tuple[str, str]:
    """Sort networks on the same frozen features together: the features are computed once."""
    return DESIGNS[cell.observer].architecture, cell.pretraining
