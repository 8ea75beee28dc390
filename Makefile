# `make compare` shows the main job, `make test` does all that CI does; each sets itself up first.
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
SUITABLE := "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
PYTHON ?= $(shell for p in $(CANDIDATES); do \
	$$p -c $(SUITABLE) 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt
PLUGIN := --editable plugins/torch_models
RUN := $(VENV)/.installed
DEV := $(VENV)/.installed-dev

.PHONY: help compare test lint docs clean

help:
	@echo "make compare   test how human fe_alexnet is; the results go to results/compare"
	@echo "make test      everything CI does: style, types, layers, docs, tests, wheels"
	@echo "make lint      style, types and layers alone"
	@echo "make docs      build the documentation into docs/_build/html"
	@echo "make clean     remove what the other commands made"

compare: $(RUN)
	$(BIN)/psychobench compare --observer fe_alexnet --out results/compare

# pytest comes last, so that its closing line ends the log; the tests of a file share what they make
test: lint docs
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder \
		-m "packaging or not packaging"

lint: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(DEV)
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs docs/_build/html

clean:
	rm -rf $(VENV) results docs/_build dist

$(RUN): pyproject.toml plugins/torch_models/pyproject.toml constraints.txt
	@"$(PYTHON)" -c $(SUITABLE) 2>/dev/null || { echo "Python must be 3.11 or later and\
	 have venv: '$(PYTHON)' does not; name another: make PYTHON=/path/to/python3" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)
	$(INSTALL) --editable ".[psignifit]" $(PLUGIN)
	touch $@

$(DEV): $(RUN)
	$(INSTALL) --editable ".[psignifit,dev]" $(PLUGIN)
	touch $@
