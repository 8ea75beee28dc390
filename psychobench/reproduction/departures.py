"""The paper's recipe, item by item, beside what was done here, read off the networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from psychobench.reproduction.pretraining_data import UNKNOWN
from psychobench.stimuli.sets import StimulusSet

if TYPE_CHECKING:
    from psychobench.reproduction.measures import People

Info = Mapping[str, Any]
COLUMNS = ("stage", "item", "section", "paper", "here", "departs")
PRETRAINED = "their pre-trained values"


@dataclass(frozen=True)
class Item:
    """One item of the paper's recipe that can be read off a network's `info`.

    Attributes
    ----------
    stage, item, section : str
        Where it belongs, what it is, and where the paper says so.
    paper : str
        What the paper did.
    here : callable
        Reads off an observer's info what was done; None where the item does not concern it.
    """

    stage: str
    item: str
    section: str
    paper: str
    here: Callable[[Info], str | None]


def option(name: str, write: Callable[[Any], str] = str) -> Callable[[Info], str | None]:
    """Read one of an observer's options."""

    def here(info: Info) -> str | None:
        value = info["options"].get(name)
        return UNKNOWN if value is None else write(value)

    return here


def _averaging(value: int) -> str:
    return f"mean over every {value}th step of an epoch" if value else "the epoch's last step"


def _views(value: int) -> str:
    return f"{value} views of each image, computed once" if value else "anew in every epoch"


def _dense(info: Info) -> str | None:
    started = {"fresh": "new values", "pre-trained": PRETRAINED}
    return started.get(str(info["options"].get("dense_layers")))


def _data(info: Info) -> str | None:
    said = str(info["weights_origin"]).rpartition("head trained on ")[2].partition(";")[0]
    return "AffectNet" if "AffectNet photographs" in said else said


def _epochs(info: Info) -> str | None:
    options = info["options"]
    return str(options.get("epochs", options.get("n_epochs", UNKNOWN)))


def _saw(role: str) -> Callable[[Info], str | None]:
    """Read what the weights of one pre-training saw."""

    def here(info: Info) -> str | None:
        if info["role"] != role:
            return None
        pretraining, source = str(info["pretraining"]), info["options"].get("source")
        if pretraining == "imagenet":  # torchvision's own: of a file, its name would follow
            return IMAGENET
        if source and source != pretraining:  # a file, and what it says
            return str(source)
        if "observer" in info["options"]:  # a file with a whole network, which knows what it saw
            return str(info.get("names", {}).get(pretraining, pretraining))
        said = str(info["weights_origin"]).partition("; head trained on ")[0]
        return said.removeprefix("pre-trained on ")

    return here


IMAGENET = "ImageNet, PyTorch's weights"
# word for word as weights describe their training on VGGFace2
VGGFACE2 = "VGGFace2, 1,000 identities, 291,502 images to train on, 60 epochs"
TRANSFER, PRETRAINING, MEASURING = "transfer", "pre-training", "measuring"
SILENT = "not said"
OF_NETWORKS = (
    Item(PRETRAINING, "object-based", "2.1.4", IMAGENET, _saw("object")),
    Item(PRETRAINING, "face-based", "2.1.3", VGGFACE2, _saw("face")),
    Item(
        PRETRAINING, "size of its images", "2.1.1", "224 px", option("trained_size", "{} px".format)
    ),
    Item(TRANSFER, "images", "2.1.3", "AffectNet", _data),
    Item(TRANSFER, "images to train on", "2.1.3", "28,765", option("n_train", "{:,}".format)),
    Item(
        TRANSFER, "images to validate on", "2.1.3", "2,999", option("n_validation", "{:,}".format)
    ),
    Item(TRANSFER, "optimiser", "2.1.4", SILENT, option("optimizer")),
    Item(TRANSFER, "learning rate", "2.1.4", "5e-05", option("learning_rate", "{:g}".format)),
    Item(TRANSFER, "batch", "2.1.4", "32", option("batch")),
    Item(TRANSFER, "epochs", "2.1.4", "20", _epochs),
    Item(
        TRANSFER, "weights of an epoch", "2.1.4", _averaging(0), option("average_every", _averaging)
    ),
    Item(TRANSFER, "random crops and flips", "2.1.4", _views(0), option("views", _views)),
    Item(TRANSFER, "first two dense layers start from", "2.1.4", PRETRAINED, _dense),
    Item(TRANSFER, "size of its images", "2.1.1", "224 px", option("input_size", "{} px".format)),
)


