# Everything starts here; only make, git and a Python of 3.11 or later are needed. `make help` lists the targets.

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.PHONY: help demo test check test-slow bench lock schemas docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z -]*:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.installed ## see it work: validate, plan, apply, a change by hand, drift, against the built-in emulator
	@EXPORTCTL='$(abspath $(BIN))/exportctl' sh examples/demo.sh

test: $(VENV)/.installed-dev ## everything CI runs
	@.ci/check-locks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check
	$(BIN)/python -m pytest -n auto -m 'not slow'

test-slow: $(VENV)/.installed-dev ## the long sweeps
	$(BIN)/python -m pytest -n auto -m slow

bench: $(VENV)/.installed-dev ## count requests and compare costs; writes benchmarks/results.md
	$(BIN)/python -m benchmarks

schemas docs: $(VENV)/.installed-dev ## write the files that are made from the code (schemas/, docs/, the tour of README.md)
	$(BIN)/python docs/generate.py
	$(BIN)/python tests/docs/readme_tour.py

lock: $(VENV)/.installed-dev ## write the lock files anew from pyproject.toml
	$(PIP) install uv
	$(COMPILE) pyproject.toml --output-file requirements.txt
	$(COMPILE) --group build --output-file requirements-build.txt
	$(COMPILE) pyproject.toml --extra dev --constraint requirements.txt --output-file requirements-dev.txt
	.ci/check-locks

clean: ## take away what these targets made
	rm -rf build dist .exportctl .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache $(VENV)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/pyvenv.cfg:
	@python=$$(.ci/find-python) && echo "making $(VENV) with $$python" && "$$python" -m venv $(VENV)

$(VENV)/.installed: requirements.txt requirements-build.txt pyproject.toml | $(VENV)/pyvenv.cfg
	@echo 'installing exportctl and what it needs, every file checked against its hash'
	@$(PIP) install --require-hashes --requirement requirements-build.txt --requirement requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo 'installing what the tests need'
	@$(PIP) install --require-hashes --requirement requirements-dev.txt
	@touch $@
