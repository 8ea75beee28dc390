"""What the figure of a comparison shows, and that nothing in it lies over anything else."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

import psychobench.draw
from psychobench.draw.curves import CohortCurves, Curve, Panel, draw_curves
from psychobench.draw.figures import save_figure

GRID = np.linspace(0, 1, 11)


def panel(title, n_curves, pse=0.4):
    cohort_curves = CohortCurves("20 simulated people", np.tile(GRID, (20, 1)), 0.5, 0.1, 0.02)
    curves = [Curve(f"network {i}", GRID, GRID, GRID, pse) for i in range(n_curves)]
    return Panel(title, GRID, cohort_curves, curves)


@pytest.mark.slow
@pytest.mark.parametrize(("n_panels", "n_curves"), [(1, 1), (2, 3), (4, 1), (5, 6), (8, 2)])
def test_titles_legend_and_panels_do_not_overlap(n_panels, n_curves):
    panels = [panel(f"mask {i}", n_curves) for i in range(n_panels)]
    figure = draw_curves(panels, title="a title\non two lines", x_label="level", y_label="P(happy)")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = [*figure.axes, *figure.legends, *figure.texts]
    boxes = [each.get_tightbbox(canvas.get_renderer()) for each in drawn]
    assert len(boxes) == n_panels + 2
    for number, box in enumerate(boxes):
        assert figure.bbox.x0 - 1 <= box.x0 < box.x1 <= figure.bbox.x1 + 1
        assert figure.bbox.y0 - 1 <= box.y0 < box.y1 <= figure.bbox.y1 + 1
        assert not any(box.padded(-1).overlaps(other) for other in boxes[:number])


def test_an_observer_without_a_pse_gets_no_pse_mark():
    marked = draw_curves([panel("none", 1, 0.4)], title="", x_label="", y_label="").axes[0]
    unmarked = draw_curves([panel("none", 1, np.nan)], title="", x_label="", y_label="").axes[0]
    assert len(marked.lines) == len(unmarked.lines) + 2


@pytest.mark.slow
def test_the_same_figure_is_written_as_the_same_bytes(tmp_path):
    written = []
    for name in ("one", "two"):
        figure = draw_curves([panel("none", 2)], title="t", x_label="x", y_label="y")
        save_figure(figure, tmp_path, name)
        written.append((tmp_path / f"{name}.svg").read_bytes())
    assert written[0] == written[1]


NOTEBOOK_CELL = """
import numpy as np, pandas as pd, psychobench as pb
levels, people = np.linspace(0, 1, 7), ["h01", "h02"]
rows = [(who, x, 20, round(20 * x)) for who in people for x in levels]
counts = pd.DataFrame(rows, columns=["observer", "level", "n_trials", "n_target"])
figure = pb.fit(counts.assign(condition="all"), engine="ml").plot()
import sys
assert "matplotlib.pyplot" not in sys.modules
sys.stdout.buffer.write(figure._repr_png_())
"""


@pytest.mark.slow
def test_a_notebook_shows_a_figure_although_pyplot_is_not_used():
    shown = subprocess.run([sys.executable, "-c", NOTEBOOK_CELL], capture_output=True, check=True)
    image = Image.open(io.BytesIO(shown.stdout))
    assert image.format == "PNG"
    assert image.width > 400
    assert np.asarray(image.convert("L")).std() > 10


def test_every_figure_comes_from_the_one_factory_that_notebooks_show():
    made = re.compile(r"\bFigure\(")
    elsewhere = [
        path.name
        for path in Path(psychobench.draw.__path__[0]).glob("*.py")
        if path.name != "figures.py" and made.search(path.read_text("utf-8"))
    ]
    assert not elsewhere
