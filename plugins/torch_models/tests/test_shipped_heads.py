"""The heads that come with the package: whole, as their cards say, and what the observers use."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from psychobench_torch.extractors.convolutions import load_extractor
from psychobench_torch.heads.head_types import make_head
from psychobench_torch.heads.initial_values import draw_initial_values
from psychobench_torch.heads.recipe import OBSERVERS
from psychobench_torch.heads.shipped_cards import FOLDER, heads_card, shared_determinants
from psychobench_torch.heads.transfer import head_determinants
from psychobench_torch.networks.weights_origin import choose_pretraining
from psychobench_torch.observers.designs import DESIGNS
from psychobench_torch.storage.weight_files import tensors_sha256

CARDS = [path.stem for path in sorted(FOLDER.glob("*.json"))]
PAGE = Path(__file__).parents[3] / "docs" / "trained-heads.md"


def card_of(name: str) -> dict[str, Any]:
    observer, _, pretraining = name.partition("-")
    card = heads_card(observer, pretraining)
    assert card is not None
    return card


def test_the_default_observer_needs_no_training() -> None:
    assert [head["seed"] for head in card_of("fe_alexnet-procedural-objects")["heads"]] == [
        *range(10)
    ]


@pytest.mark.parametrize("name", CARDS)
def test_every_file_is_the_one_of_its_card(name: str) -> None:
    for head in card_of(name)["heads"]:
        assert hashlib.sha256((FOLDER / head["file"]).read_bytes()).hexdigest() == head["sha256"]


@pytest.mark.slow
@pytest.mark.parametrize("name", CARDS)
def test_the_heads_are_those_that_the_observers_ask_for(name: str) -> None:
    """A recipe that was changed without new heads would silently train for minutes."""
    card = card_of(name)
    design = DESIGNS[card["observer"]]
    extractor = load_extractor("alexnet", choose_pretraining(card["pretraining"]), dense=False)
    asked = head_determinants(extractor, design.head, OBSERVERS, 0, fresh_dense=design.fresh_dense)
    assert shared_determinants(asked) == card["determinants"]


@pytest.mark.slow
def test_the_initial_values_of_the_first_head_are_drawn_as_they_were() -> None:
    head = make_head("excitation", 9216)
    draw_initial_values(head, 0)
    first = card_of("fe_alexnet-procedural-objects")["heads"][0]
    assert tensors_sha256(head.state_dict()) == first["initial_sha256"]


@pytest.mark.parametrize("name", CARDS)
def test_a_card_tells_what_is_built_in_and_how_good_its_heads_are(name: str) -> None:
    card = card_of(name)
    assert "no discovery" in card["built_in"]
    assert "share their convolutions and their training faces" in card["built_in"]
    accuracies = [head["accuracy"] for head in card["heads"]]
    assert card["report"]["accuracy_worst"] == min(accuracies) > 0.7
    assert card["report"]["trainings"] == len(accuracies)


def rows(name: str) -> tuple[str, str]:
    """Write the rows of the page's two tables from a card."""
    card = card_of(name)
    report = card["report"]
    title = f"`{card['observer']}`, `{card['pretraining']}`"
    judged = [
        (report["accuracy_mean"], report["accuracy_worst"]),
        (report["accuracy_clear_mean"], report["accuracy_clear_worst"]),
        (report["p_happy_at_0_most"], report["p_happy_at_1_least"]),
    ]
    cells = " | ".join(", ".join(short(value, 3) for value in pair) for pair in judged)
    first = f"| {title} | {report['trainings']} | {cells} |"
    masks = " | ".join(curve(report["masks"][mask]) for mask in ("none", "eyes", "nose", "mouth"))
    return first, f"| {title} | {masks} |"


def curve(found: dict[str, Any]) -> str:
    if found["pse_mean"] is None:
        return f"none; {found['ok']} ok"
    spread = "" if found["pse_sd"] is None else f" ({short(found['pse_sd'], 2)})"
    return f"{short(found['pse_mean'], 2)}{spread}; {found['ok']} ok"


def short(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("0.") else text.replace("-0.", "-.")


@pytest.mark.skipif(not PAGE.is_file(), reason="the pages are in the repository alone")
@pytest.mark.parametrize("name", CARDS)
def test_the_page_has_the_numbers_of_the_card(name: str) -> None:
    page = PAGE.read_text("utf-8")
    for row in rows(name):
        assert row in page
