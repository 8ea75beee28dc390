# `make compare` shows the main job, `make test` does all that CI does; each sets itself up first.
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
SUITABLE := "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
PYTHON ?= $(shell for p in $(CANDIDATES); do \
	$$p -c $(SUITABLE) 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt
PLUGIN := --editable plugins/torch_models
DOCS := $(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs docs/_build/html
RUN := $(VENV)/.installed
DEV := $(VENV)/.installed-dev

OLDEST := .venv-oldest

.PHONY: help compare check test oldest lint docs clean

help:
	@echo "make compare   test how human fe_alexnet is; the results go to results/compare"
	@echo "make check     style, types, layers and the fast tests, in two minutes"
	@echo "make test      everything CI does: style, types, layers, docs, tests, wheels"
	@echo "make oldest    the core's tests with the oldest versions of its packages that are allowed"
	@echo "make lint      style, types and layers alone"
	@echo "make docs      build the documentation into docs/_build/html"
	@echo "make clean     remove what the other commands made"

compare: $(RUN)
	$(BIN)/psychobench compare --observer fe_alexnet --out results/compare

# types are checked while the tests run; those of the plug-in wait for `make test`
check: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	@$(BIN)/mypy & types=$$!; \
		$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --quiet \
			-m "not slow and not packaging" tests psychobench; \
		tests=$$?; wait $$types && exit $$tests

# types are checked while the docs are built, and pytest comes last, so that its closing line ends
# the log; the tests of a file share what they make
test: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	@$(BIN)/mypy & types=$$!; \
		$(DOCS); \
		docs=$$?; wait $$types && exit $$docs
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder \
		-m "packaging or not packaging"

lint: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# what old packages warn of is not for us to mend
oldest: $(OLDEST)/.installed
	$(OLDEST)/bin/pytest --numprocesses 2 --dist loadfile -o filterwarnings=default \
		-m "not slow and not packaging" tests

docs: $(DEV)
	$(DOCS)

clean:
	rm -rf $(VENV) $(OLDEST) results docs/_build dist

$(RUN): pyproject.toml plugins/torch_models/pyproject.toml constraints.txt
	@"$(PYTHON)" -c $(SUITABLE) 2>/dev/null || { echo "Python must be 3.11 or later and\
	 have venv: '$(PYTHON)' does not; name another: make PYTHON=/path/to/python3" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)
	$(INSTALL) --editable ".[psignifit]" $(PLUGIN)
	touch $@

$(DEV): $(RUN)
	$(INSTALL) --editable ".[psignifit,dev]" $(PLUGIN)
	touch $@

$(OLDEST)/.installed: pyproject.toml constraints-oldest.txt
	"$(PYTHON)" -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --disable-pip-version-check \
		--constraint constraints-oldest.txt --editable ".[psignifit,import,test]"
	touch $@
