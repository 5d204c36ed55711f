# Everything a learner, a teacher or a contributor runs. `make help` lists it.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PY := $(BIN)/python
# Written when .venv holds what a learner needs, and when it holds what tests need as well. The first holds the folder's
# path: Python's environments do not work where they were moved or copied to, so there .venv is made anew. It is made
# anew, too, where the Python that it was made with is gone, as after an upgrade.
READY := .venv/.ready
TESTS_READY := .venv/.ready-tests
ifneq "$(shell test -x $(PY) && cat $(READY) 2>/dev/null)" "$(shell pwd -P)"
.PHONY: $(READY)
ANEW := --clear
endif
# What runs the notebooks unattended always replays, at full speed, whatever the environment says. Python keeps the
# bytecode of helpers, which each kernel would otherwise compile again.
OFFLINE := HELPERS_MODE=replay HELPERS_PACE=0 PYTHONDONTWRITEBYTECODE=

# A folder from `make wheelhouse`: with it, set-up needs no internet. The shell reads its name from the environment,
# where it may have blanks and quotes in it.
WHEELHOUSE ?=
export WHEELHOUSE
FROM := $(if $(WHEELHOUSE),--no-index --find-links "$$WHEELHOUSE")
NO_FIT := Is there a folder $$WHEELHOUSE? It fits only the system and the version of Python that it was made with.
NO_WAY := Set-up needs the internet, or a folder from make wheelhouse: make setup WHEELHOUSE=<folder>. Then run it again.
PIP := $(PY) -m pip install --quiet --disable-pip-version-check $(FROM)
# Some computers have pip install for the user, which fails in an environment, or keep Python from importing what is
# beside a script, as those in tests/tools do.
export PIP_USER := 0
unexport PYTHONSAFEPATH
# Ctrl-C ends what is run by this with one line, in place of a traceback.
STOPPABLE := tests/tools/stoppable.py
UV := $(PY) -m uv pip install --quiet --compile-bytecode --python .venv $(FROM)
# The site has tools and an environment of its own. REPOSITORY is its address, for badges; SITE_WHEELS a folder
# of wheels for Pyodide, which take the place of stand-ins. SOLUTIONS=no leaves solutions out, as make handout does.
REPOSITORY ?=
SITE_WHEELS ?=
export SITE_WHEELS
SOLUTIONS ?= yes
SITE_BIN := $(subst .venv,site/.venv,$(BIN))
SITE_READY := site/.venv/.ready
# What draws the pictures: D2, from npm.
D2 := tests/tools/pictures
D2_READY := $(D2)/node_modules/.ready
# $(call install,packages): by uv, which is many times faster, or by pip where uv cannot be had or fails.
install = $(UV) $(1) 2>/dev/null || { echo "uv fails here, so pip takes over (a minute or two) ..."; $(PIP) $(1); } || { echo "$(if $(WHEELHOUSE),$(NO_FIT),$(NO_WAY))"; exit 1; }

# $(call node,command): stop where npm is not there, and say so.
node = command -v npm >/dev/null || { echo "This needs Node.js 20.11 or newer with npm: install it from https://nodejs.org, then run $(1) again."; exit 1; }

# JupyterLab asks whether to fetch news, and no option of its command prevents that. This file is the one that
# `jupyter labextension disable` writes; it belongs to .venv, so your own Jupyter settings stay as they are.
LABCONFIG := .venv/etc/jupyter/labconfig
NO_NEWS := {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}

define STYLE
$(PY) -m ruff check .
$(PY) -m ruff format --check .
$(PY) -m pyright
endef

COMPILE := -m uv pip compile --quiet --universal --python-version 3.11 --only-binary :all: --no-header --no-annotate --no-emit-index-url

.DEFAULT_GOAL := help
.PHONY: help setup lab room wheelhouse site test-site serve test run outputs pictures handout record lint bench lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## Set up .venv from requirements.lock (every other command does this by itself)

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "This course needs Python 3.11 or newer, and there is no $(PYTHON). Install it from https://www.python.org, or name yours: make PYTHON=python3.12 lab"; exit 1; }
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'This course needs Python 3.11 or newer; $(PYTHON) is %d.%d. Try: make PYTHON=python3.12 lab' % sys.version_info[:2])"
	@echo "Setting up .venv (once, less than a minute) ..."
	@$(PYTHON) $(STOPPABLE) -m venv $(ANEW) .venv
	@$(PIP) uv 2>/dev/null || true
	@$(call install,-r requirements.lock)
	@$(call install,--no-deps --no-build-isolation -e .)
	@mkdir -p $(LABCONFIG)
	@echo '$(NO_NEWS)' > $(LABCONFIG)/page_config.json
	@pwd -P > $(READY)

$(TESTS_READY): tests/requirements.lock tests/node/package.json $(READY)
	@echo "Adding what the tests need ..."
	@$(call install,-r tests/requirements.lock)
	@$(PY) $(STOPPABLE) tests/tools/node_packages.py
	@touch $(TESTS_READY)

