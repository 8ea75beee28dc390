"""Results in a notebook: a figure as the last line of a cell is seen, and results are tables."""

from __future__ import annotations

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

TRIALS = """\
import numpy as np, pandas as pd
import psychobench as pb
rng = np.random.default_rng(1)
level = np.tile(np.linspace(0, 1, 7), 12)
df = pd.concat(
    pd.DataFrame({"observer": f"p{i}", "condition": name, "level": level,
                  "response": level + rng.normal(0, 0.2, 84) > middle})
    for i in range(4) for name, middle in (("whole", 0.4), ("eyes", 0.6))
)
fits = pb.fit(df)
analysis = pb.analyse(df, engine="ml", gof=0)
"""
PICTURES = ["fits.plot()", "analysis.plot()", "analysis.fits.plot(observer='p0')"]
PICTURES += ["pb.compare_conditions(fits, within='condition').plot()"]
TABLES = {
    "fits": "pse_low",
    "analysis": "The PSE was higher for eyes",
    "pb.check_trials(df)": "switching",
    "pb.compare_conditions(fits, within='condition')": "p_bonferroni",
    "pb.list_observers()": "template",
    "pb.study('template', masks='none', engine='ml')": "template",
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Execute one notebook, one expression a cell; map the expression to what its cell shows."""
    expressions = [*PICTURES, *TABLES]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in (TRIALS, *expressions)]
    )
    home = str(tmp_path_factory.mktemp("jupyter"))  # nobody's own kernels and settings
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(name, home)
        nbclient.NotebookClient(notebook, timeout=120, allow_errors=True).execute()
    return dict(zip(expressions, map(shown, notebook.cells[1:]), strict=True))


def shown(cell):
    """Join what a cell shows, by media type; a fault under its own name."""
    joined = {}
    for output in cell.outputs:
        fault = {"fault": "\n".join(output.traceback)} if output.output_type == "error" else {}
        joined |= output.get("data", fault)
    return joined


@pytest.mark.slow
@pytest.mark.parametrize("expression", PICTURES)
def test_a_figure_is_seen_without_pyplot(outputs, expression):
    assert "image/png" in outputs[expression], outputs[expression]


@pytest.mark.parametrize(("expression", "content"), TABLES.items())
def test_a_result_is_a_table(outputs, expression, content):
    assert content in outputs[expression].get("text/html", ""), outputs[expression]
