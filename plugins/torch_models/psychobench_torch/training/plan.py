"""The plan of a training: its options, checked before anything is loaded."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psychobench.plugins import OptionError, sha256
from psychobench_torch.data.layouts import DataChoice, recognise
from psychobench_torch.data.vggface2 import IDENTITIES
from psychobench_torch.heads.recipe import OWN_IMAGES, PAPER_TRANSFER, TransferRecipe
from psychobench_torch.networks.weights_origin import Pretraining, choose_pretraining
from psychobench_torch.observers.designs import DESIGNS, Design, design_of

if TYPE_CHECKING:
    from psychobench_torch.pretraining import PretrainingRecipe

FACES, OBJECTS = "rendered-faces", "procedural-objects"
_ONLY = {  # options that only one phase has
    "transfer": ("pretraining", "views", "happy_class"),
    "pretraining": ("size", "people"),
}
_ON_DISK = {  # options that only images on disk have, and what they are where nobody gives them
    "layout": "auto",
    "validation": None,
    "happy_class": None,
    "people": None,
    "limit": None,
    "data_seed": 0,
    "skip_broken": False,
}
# folders of trainings from before these were renamed are recognised
_RECORDED_AS = {"people": "n_identities", "happy_class": "target"}


@dataclass(frozen=True)
class TransferPlan:
    """A head that is to be trained on frozen features.

    Parameters
    ----------
    design : Design
        Of the observer.
    choice : DataChoice, optional
        The images on disk; None for rendered faces.
    recipe : TransferRecipe
        How it is trained.
    seed : int
        Of the training.
    pretraining : Pretraining
        Where the frozen weights come from.
    """

    design: Design
    choice: DataChoice | None
    recipe: TransferRecipe
    seed: int
    pretraining: Pretraining

    def determinants(self) -> dict[str, Any]:
        """Return what determines the training, as JSON takes it."""
        file = self.pretraining.file
        return {
            **_determinants(self, "transfer", FACES),
            "pretraining": str(file) if file else self.pretraining.name,
            "pretraining_sha256": sha256(file) if file else None,
        }


@dataclass(frozen=True)
class PretrainingPlan:
    """A network that is to be trained from scratch; the parameters as in `TransferPlan`.

    Parameters
    ----------
    design, choice, recipe, seed
        See there.
    source : str, optional
        What is rendered to train on; None for images on disk.
    """

    design: Design
    choice: DataChoice | None
    recipe: PretrainingRecipe
    seed: int
    source: str | None

    def determinants(self) -> dict[str, Any]:
        """Return what determines the training, as JSON takes it."""
        return _determinants(self, "pretraining", self.source)


def _determinants(
    plan: TransferPlan | PretrainingPlan, phase: str, source: str | None
) -> dict[str, Any]:
    chosen = plan.choice and {
        _RECORDED_AS.get(name, name): str(value) if isinstance(value, Path) else value
        for name, value in asdict(plan.choice).items()
    }
    return {
        "observer": plan.design.name,
        "phase": phase,
        "data": chosen or source,
        "recipe": asdict(plan.recipe),
        "seed": plan.seed,
    }


def make_plan(observer: str, *, phase: str, **options: Any) -> TransferPlan | PretrainingPlan:
    """Check the options of `psychobench_torch.train` and make a plan of them.

    Raises
    ------
    OptionError
        One line for each fault.
    ResourceError
        If a file of weights does not exist.
    """
    if observer not in DESIGNS and not observer.startswith("torchvision:"):
        raise OptionError(
            f"`observer` must be one of {', '.join(DESIGNS)} or torchvision:NAME: "
            f"it is '{observer}'"
        )
    design = design_of(observer)
    other = next(name for name in _ONLY if name != phase)
    if strange := [name for name in _ONLY[other] if options[name] is not None]:
        raise OptionError(
            *(f"`{name}` must go with `phase='{other}'`: it does nothing here" for name in strange)
        )
    if phase == "transfer":
        return _transfer_plan(design, options)
    return _pretraining_plan(design, options)


def _transfer_plan(design: Design, options: dict[str, Any]) -> TransferPlan:
    data = str(options["data"] or FACES)
    if data == OBJECTS:
        raise OptionError(
            f"`data='{OBJECTS}'` must go with `phase='pretraining'`: objects have no valence"
        )
    quick = TransferRecipe() if data == FACES else replace(OWN_IMAGES, views=design.views)
    base = PAPER_TRANSFER if options["recipe"] == "paper" else quick
    names = ("epochs", "batch", "learning_rate", "optimizer", "views")
    chosen = {n: options[n] for n in names if options[n] is not None}
    if "views" in chosen:
        chosen["crops"] = True  # a view is a crop
    recipe = replace(base, **chosen)
    choice = _choice(data, "valence", options)
    weights = _pretraining_of(design, options["pretraining"])
    return TransferPlan(design, choice, recipe, options["seed"], weights)


def _pretraining_of(design: Design, asked: str | None) -> Pretraining:
    if design.name in DESIGNS:
        return choose_pretraining(asked or OBJECTS)
    from psychobench_torch.extractors.torchvision_networks import check_torchvision

    chosen = choose_pretraining(asked or "imagenet")
    check_torchvision(design.name.removeprefix("torchvision:"), chosen)
    return chosen


def _pretraining_plan(design: Design, options: dict[str, Any]) -> PretrainingPlan:
    if design.name not in DESIGNS:
        raise OptionError(
            f"`observer` must be one of {', '.join(DESIGNS)} in pre-training: it is '{design.name}'"
        )
    data = options["data"] and str(options["data"])
    if not data:
        raise OptionError(
            f"`data` must say what to pre-train on: {OBJECTS}, {FACES}, a folder or a CSV file"
        )
    source = data if data in (OBJECTS, FACES) else None
    # a limit holds for rendered images, too
    choice = _choice(data, "classes", {**options, "limit": None} if source else options)
    recipe = _pretraining_recipe(design, source, options)
    return PretrainingPlan(design, choice, recipe, options["seed"], source)


def _check_rendered(source: str, options: dict[str, Any]) -> None:
    """Refuse options that mean nothing where images are rendered."""
    strange = [name for name, default in _ON_DISK.items() if options[name] != default]
    faults = [
        f"`{name}` must go with images on disk: it does nothing with {source}; leave it out, or "
        "name a folder or a table with `data`"
        for name in strange
    ]
    if faults:
        raise OptionError(*faults)


def _choice(data: str, task: str, options: dict[str, Any]) -> DataChoice | None:
    """Return what is asked of images on disk; None where images are rendered."""
    if data in (OBJECTS, FACES):
        _check_rendered(data, options)
        return None
    path, validation = Path(data).expanduser().absolute(), options["validation"]
    if options["people"]:
        _check_people(path, options["layout"])
    return DataChoice(
        path,
        validation=Path(validation).expanduser().absolute() if validation else None,
        task=task,
        layout=options["layout"],
        limit=options["limit"],
        people=options["people"] or IDENTITIES,
        seed=options["data_seed"],
        happy_class=options["happy_class"],
        skip_broken=options["skip_broken"],
    )


def _check_people(path: Path, layout: str) -> None:
    found = recognise(path) if layout == "auto" else layout
    if found != "vggface2":
        raise OptionError(
            f"`people` must go with VGGFace2: {path} has the layout {found}; leave it out, or draw "
            "fewer images with `limit`"
        )


def _pretraining_recipe(
    design: Design, source: str | None, options: dict[str, Any]
) -> PretrainingRecipe:
    from psychobench_torch.pretraining import PAPER_PRETRAINING, PretrainingRecipe
    from psychobench_torch.stand_in_weights.sources import source_recipe

    base = source_recipe(source) if source else PretrainingRecipe(keep="best")
    if options["recipe"] == "paper":
        base = PAPER_PRETRAINING
    names = ("learning_rate", "optimizer")
    changes = {name: options[name] for name in names if options[name] is not None}
    if source and options["limit"]:
        changes["n_images"] = options["limit"]
    stages = base.stages
    if (epochs := options["epochs"]) is not None:  # one stage, at the size of the last
        stages = (replace(stages[-1], presentations=None, epochs=epochs),)
    if (size := options["size"]) is not None:
        stages = tuple(replace(stage, size=size) for stage in stages)
    if (batch := options["batch"]) is not None:
        stages = tuple(replace(stage, batch=batch) for stage in stages)
    return replace(
        base, architecture=design.architecture, stages=stages, seed=options["seed"], **changes
    )
