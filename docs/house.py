"""The picture of the house: its storeys, as the import contract lists them, and the plug-in."""

from __future__ import annotations

import tomllib
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Polygon

from psychobench.draw.figures import new_figure

ROOT = Path(__file__).parents[1]
FILE = Path(__file__).parent / "_generated" / "house.svg"
# storeys from the roof down: what they are for, and their rooms in the order of the layers
STOREYS = {
    "what plug-ins may use": ("plugins",),
    "what users type": ("cli",),
    "whether an observer keeps the protocol": ("testing",),
    "a paper's experiments, run again": ("reproduction",),
    "results that users hold": ("studies", "attention", "analysis", "reports"),
    "measures and tests": ("comparison", "fits"),
    "data of other programs": ("exports", "gaze", "imports"),
    "who answers, what was answered, what was shown": ("observers", "trials", "stimuli"),
    "the ground": (
        *("draw", "plans", "tables", "parallel", "outputs", "resources"),
        *("images", "arguments", "toml_files", "formatting", "messages", "errors"),
    ),
}
WIDTH, HEIGHT, GAP = 10.0, 0.8, 0.26
ROOM, GROUND, PLUGIN, INK = "#dcebf7", "#ece7df", "#fbe3cf", "#1f2933"


def layers() -> list[str]:
    """Read the layers of the import contract, from the top."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    listed = next(
        each["layers"]
        for each in contracts
        if each["type"] == "layers" and "psychobench.cli" in each["layers"]
    )
    return [name.removeprefix("psychobench.") for name in listed]


def draw_house(path: Path = FILE) -> Path:
    """Draw the house into an SVG file."""
    tall = len(STOREYS) * (HEIGHT + GAP)
    figure = new_figure((8.6, 5.8))
    ax = figure.subplots()
    ax.set(xlim=(-0.4, WIDTH + 4.6), ylim=(-0.5, tall + 1.1))
    ax.axis("off")
    ax.add_patch(
        Polygon([(-0.3, tall), (WIDTH / 2, tall + 1), (WIDTH + 0.3, tall)], fc=GROUND, ec=INK)
    )
    _write(ax, WIDTH / 2, tall + 0.35, "psychobench", weight="bold", size=11)
    for number, (purpose, rooms) in enumerate(reversed(STOREYS.items())):
        low = number * (HEIGHT + GAP)
        wide = WIDTH / len(rooms)
        for place, room in enumerate(rooms):
            _box(ax, place * wide, low, wide - 0.1, GROUND if number == 0 else ROOM)
            size = 9 if len(rooms) < 5 else 7
            _write(ax, (place + 0.5) * wide - 0.05, low + HEIGHT / 2, room, size=size)
        _write(ax, 0, low + HEIGHT + GAP / 2, purpose, size=7, style="italic", ha="left")
    ax.annotate(
        "",
        xy=(-0.25, 0),
        xytext=(-0.25, tall - GAP),
        arrowprops={"arrowstyle": "->", "color": INK},
    )
    ax.text(-0.4, tall / 2, "imports go down only", rotation=90, va="center", ha="right", size=7)
    _plug_in(ax)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path


def _plug_in(ax: Axes) -> None:
    """Draw a plug-in beside the house, and the one door that it has."""
    left, low, high = WIDTH + 0.9, 3 * (HEIGHT + GAP), 6 * (HEIGHT + GAP)
    ax.add_patch(
        FancyBboxPatch((left, low), 3, high - low, boxstyle="round,pad=0.05", fc=PLUGIN, ec=INK)
    )
    text = "a plug-in\n\npsychobench_torch,\nor yours:\nobservers,\ncommands"
    _write(ax, left + 1.5, (low + high) / 2, text, size=8)
    ax.annotate(
        "",
        xy=(WIDTH - 0.1, (len(STOREYS) - 1) * (HEIGHT + GAP) + HEIGHT / 2),
        xytext=(left + 1.5, high + 0.05),
        arrowprops={
            "arrowstyle": "->",
            "color": INK,
            "connectionstyle": "angle,angleA=90,angleB=0",
        },
    )


def _box(ax: Axes, left: float, low: float, wide: float, colour: str) -> None:
    ax.add_patch(
        FancyBboxPatch((left, low), wide, HEIGHT, boxstyle="round,pad=0.02", fc=colour, ec=INK)
    )


def _write(ax: Axes, x: float, y: float, text: str, **looks: object) -> None:
    ax.text(x, y, text, **{"ha": "center", "va": "center", "color": INK, **looks})


if __name__ == "__main__":
    print(draw_house())
