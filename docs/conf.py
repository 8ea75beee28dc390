"""Build the documentation: `make docs`."""

import sys
import tomllib
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))

from house import draw_house
from pictures import draw_pictures

_metadata = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))

project = "psychobench"
author = "The psychobench maintainers"
release = _metadata["project"]["version"]
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "numpydoc",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "psychobench"
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

autodoc_member_order = "bysource"
numpydoc_show_class_members = False
autodoc_typehints = "none"
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", lambda _: (draw_house(), draw_pictures()))
