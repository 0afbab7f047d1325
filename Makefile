# Everything a contributor or a curious user runs. A fresh machine needs Python 3.11 or newer with its venv module;
# the environment, the packages (pinned by hash) and the web UI are made here, and only when something changed.

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name))))
VENV   := .venv
BIN    := $(CURDIR)/$(VENV)/bin
UV     := $(BIN)/uv pip
ARGS   ?=
JOBS   ?= 2

# The genuine MLflow that the conformance tests compare with: ours to build unless somebody names one.
export HEADRACE_GENUINE_PYTHON ?= $(CURDIR)/.venv-genuine/bin/python
GENUINE := $(if $(filter $(CURDIR)/.venv-genuine/bin/python,$(HEADRACE_GENUINE_PYTHON)),.venv-genuine/.installed)

INSTALLED := $(VENV)/.installed
.PHONY: help demo test check install ui genuine libraries oldest oldest-libraries generated requirements format clean
.DEFAULT_GOAL := help

help:  ## What can be asked of make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | awk -F'\t' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: ui  ## Train, register, serve and score; then stay up (ARGS=--once ends by itself)
	@$(BIN)/python examples/demo.py $(ARGS)

test: ui $(GENUINE) libraries  ## Everything: style, types, storeys, generated files, all tests, the demo
	@$(MAKE) --no-print-directory .style
	$(BIN)/pytest -n $(JOBS)
	@$(MAKE) --no-print-directory .libraries-tests
	@$(MAKE) --no-print-directory oldest
	$(BIN)/python examples/demo.py --once

check: ui  ## What to run before pushing: the same without the slow tests, in under a minute
	@$(MAKE) --no-print-directory .style
	$(BIN)/pytest -n $(JOBS) -m "not slow"

.PHONY: .style
.style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m headrace.wire --check
	$(BIN)/python docs/generate.py --check

install: $(INSTALLED)  ## The environment, with everything development needs
$(INSTALLED): requirements/dev.txt requirements/uv.txt pyproject.toml hatch_build.py
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Headrace needs Python 3.11 or newer with its venv module: install it, or name one: make PYTHON=/path/to/python3"; exit 1; }
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements/uv.txt
	$(UV) install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	HEADRACE_BUILD_UI=0 $(UV) install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

ui: $(INSTALLED)  ## The web UI, built into the package
	@$(BIN)/python hatch_build.py

genuine: .venv-genuine/.installed  ## Genuine MLflow in an environment of its own, for the conformance tests
.venv-genuine/.installed: requirements/genuine.txt | $(INSTALLED)
	test -x .venv-genuine/bin/python || $(BIN)/uv venv --quiet --python $(BIN)/python .venv-genuine
	$(UV) install --quiet --python .venv-genuine/bin/python --require-hashes -r requirements/genuine.txt
	@touch $@

# PyPI's torch for Linux is built for CUDA; where its CPU builds are wanted, set PIP_EXTRA_INDEX_URL to their index.
libraries: .venv-libraries/.installed  ## The environment of the large libraries, and genuine MLflow beside them
.venv-libraries/.installed: requirements/libraries.txt requirements/torch.in pyproject.toml | $(INSTALLED)
	test -x .venv-libraries/bin/python || $(BIN)/uv venv --quiet --python $(BIN)/python .venv-libraries
	$(UV) install --quiet --python .venv-libraries/bin/python --no-deps --require-hashes -r requirements/libraries.txt
	$(BIN)/python -m pip --python .venv-libraries/bin/python install --quiet -r requirements/torch.in
	HEADRACE_BUILD_UI=0 $(UV) install --quiet --python .venv-libraries/bin/python --no-deps --no-build-isolation -e .
	@touch $@

# A process for each file: some of these libraries crash beside others. A file all of whose tests are skipped fails.
LARGE_TESTS = $(wildcard tests/libraries/test_*.py) $(patsubst %,tests/flavors/test_%.py,pmdarima prophet spacy)
.PHONY: .libraries-tests
.libraries-tests: libraries
	printf '%s\n' $(LARGE_TESTS) | xargs -n 1 -P $(JOBS) .venv-libraries/bin/python -m pytest

# Their wheels are for Python 3.11. Old releases warn of what their neighbours have changed since.
OLDEST_WARNINGS = $(addprefix -W ignore::,DeprecationWarning FutureWarning PendingDeprecationWarning)
oldest: .venv-oldest/.installed  ## The tests of the flavors with the oldest libraries that pyproject.toml names
	.venv-oldest/bin/python -m pytest -n $(JOBS) -m "not slow" $(OLDEST_WARNINGS) tests/flavors
.venv-oldest/.installed: requirements/oldest.txt pyproject.toml | $(INSTALLED)
	test -x .venv-oldest/bin/python || $(BIN)/uv venv --quiet --python 3.11 .venv-oldest
	$(UV) install --quiet --python .venv-oldest/bin/python --require-hashes -r requirements/oldest.txt
	HEADRACE_BUILD_UI=0 $(UV) install --quiet --python .venv-oldest/bin/python --no-deps --no-build-isolation -e .
	@touch $@

# Outside of `make test`: an environment and a minute for each is more than CI has time for. Of their time, these
# libraries warn of much; they go by version, not by hash.
oldest-libraries: $(INSTALLED)  ## The same of the large libraries, an environment for each (takes long)
	grep '^[a-z_]*: ' requirements/oldest-libraries.in | while IFS=: read -r name needs; do \
		home=.venv-oldest-libraries/$$name; set -e; echo "$$name:$$needs"; \
		test -x $$home/bin/python || $(BIN)/uv venv --quiet --python 3.11 $$home; \
		case "$$needs" in *torch*) $(BIN)/python -m pip --python $$home/bin/python install --quiet -r requirements/torch.in; esac; \
		HEADRACE_BUILD_UI=0 $(UV) install --quiet --python $$home/bin/python -e '.[agents,sklearn]' \
			'pandas<3' mlflow==3.17.2 hypothesis psutil pytest pytest-xdist $$needs; \
		OPENAI_API_KEY=none $$home/bin/python -m pytest -W ignore tests/libraries/test_$$name.py </dev/null; \
	done

generated: $(INSTALLED)  ## Write anew what is derived from the calls: OpenAPI, the UI's types, the reference
	$(BIN)/python -m headrace.wire
	$(BIN)/python docs/generate.py

format: $(INSTALLED)  ## Let ruff put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

COMPILE = $(UV) compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make requirements" --output-file

requirements: $(INSTALLED)  ## Pin anew, by version and hash, what pyproject.toml asks for
	$(COMPILE) requirements/core.txt pyproject.toml
	$(COMPILE) requirements/dev.txt pyproject.toml --extra dev
	$(COMPILE) requirements/sklearn.txt pyproject.toml --extra sklearn --constraints requirements/dev.txt
	$(COMPILE) requirements/genuine.txt requirements/genuine.in
	$(COMPILE) requirements/libraries.txt requirements/libraries.in --overrides requirements/libraries.overrides \
		--fork-strategy fewest --no-emit-package torch
	$(filter-out --universal,$(COMPILE)) requirements/oldest.txt pyproject.toml requirements/oldest.in \
		--constraints requirements/core.txt
	echo uv | $(COMPILE) requirements/uv.txt - --constraints requirements/dev.txt

clean:  ## Remove the environments and what was built
	rm -rf $(VENV) .venv-genuine .venv-libraries .venv-oldest .venv-oldest-libraries src/headrace/server/static ui/node_modules ui/dist .demo
