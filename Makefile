# The two commands: `make lab` opens the tour, `make test` runs the tests.
# Each target makes its own environment in .venv when it is missing, and refreshes it when pyproject.toml changes.
#
#   PYTHON=python3.12 make lab        another Python
#   TORCH="torch>=2.6" make test      another build of PyTorch (an index for it: set PIP_EXTRA_INDEX_URL)
#   ARGS="-k routing -x" make test    more arguments for pytest
#   WORKERS=0 make test               every test in one process (2 work side by side otherwise)

PYTHON ?= python3
TORCH ?= torch==2.13.0
ARGS ?=
WORKERS ?= 2

VENV := .venv
RUN := $(VENV)/bin
PIP := $(RUN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: lab test test-fast bench lint notebooks clean
.DEFAULT_GOAL := lab

lab: $(VENV)/installed-lab
	$(RUN)/g4lab lab

test: $(VENV)/installed-dev
	$(RUN)/python tests/browser/ensure_chromium.py
	$(RUN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

test-fast: $(VENV)/installed-dev
	$(RUN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not slow and not browser and not parity" $(ARGS)

bench: $(VENV)/installed-dev
	$(RUN)/g4lab bench $(ARGS)

lint: $(VENV)/installed-lint
	$(RUN)/ruff check .

notebooks: $(VENV)/installed-dev
	$(RUN)/python notebooks/build.py

clean:
	rm -rf $(VENV) build dist .cache .pytest_cache .hypothesis .ruff_cache
	find g4lab datasets notebooks tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# A half-made environment is worse than none: it would look finished to the next `make`.
$(RUN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "g4lab needs Python 3.11 or newer, named like this: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	    { rm -rf $(VENV); echo "Could not make $(VENV); on Debian: apt-get install python3-venv"; exit 1; }

# What a learner needs: one backend and JupyterLab.
$(VENV)/installed-lab: pyproject.toml | $(RUN)/python
	@echo "Installing g4lab with JAX and JupyterLab into $(VENV) ..."
	$(PIP) -e ".[jax,lab]"
	@touch $@

$(VENV)/installed-lint: pyproject.toml | $(RUN)/python
	$(PIP) -e ".[lint]"
	@touch $@

# What the tests compare with: all three backends, keras-hub, transformers. PyTorch goes first and pinned, so that
# nothing that merely wants "torch" picks a larger build.
$(VENV)/installed-dev: pyproject.toml | $(RUN)/python
	@echo "Installing everything the tests compare with into $(VENV) (several minutes the first time) ..."
	$(PIP) "$(TORCH)"
	$(PIP) -e ".[dev]"
	@touch $@
