# Everything a learner, a teacher or a contributor runs. `make help` lists it.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PY := $(BIN)/python
READY := .venv/.ready
SERVER := .venv/.server
# What runs the notebooks unattended always replays, at full speed, whatever the environment says.
OFFLINE := HELPERS_MODE=replay HELPERS_PACE=0

.DEFAULT_GOAL := help
.PHONY: help setup lab test run outputs record lint bench lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## Set up .venv from requirements.lock (every other command does this by itself)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'This course needs Python 3.11 or newer; $(PYTHON) is %d.%d. Try: make PYTHON=python3.12 lab' % sys.version_info[:2])"
	@echo "Setting up .venv (once, about a minute) ..."
	@$(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

# Where there is no wheel, pip says so and the tests that need the server are skipped.
$(SERVER): $(READY)
	-@$(PY) -m pip install --quiet --disable-pip-version-check --only-binary=gguf,numpy,xllamacpp --no-build-isolation -e .[server]
	@touch $(SERVER)

lab: $(READY)  ## Open JupyterLab at notebook 00, with recorded answers
	$(PY) -m jupyter lab notebooks/00_start_here.ipynb

test: $(SERVER)  ## Run all that CI runs: lint, unit and structure tests, and nbval with the network cut
	$(PY) -m ruff check . && $(PY) -m ruff format --check .
	$(OFFLINE) $(PY) tests/tools/cut_network.py -m pytest

run: $(READY)  ## Run all notebooks without a browser, or one: make run NB=02_streaming
	@$(OFFLINE) $(PY) tests/tools/run_notebooks.py $(NB)

outputs: $(READY)  ## Run the notebooks and save their outputs, or one: make outputs NB=02_streaming
	@$(OFFLINE) $(PY) tests/tools/run_notebooks.py --save $(NB)

record: $(READY)  ## Capture answers from your endpoint (.env) as recordings: NB=05_tools for one notebook, ARGS=--dry-run to save nothing
	@PYTHONPATH=tests/tools $(PY) -m capture $(ARGS) $(NB)

lint: $(READY)  ## Check style and structure only (a few seconds)
	$(PY) -m ruff check . && $(PY) -m ruff format --check .
	$(OFFLINE) $(PY) -m pytest --numprocesses=0 tests/test_structure.py tests/test_project.py

bench: $(READY)  ## Measure the speeds that the project promises, as ratios within this run
	@$(OFFLINE) $(PY) tests/tools/bench.py

lock: $(READY)  ## Pin the dependencies of pyproject.toml in requirements.lock, for Python 3.11 and newer
	@$(PY) -m pip install --quiet --disable-pip-version-check uv
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --extra dev --no-header --no-annotate --no-emit-index-url --output-file requirements.lock pyproject.toml

clean:  ## Delete .venv and caches
	rm -rf .venv .pytest_cache .ruff_cache build *.egg-info