lab: $(READY)  ## Open JupyterLab at notebook 00, with recorded answers: ARGS=--no-browser
	@[ -w "$${HOME-.}" ] || { echo "Jupyter cannot write to your home folder, $$HOME. Run: make lab HOME=\"$$PWD/.venv\""; exit 1; }
	$(PY) -m jupyter lab notebooks/00_start_here.ipynb $(ARGS)

room:  ## Check that this computer can run the course, offline (20 seconds)
	@if [ -x $(PY) ]; then $(PY) $(STOPPABLE) tests/tools/room.py; else $(PYTHON) $(STOPPABLE) tests/tools/room.py; fi

wheelhouse: $(READY)  ## Gather what set-up needs in build/wheelhouse: then, offline, make setup WHEELHOUSE=build/wheelhouse
	$(PY) -m pip download --quiet --disable-pip-version-check --only-binary :all: --dest build/wheelhouse uv -r requirements.lock

site: $(SITE_READY)  ## Build the site in build/site: pages, and the course in the browser
	@$(SITE_BIN)/python $(STOPPABLE) site/build.py build/site $(if $(SITE_WHEELS),--wheels "$$SITE_WHEELS") $(if $(REPOSITORY),--repository $(REPOSITORY)) $(if $(filter no,$(SOLUTIONS)),--no-solutions)

test-site: $(SITE_READY) $(READY)  ## Check build/site: every notebook in headless Chromium, links, alt text, search
	@$(SITE_BIN)/python $(STOPPABLE) site/check.py build/site

$(SITE_READY): site/requirements.lock site/package-lock.json
	@$(call node,make site)
	@echo "Setting up site/.venv and site/node_modules (once, a few minutes) ..."
	@$(PYTHON) $(STOPPABLE) -m venv site/.venv
	@$(SITE_BIN)/python -m pip install --quiet --disable-pip-version-check -r site/requirements.lock
	@cd site && npm ci --silent --no-audit --no-fund
	@touch $(SITE_READY)

test: $(TESTS_READY)  ## Run all that CI runs: lint, unit and structure tests, and nbval with the network cut
	$(STYLE)
	$(OFFLINE) $(PY) tests/tools/cut_network.py -m pytest

run: $(READY)  ## Run all notebooks without a browser, or one: make run NB=02_streaming
	@$(OFFLINE) $(PY) $(STOPPABLE) tests/tools/run_notebooks.py $(NB)

outputs: $(READY)  ## Run the notebooks and save their outputs, or one: make outputs NB=02_streaming
	@$(OFFLINE) $(PY) $(STOPPABLE) tests/tools/run_notebooks.py --save $(NB)

pictures: $(D2_READY)  ## Draw the pictures in notebooks/images again from their sources, or one: make pictures NAME=02_stream
	@node $(D2)/draw.mjs $(NAME)

$(D2_READY): $(D2)/package-lock.json
	@$(call node,make pictures)
	@cd $(D2) && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $(D2_READY)

handout: $(READY)  ## Copy the notebooks for a class to build/handout, without solutions and with them
	@$(PY) $(STOPPABLE) tests/tools/handout.py

serve: $(READY)  ## Serve the recorded answers over HTTP, for any language: ARGS="--port 9000 --pace 0"
	@$(PY) $(STOPPABLE) -m helpers.replay.server --rules helpers.service_rules:rules $(ARGS)

record: $(TESTS_READY)  ## Capture answers from your endpoint (.env): NB=05_tools for one notebook, ARGS=--dry-run to save nothing
	@PYTHONPATH=tests/tools $(PY) $(STOPPABLE) -m capture $(ARGS) $(NB)

lint: $(TESTS_READY)  ## Check style, types and structure only (under a minute)
	$(STYLE)
	$(OFFLINE) $(PY) -m pytest --numprocesses=0 -m "not slow" tests/test_structure.py tests/test_project.py

bench: $(TESTS_READY)  ## Measure the speeds that the project promises, as ratios within this run
	@$(OFFLINE) $(PY) $(STOPPABLE) tests/tools/bench.py

lock: $(READY)  ## Pin the dependencies of pyproject.toml, for learners and for tests, on every system
	@$(PIP) uv
	$(PY) $(COMPILE) --all-extras --output-file tests/requirements.lock pyproject.toml
	$(PY) $(COMPILE) --extra build --constraint tests/requirements.lock --output-file requirements.lock pyproject.toml
	$(PY) $(COMPILE) --output-file site/requirements.lock site/requirements.in

clean:  ## Delete .venv, caches and the folder build, with its site, handout and wheelhouse
	rm -rf .venv site/.venv site/node_modules $(D2)/node_modules .pytest_cache .ruff_cache .hypothesis build *.egg-info
