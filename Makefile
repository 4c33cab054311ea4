# Everything starts here; only make, git and a Python of 3.11 or later are needed. `make help` lists the targets.

VENV ?= .venv
BIN := $(VENV)/bin
# An environment of its own: Airflow and exportctl share no dependencies.
AIRFLOW := $(VENV)-airflow
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Extras are kept: pip takes `coverage[toml]` for unpinned as soon as a newer coverage exists than the one locked.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --no-annotate

# Each process begins with an equal share of the tests, in their order: a module is mostly set up once.
PARALLEL := -n auto --dist worksteal

# Tests of one process: only those are measured. Those of time and memory are left out, because measuring slows them.
MEASURED := $(addprefix tests/,model resources plan planfile apply rules cases output snapshot monitor config client importing \
	yaml_edit storage restore engines probe profile code_hosts cli/test_probe_cli.py cli/test_lease_cli.py \
	cli/test_nightly_cli.py cli/test_fleet_cli.py cli/test_fleet_merge_cli.py pipelines/test_branches.py pipelines/test_credentials.py \
	pipelines/test_pipeline.py pipelines/test_rendered_files.py) \
	$(patsubst %,tests/workflows/test_%.py,accept_values backup canary changed_variables combinations descriptions faults file_lists fleet \
	flow_states former_locations former_schedules half_adoptions lag lease moves older_config own_actions \
	pause_kinds read_storage restored_replacements spec_offers unknown_ends unknown_schedules volumes)
UNMEASURED := twenty_thousand_objects or the_worst_footer

export PIP_NO_INPUT := 1
# Some images set it. Then each process that a test starts would compile all that it imports again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check lint format check-format types check-generated check-locks
.PHONY: test-slow sweeps fuzz mutants test-real test-ecosystem test-airflow test-airflow-oldest test-image coverage bench dist layout lock schemas docs site clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z -]*:.*## / {printf "  make %-16s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.installed ## see it work in twelve steps, against the built-in emulator: no account, no network
	@EXPORTCTL='$(abspath $(BIN))/exportctl' sh examples/demo.sh

test: check ## every check, and every test that needs nothing but pip; PYTHON=python3.12 chooses the Python of a new .venv
	$(BIN)/python -m pytest $(PARALLEL) -m 'not slow and not real and not ecosystem'

check: check-locks lint check-format types check-generated ## every check without a test

check-locks: ## check that no lock file names a package index
	@.ci/check-locks

lint: $(VENV)/.installed-dev ## check the code with ruff
	$(BIN)/ruff check .

format: $(VENV)/.installed-dev ## format the code with ruff
	$(BIN)/ruff format .

check-format: $(VENV)/.installed-dev ## check that the code is formatted
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev ## check the types with mypy
	$(BIN)/mypy

check-generated: $(VENV)/.installed-dev ## check that schemas/ and docs/ are what the code makes
	$(BIN)/python docs/generate.py --check

test-slow: $(VENV)/.installed-dev ## the long sweeps
	$(BIN)/python -m pytest $(PARALLEL) -m 'slow and not real and not ecosystem'
	EXPORTCTL_TEST_FACTOR=25 $(BIN)/python -m pytest $(PARALLEL) -m 'law and not slow'

sweeps: $(VENV)/.installed-dev ## kills, corrupted answers, edits by a person and races, each in full; the last line of each has the figures
	$(BIN)/python -m tests.sweeps kills
	$(BIN)/python -m tests.sweeps corrupted
	$(BIN)/python -m tests.sweeps edits --cases 1000
	$(BIN)/python -m benchmarks.lease_races --races 300

fuzz: $(VENV)/.installed-dev ## a million random inputs of every kind that comes from outside
	$(BIN)/python -m tests.fuzz.sweep --inputs 1000000

# All take a night on one core. A run that is stopped goes on where it was.
mutants: $(VENV)/.installed-dev ## small faults in the code that no test notices; PACKAGE=plan SAMPLE=100 SEED=1 tries a part
	nice -n 10 $(BIN)/python -m tests.mutation $(PACKAGE:%=--package %) $(SAMPLE:%=--sample %) $(SEED:%=--seed %)

test-real: $(VENV)/.installed-real build/azurite/.installed ## against real storage servers; needs npm and OpenSSH's server
	$(BIN)/python -m pytest -m 'real and not slow'

coverage: $(VENV)/.installed-dev ## check that no package falls below its floor of branch coverage, tests/coverage.toml
	@mkdir -p build
	$(BIN)/python -m pytest $(PARALLEL) -m 'not slow and not real and not ecosystem and not law' \
		-k 'not ($(UNMEASURED))' --cov --cov-report= --cov-report=json:build/coverage.json $(MEASURED)
	$(BIN)/python -m tests.branch_coverage build/coverage.json

test-ecosystem: $(VENV)/.installed-ecosystem $(VENV)/.installed-site build/axe/.installed build/programs/.installed test-airflow ## tests that need big or foreign parts, such as a scheduler or a browser
	EXPORTCTL_AIRFLOW='$(abspath $(AIRFLOW))' $(BIN)/python -m pytest -m 'ecosystem and not slow'

