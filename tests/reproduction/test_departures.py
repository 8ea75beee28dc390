"""What was done in another way than in the paper, read off the networks."""

from __future__ import annotations

import pandas as pd
import pytest

from psychobench.reproduction.departures import list_departures
from psychobench.reproduction.result import Reproduction


@pytest.mark.slow
def test_departures_are_read_off_the_networks(made):
    items = made.departures.set_index("item")
    assert items.loc["epochs", "departs"] == "no"
    assert items.loc["images to train on", "here"] == "12"
    assert items.loc["images to train on", "departs"] == "yes"
    assert items.loc["images", "here"] == "12 rendered faces"
    assert items.loc["optimiser", "departs"] == "the paper is silent"
    assert "SIMULATED" in items.loc["who", "here"]
    assert items.loc["design", "departs"] == "no"
    assert items.loc["batch", "departs"] == "not known"


def pretrained_on(made: Reproduction, shown: str, source: str) -> pd.DataFrame:
    """List the departures of networks with weights of which tables and files say this."""
    infos = {
        name: {
            **info,
            "pretraining": shown,
            "options": {**info["options"], "source": source},
        }
        for name, info in made.infos.items()
    }
    return list_departures(infos, made.stimuli, made.people, 1, {}).set_index("item")


def test_networks_with_the_papers_own_weights_do_not_depart(made):
    by_name = pretrained_on(made, "imagenet", "imagenet")
    assert by_name.loc["object-based", "departs"] == "no"
    assert by_name.loc["trainings of each network", "departs"] == "no"
    source = "VGGFace2, 1,000 identities, 291,502 images to train on, 60 epochs"
    by_file = pretrained_on(made, f"{source} (mine.safetensors)", source)
    assert by_file.loc["face-based", "departs"] == "no"


@pytest.mark.parametrize(
    ("source", "item"),
    [
        ("VGGFace2, 4 identities, 12 images to train on, 60 epochs", "face-based"),
        ("VGGFace2", "face-based"),
        ("ImageNet, 10 classes", "object-based"),
        ("imagenet", "object-based"),  # of a file, not torchvision's
    ],
)
def test_weights_that_saw_something_else_depart_whatever_they_are_called(made, source, item):
    row = pretrained_on(made, f"{source} (mine.safetensors)", source).loc[item]
    assert row["departs"] == "yes"
    assert row["here"] == source


def test_networks_that_differ_are_named_apart(made):
    infos = dict(made.infos)
    infos["fe_alexnet, face"] = {
        **infos["fe_alexnet, face"],
        "options": {**infos["fe_alexnet, face"]["options"], "epochs": 3},
    }
    items = list_departures(infos, made.stimuli, made.people, 1, {}).set_index("item")
    assert items.loc["epochs", "here"] == "20 (alexnet; fe_alexnet, object); 3 (fe_alexnet, face)"