def list_departures(
    infos: Mapping[str, Info],
    stimuli: StimulusSet,
    people: People,
    trainings: int,
    pretraining_names: Mapping[str, str],
) -> pd.DataFrame:
    """Set the paper's recipe beside what was done.

    Parameters
    ----------
    infos : mapping
        What each network says of itself, by "network, pre-training".
    stimuli : StimulusSet
        What was judged.
    people : People
        The cohort.
    trainings : int
        Of each network.
    pretraining_names : mapping
        What names of pre-trainings mean, in words; other names stand for themselves.

    Returns
    -------
    pandas.DataFrame
        One row per item: ``stage, item, section, paper, here, departs``; ``departs`` is ``yes``,
        ``no``, ``the paper is silent``, or ``not known`` where networks do not say.
    """
    told = {
        name: {**info, "role": name.rpartition(", ")[2], "names": pretraining_names}
        for name, info in infos.items()
    }
    rows = [*_surroundings(stimuli, people), *(_row(item, told) for item in OF_NETWORKS)]
    rows.append((MEASURING, "trainings of each network", "2.1.4", "1", str(trainings)))
    rows += _measuring(people)
    listed = [row for row in rows if row is not None]
    return pd.DataFrame([(*row, _departs(row[3], row[4])) for row in listed], columns=list(COLUMNS))


Row = tuple[str, str, str, str, str]


def _row(item: Item, infos: Mapping[str, Info]) -> Row | None:
    """Combine the values of all networks; networks with the same value are listed together."""
    said: dict[str, list[str]] = {}
    for name, info in infos.items():
        if (value := item.here(info)) is not None:
            said.setdefault(value, []).append(name)
    if not said:
        return None
    here = (
        next(iter(said))
        if len(said) == 1
        else "; ".join(f"{value} ({_names(names)})" for value, names in said.items())
    )
    return item.stage, item.item, item.section, item.paper, here


def _names(names: list[str]) -> str:
    """List networks; those with both pre-trainings once."""
    networks = [name.rpartition(", ")[0] for name in names]
    twice = {each for each in networks if networks.count(each) > 1}
    shown = (
        network if network in twice else name for network, name in zip(networks, names, strict=True)
    )
    return "; ".join(dict.fromkeys(shown))


def _surroundings(stimuli: StimulusSet, people: People) -> list[Row]:
    levels, cohort = stimuli.table["level"], people.cohort
    steps = f"{len(stimuli.table)} images at {levels.nunique()} levels"
    trials = people.fits.to_frame()["n_trials"].median()
    design = f"{len(people.levels)} levels, {trials:.0f} trials each"
    return [
        ("stimuli", "faces", "2.2.2", "photographs, one averaged identity, morphed", stimuli.title),
        ("stimuli", "images for networks", "2.2.2", "21 images at 21 levels", steps),
        ("people", "who", "2.2.1", "50 people", cohort.title),
        ("people", "design", "2.2.2", "7 levels, 210 trials each", design),
    ]


def _measuring(people: People) -> list[Row]:
    options = people.fits.options
    curve = f"{options['sigmoid']}, asymptotes {options['asymptotes']}, engine {options['engine']}"
    return [
        (MEASURING, "curve", "2.2.3", "a variant of the cumulative Gaussian", curve),
        (MEASURING, "PSE beyond the tested levels", "3.1.1", SILENT, "no PSE; shown both ways"),
        (MEASURING, "test", "2.2.3", "one-sample t, Bonferroni within a table", "the same"),
    ]


def _departs(paper: str, here: str) -> str:
    if paper == SILENT:
        return "the paper is silent"
    if here == UNKNOWN:
        return UNKNOWN
    return "no" if here in (paper, "the same") else "yes"