test-airflow: $(VENV)/.installed-dev $(AIRFLOW)/.installed ## types and tests of the Airflow provider, without a scheduler
	cd airflow && '$(abspath $(AIRFLOW))/bin/mypy'
	cd airflow && EXPORTCTL_PYTHON='$(abspath $(BIN))/python' '$(abspath $(AIRFLOW))/bin/python' -m pytest

test-airflow-oldest: $(VENV)/.installed-real $(AIRFLOW)-oldest/.installed ## the provider with the oldest Airflow that it allows, with a scheduler, too
	cd airflow && EXPORTCTL_PYTHON='$(abspath $(BIN))/python' '$(abspath $(AIRFLOW))-oldest/bin/python' -m pytest
	EXPORTCTL_AIRFLOW='$(abspath $(AIRFLOW))-oldest' $(BIN)/python -m pytest -m ecosystem tests/airflow_provider

test-image: $(VENV)/.installed-ecosystem ## build the image without a daemon and enter it; as root on Debian
	.ci/install-image-tools
	$(BIN)/python -m pytest -m 'ecosystem and slow' tests/distribution/test_image.py

bench: $(VENV)/.installed-dev ## count requests and round trips, compare costs; writes benchmarks/results.md and a table of docs
	$(BIN)/python -m benchmarks

schemas docs: $(VENV)/.installed-dev ## write what comes from the code: schemas/, pages of docs/, outputs that pages show
	$(BIN)/python docs/generate.py
	$(BIN)/python -m tests.docs.shown_commands

site: $(VENV)/.installed-site ## build the documentation site into build/site; a broken link is an error
	$(BIN)/python docs/build_site.py

dist: $(VENV)/.installed ## sdist, wheel, SBOM and hashes in dist/; one commit always gives the same bytes
	@PYTHON='$(abspath $(BIN))/python' .ci/make-dist

layout: $(VENV)/.installed-dev ## print every package with its lines and the packages that it imports, top to bottom
	@$(BIN)/python -m tests.layout

lock: $(VENV)/.installed-dev ## write the lock files anew from pyproject.toml
	$(PIP) install uv
	$(COMPILE) pyproject.toml --extra emulator --output-file requirements.txt
	$(COMPILE) --group build --output-file requirements-build.txt
	$(COMPILE) --group dist --constraint requirements-build.txt --output-file requirements-dist.txt
	$(COMPILE) pyproject.toml --extra dev --constraint requirements.txt --output-file requirements-dev.txt
	$(COMPILE) pyproject.toml --extra real --constraint requirements-dev.txt --output-file requirements-real.txt
	$(COMPILE) pyproject.toml --extra ecosystem --constraint requirements-real.txt --constraint requirements-dev.txt \
		--output-file requirements-ecosystem.txt
	$(COMPILE) pyproject.toml --extra site --constraint requirements-ecosystem.txt --output-file requirements-site.txt
	$(COMPILE) --group airflow/pyproject.toml:test --output-file airflow/requirements.txt
	$(COMPILE) --group airflow/pyproject.toml:oldest --output-file airflow/requirements-oldest.txt
	cd tests/real/azurite && npm install --package-lock-only
	cd tests/browser/axe && npm install --package-lock-only
	.ci/check-locks

clean: ## take away what these targets made
	rm -rf build dist .exportctl .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache $(VENV) $(AIRFLOW) $(AIRFLOW)-oldest
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

$(VENV)/.installed-real: requirements-real.txt $(VENV)/.installed-dev
	@echo 'installing storage servers and readers'
	@$(PIP) install --require-hashes --requirement requirements-real.txt
	@touch $@

$(VENV)/.installed-ecosystem: requirements-ecosystem.txt $(VENV)/.installed-real
	@echo 'installing Spark and Java, and what drives a browser'
	@$(PIP) install --require-hashes --requirement requirements-ecosystem.txt
	@touch $@

$(VENV)/.installed-site: requirements-site.txt $(VENV)/.installed-dev
	@echo 'installing what builds the documentation site'
	@$(PIP) install --require-hashes --requirement requirements-site.txt
	@touch $@

# The lock is complete, so pip need not look for what is missing (and would take `fastapi[…]==` for no pin of fastapi).
$(AIRFLOW)/.installed: airflow/requirements.txt
$(AIRFLOW)-oldest/.installed: airflow/requirements-oldest.txt
$(AIRFLOW)/.installed $(AIRFLOW)-oldest/.installed: airflow/pyproject.toml airflow/hatch_build.py airflow/src/exportctl_airflow/__init__.py
	@echo 'installing Apache Airflow and the provider, every file checked against its hash'
	@rm -rf $(@D)
	@python=$$(.ci/find-python) && "$$python" -m venv $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes --requirement $(filter %.txt,$^)
	@$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable airflow
	@touch $@

build/azurite/.installed: tests/real/azurite/package-lock.json .ci/install-servers
	@.ci/install-servers
	@touch $@

build/programs/.installed: .ci/install-programs
	@.ci/install-programs
	@touch $@

build/axe/.installed: tests/browser/axe/package-lock.json .ci/install-browser
	@.ci/install-browser
	@touch $@
