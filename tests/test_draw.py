"""What the figure of a comparison shows, and that nothing in it lies over anything else."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from psychobench.draw.curves import Crowd, Curve, Panel, draw_curves, save_figure

GRID = np.linspace(0, 1, 11)


def panel(title, n_curves, pse=0.4):
    crowd = Crowd("20 simulated people", np.tile(GRID, (20, 1)), 0.5, 0.1, 0.02)
    curves = [Curve(f"network {i}", GRID, GRID, GRID, pse) for i in range(n_curves)]
    return Panel(title, GRID, crowd, curves)


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


def test_the_same_figure_is_written_as_the_same_bytes(tmp_path):
    written = []
    for name in ("one", "two"):
        figure = draw_curves([panel("none", 2)], title="t", x_label="x", y_label="y")
        save_figure(figure, tmp_path, name)
        written.append((tmp_path / f"{name}.svg").read_bytes())
    assert written[0] == written[1]
