"""Run a paper's experiments again: check, train, collect responses, measure, evaluate claims."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from psychobench.plugins import (
    AttentionStudy,
    ShownAsTable,
    output_folder,
    provenance,
    published,
)
from psychobench_torch.reproduction.answers import Answers, Store
from psychobench_torch.reproduction.attention_figures import map_attention
from psychobench_torch.reproduction.claim_definitions import CLAIMS
from psychobench_torch.reproduction.claims import evaluate_claims
from psychobench_torch.reproduction.departures import list_departures
from psychobench_torch.reproduction.figures import draw_figure_2
from psychobench_torch.reproduction.files import document, write_files
from psychobench_torch.reproduction.measures import (
    combine_answers,
    measure,
    paper_measures,
    replicate,
)
from psychobench_torch.reproduction.paper import DEFAULT_OBSERVERS, NAME
from psychobench_torch.reproduction.prepare import Options, Prepared, prepare
from psychobench_torch.reproduction.responses import (
    Maker,
    collect_responses,
    plan_cells,
    report_plan,
)
from psychobench_torch.reproduction.results import ReproductionResults
from psychobench_torch.reproduction.sources import RECIPES
from psychobench_torch.reproduction.tables import fill_tables, gain_table
from psychobench_torch.reproduction.text import summary
from psychobench_torch.storage.store import note
from psychobench_torch.version import __version__

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ANSWERS = "answers"  # the folder in `out` that they are kept in
_log = logging.getLogger("psychobench")


class Reproduction(ShownAsTable, ReproductionResults):
    """A paper's experiments, run again.

    The attributes are those of `psychobench_torch.reproduction.results.ReproductionResults`.
    """

    def to_frame(self) -> pd.DataFrame:
        """Return the cells of all the paper's tables, one row each, with the paper's numbers."""
        return pd.concat([filled.table for filled in self.tables], ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but answers and curves as one document that JSON takes."""
        return document(self)

    def plot(self) -> Figure:
        """Draw the paper's figure 2: the curves of people and networks for whole faces."""
        return draw_figure_2(self)

    def save(self, folder: Path | str, *, overwrite: bool = False) -> None:
        """Write page, tables, figures, claims and departures into a folder, whole or not at all.

        Parameters
        ----------
        folder : path
            Created if need be; other files in it stay.
        overwrite : bool
            Whether to replace files that psychobench did not write there, or that were edited.

        Raises
        ------
        ResourceError
            If it cannot be written, or a file in it must not be replaced.
        """
        with output_folder(Path(folder), kind="reproduction", overwrite=overwrite) as staged:
            write_files(self, staged)

    def __str__(self) -> str:
        return summary(self)


def reproduce(
    paper: str = NAME,
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
    attention = None if make is not None else _map_attention(ready, options)
    return _assemble(ready, options, answers, attention)


def _path(path: Path | str | None) -> Path | None:
    return None if path is None else Path(path)


def _collect(ready: Prepared, options: Options, make: Maker) -> list[Answers]:
    """Collect the responses of all networks; those of an earlier run are read."""
    store = _store(ready, options)
    store.open()
    for text in ready.sources.notes:
        note(f"{text}.")
    cells = plan_cells(ready.observers, options.trainings, store)
    report_plan(cells, bundled=ready.sources.bundled)
    try:
        return collect_responses(cells, make, ready.stimuli, store)
    except KeyboardInterrupt:
        if options.out is not None:
            _log.info(
                "Stopped. The responses so far are in %s; run the same again to continue.",
                options.out,
            )
        raise


def _map_attention(ready: Prepared, options: Options) -> AttentionStudy:
    _log.info("computing attention maps ...")
    return map_attention(ready.sources.make, ready.observers, options.seed, ready.stimuli)


def _store(ready: Prepared, options: Options) -> Store:
    settings = {
        "stimuli": ready.stimuli.sha256,
        "people": ready.people.cohort.sha256,
        **ready.sources.settings,
        "seed": options.seed,
    }
    folder = None if options.out is None else options.out / ANSWERS
    versions = {"psychobench": version("psychobench"), "psychobench-torch": __version__}
    return Store(folder, settings, versions | RECIPES)


def _assemble(
    ready: Prepared, options: Options, answers: Sequence[Answers], attention: AttentionStudy | None
) -> Reproduction:
    people, paper = ready.people, published()
    measured = measure(combine_answers(answers), people)
    sample = people.measures.pse
    readings = {
        "none": replicate(measured, sample),
        "pse": replicate(measured, sample, reading="pse"),
        "balanced": replicate(measured, sample, balanced=True),
    }
    infos: dict[str, Mapping[str, Any]] = {}
    for each in answers:
        infos.setdefault(f"{each.observer}, {each.pretraining}", each.info)
    return Reproduction(
        observers=ready.observers,
        seeds=options.trainings,
        people=people,
        stimuli=ready.stimuli,
        measured=measured,
        readings=readings,
        tables=fill_tables(measured, people, paper, infos),
        gain=gain_table(readings["none"]),
        claims=evaluate_claims(CLAIMS, readings, people, paper_measures(paper)),
        departures=list_departures(infos, ready.stimuli, people, options.seeds),
        paper=paper,
        infos=infos,
        provenance=provenance(
            options=options.record(),
            seed=options.seed,
            stimuli={"name": ready.stimuli.name, "sha256": ready.stimuli.sha256},
            humans={"file": str(people.cohort.path), "sha256": people.cohort.sha256},
            observers=infos,
        ),
        attention=attention,
    )
