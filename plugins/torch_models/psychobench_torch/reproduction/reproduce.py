"""Run a paper's experiments again: check, train, collect responses, and have them compared."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from psychobench.plugins import Reproduction
from psychobench_torch.networks.weights_origin import NAMES
from psychobench_torch.reproduction import DEFAULT_OBSERVERS
from psychobench_torch.reproduction.answers import Answers, Store, combine_answers
from psychobench_torch.reproduction.prepare import Options, Prepared, prepare
from psychobench_torch.reproduction.responses import (
    Maker,
    collect_responses,
    plan_cells,
    report_plan,
)
from psychobench_torch.reproduction.sources import RECIPES
from psychobench_torch.storage.store import note
from psychobench_torch.version import __version__

ANSWERS = "answers"  # the folder in `out` that they are kept in
_log = logging.getLogger("psychobench")


def reproduce(
    paper: str = "ying2023",
    *,
    observers: str | Sequence[str] = DEFAULT_OBSERVERS,
    controls: bool = False,
    stimuli: str = "rendered-average",
    humans: str = "simulated",
    columns: Any = (),
    where: Any = (),
    affectnet: Path | str | None = None,
    vggface2: Path | str | None = None,
    object_pretraining: str = "procedural-objects",
    face_pretraining: str | None = None,
    seeds: int = 5,
    seed: int = 0,
    out: Path | str | None = None,
) -> Reproduction:
    """Run experiments 1 to 3 of Ying, Li & Chen (2023) [1]_ again.

    By default the faces are rendered, the people simulated, and the networks trained on rendered
    images: such a run demonstrates the method and says nothing about people. What is done in
    another way than in the paper is in `departures` of the result.

    Parameters
    ----------
    paper : str
        ``ying2023``.
    observers : str or sequence of str
        Some of the paper's networks: alexnet, vgg11, vgg13, vgg16, fe_alexnet; or ``all``.
    controls : bool
        Whether to include alexnet_linear, alexnet_fresh and alexnet_ungated.
    stimuli : str
        A bundled set, or a folder with images, levels.csv and the masks eyes, nose and mouth.
    humans : str
        The bundled cohort, which is simulated, or a CSV or TSV file.
    columns, where
        As `psychobench.load_cohort` takes them.
    affectnet : path, optional
        Train heads on this copy of AffectNet, by the paper's recipe.
    vggface2 : path, optional
        Pre-train the face-based convolutions on this copy of VGGFace2, by the paper's recipe.
    object_pretraining, face_pretraining : str
        Weights of the object-based and of the face-based networks: a name or a file; the latter
        are ``rendered-faces`` by default.
    seeds : int
        Trainings of each network; the first is the one in the paper's tables.
    seed : int
        Of the first training.
    out : path, optional
        Folder that keeps answers as they come, and networks that are trained on images of one's
        own: the same call continues a run that was stopped. The results are written with
        `Reproduction.save`.

    Returns
    -------
    Reproduction

    Raises
    ------
    PsychobenchError
        If an option or a file is at fault, one line for each; nothing has been trained by then.

    References
    ----------
    .. [1] Ying, H., Li, Y.-F. & Chen, Y. (2023). arXiv:2310.13674.
    """
    options = Options(
        observers=(observers,) if isinstance(observers, str) else tuple(observers),
        controls=controls,
        stimuli=str(stimuli),
        humans=str(humans),
        columns=columns,
        where=where,
        affectnet=_path(affectnet),
        vggface2=_path(vggface2),
        object_pretraining=str(object_pretraining),
        face_pretraining=face_pretraining and str(face_pretraining),
        seeds=seeds,
        seed=seed,
        out=_path(out),
    )
    return run(paper, options)


def run(paper: str, options: Options, *, make: Maker | None = None) -> Reproduction:
    """Run a reproduction.

    Parameters
    ----------
    paper : str
        ``ying2023``.
    options : Options
        All other arguments of `reproduce`.
    make : callable, optional
        Makes observers from network, ``object`` or ``face``, and seeds; by default the registered
        networks with the sources that the options name. Attention is mapped for the latter alone.
    """
    ready = prepare(paper, options)
    answers = _collect(ready, options, make or ready.sources.make)
    attention = None
    if make is None:
        _log.info("computing attention maps ...")
        attention = ready.experiments.map_attention(ready.sources.make, options.seed)
    infos: dict[str, Mapping[str, Any]] = {}
    for each in answers:
        infos.setdefault(f"{each.observer}, {each.pretraining}", each.info)
    return ready.experiments.compare(
        combine_answers(answers),
        infos,
        attention=attention,
        pretraining_names=NAMES,
        options=options.record(),
    )


def _path(path: Path | str | None) -> Path | None:
    return None if path is None else Path(path)


def _collect(ready: Prepared, options: Options, make: Maker) -> list[Answers]:
    """Collect the responses of all networks; those of an earlier run are read."""
    store = _store(ready, options)
    store.open()
    note(ready.experiments.outlook)
    for text in ready.sources.notes:
        note(f"{text}.")
    choices = ready.sources.choices if ready.sources.bundled else None
    cells = plan_cells(ready.experiments.observers, options.trainings, store, choices)
    report_plan(cells, bundled=ready.sources.bundled)
    try:
        return collect_responses(cells, make, ready.experiments, store)
    except KeyboardInterrupt:
        if options.out is not None:
            _log.info(
                "Stopped. The responses so far are in %s; run the same again to continue.",
                options.out,
            )
        raise


def _store(ready: Prepared, options: Options) -> Store:
    settings = {
        "stimuli": ready.experiments.stimuli.sha256,
        "people": ready.experiments.people.cohort.sha256,
        **ready.sources.settings,
        "seed": options.seed,
    }
    folder = None if options.out is None else options.out / ANSWERS
    versions = {"psychobench": version("psychobench"), "psychobench-torch": __version__}
    return Store(folder, settings, versions | RECIPES)
