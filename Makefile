# Two commands set everything up: `make run` and `make test`. Only Python 3.11+, make and a package registry are assumed.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
# Whoever looks on sees how far it is.
QUIET := $(shell test -t 2 || echo --quiet)

.PHONY: run setup test check bench chaos stateful mutate accuracy translations

run: setup
	@exec $(BIN)/python -m commands.run

setup: $(READY)

$(READY): requirements.lock
	@test -n "$(PYTHON)" || { echo "Tandem needs Python 3.11 or newer: install it, or say where it is with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is no Python 3.11 or newer, which Tandem needs." >&2; exit 1; }
	@echo "Setting up (once; a minute or two) …" >&2
	@# Debian's Python leaves an environment without pip behind where its package python3-venv is missing.
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install $(QUIET) --disable-pip-version-check --require-hashes -r requirements.lock >&2
	@touch $@

test: setup
	@$(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder

check: setup
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

SECONDS ?= 60
chaos: setup
	@$(BIN)/python -m tests.chaos --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

# Random acts, kills and jumps of the clock against the model: as many new runs as asked.
RUNS ?= 500
stateful: setup
	@STATEFUL_RUNS=$(RUNS) $(BIN)/python -m pytest -q tests/concurrency/test_stateful.py -k whatever

mutate: .venv/mutation/.ready
	@PYTHONPATH=$(CURDIR)/.venv/mutation $(BIN)/python -m tests.mutation

.venv/mutation/.ready: $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --target .venv/mutation mutmut==3.8.1
	@touch $@

# What Tandem costs against named baselines, in one table and in bench.json; FULL=1 takes longer and varies less.
bench: setup .venv/bench/.ready
	@$(BIN)/python -m tests.benchmarks $(if $(FULL),--full) $(foreach part,$(ONLY),--only $(part))

# The offline responder's routing beside a trained bag of words; FILE is a CSV with text and category.
accuracy: .venv/accuracy/.ready
	@PYTHONPATH=$(CURDIR)/.venv/accuracy $(BIN)/python -m tests.benchmarks.routing $(FILE)

.venv/accuracy/.ready: tests/benchmarks/routing.lock $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --upgrade --target .venv/accuracy -r $<
	@touch $@

# Collects what pages and scripts say into inbox/translations and compiles what was translated.
translations: setup
	@$(BIN)/python -m tests.translating

.venv/bench/.ready: requirements-bench.lock $(READY)
	@test -x .venv/bench/bin/python || $(BIN)/python -m venv .venv/bench
	@.venv/bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@
