# Needs git, make and a Python with venv. Brings everything else into .uv-venv and .venv; no root.
.POSIX:
.SUFFIXES:

STUDIES = data/lenalidomide data/actg175 data/simulated
DRAWS =
TUNE =
ARGS =
PYTEST_ARGS = -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

UV = $$(command -v uv || echo .uv-venv/bin/uv)
BIN = .venv/bin
FIT_ARGS = $(DRAWS:%=--draws %) $(TUNE:%=--tune %) $(ARGS)

.PHONY: help setup fit report test lint reconstruct spread bench validate lock clean

help:
	@echo 'make fit     set up what is missing and analyse the embedded studies (STUDIES, DRAWS, TUNE, ARGS)'
	@echo 'make report  write the reports again from the stored fits; nothing is sampled'
	@echo 'make test    set up what is missing; lint, types and tests (PYTEST_ARGS)'
	@echo 'make lint    ruff and mypy alone'
	@echo 'make reconstruct  rebuild the cohort of the lenalidomide study from printed numbers, about 4 minutes (ARGS=--seed N)'
	@echo 'make spread  rebuild 20 cohorts from 20 seeds, about 40 minutes on 2 cores; goes on where it was stopped'
	@echo 'make bench   measure against the textbook way, about 25 minutes; writes reports/benchmark.md (ARGS=--quick)'
	@echo 'make validate  the long checks, at most 3 hours on 2 cores; goes on where it was stopped (ARGS=--only fuzz --minutes 10)'
	@echo 'make lock    resolve the dependencies again into requirements.lock (ARGS=--upgrade for the newest)'
	@echo 'make clean   remove the environments, caches and generated reports'

fit: setup
	@$(BIN)/bayesrefract fit $(STUDIES) $(FIT_ARGS) || { code=$$?; test $$code -eq 3 || exit $$code; \
	echo 'Done, but a primary verdict is withheld: the table says why.' >&2; }

report: setup
	@$(BIN)/bayesrefract report $(STUDIES) $(FIT_ARGS)

test: lint
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

PUBLISHED = data/lenalidomide

reconstruct: setup
	@$(BIN)/bayesrefract reconstruct --estimates $(PUBLISHED)/published_estimates.csv \
	--counts $(PUBLISHED)/published_counts.csv --out $(PUBLISHED)/cohort.csv $(ARGS)

spread: setup
	@$(BIN)/bayesrefract spread $(PUBLISHED) --out $(PUBLISHED)/reconstruction_spread.csv $(ARGS)

bench: setup
	@$(BIN)/python -m benchmark $(ARGS)

validate: setup
	@$(BIN)/python -m validation $(ARGS)

lock: .uv-venv/ready
	$(UV) pip compile --universal --python-version 3.12 --generate-hashes --no-header --no-annotate --quiet \
	--group dev pyproject.toml -o requirements.lock $(ARGS)

clean:
	rm -rf .venv .uv-venv .cache .mypy_cache .pytest_cache .ruff_cache dist
	find reports -mindepth 1 -maxdepth 1 -type d ! -name validation -exec rm -rf {} +
	find reports/validation -name "*.json" ! -name calibration.json -exec rm -f {} +
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment: each file marks a finished step, so that nothing is done twice.
setup: .venv/installed

.venv/installed: .venv/synced pyproject.toml
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/synced: .venv/created requirements.lock
	@echo 'Installing the locked dependencies ...' >&2
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@touch $@

# A Python of this machine first, then uv's own download.
.venv/created: .uv-venv/ready
	@for version in 3.13 3.12 3.14; do \
	  $(UV) venv --quiet --allow-existing --no-python-downloads --python $$version .venv 2>/dev/null && break; \
	done; \
	test -x $(BIN)/python || $(UV) venv --quiet --allow-existing --python 3.13 .venv 2>/dev/null || { \
	  echo 'No Python 3.12 to 3.14 was found and none could be downloaded: install one, then run make again.' >&2; exit 1; }
	@touch $@

# uv itself: the one on PATH, or one in a plain environment of whatever Python is here.
.uv-venv/ready:
	@mkdir -p .uv-venv
	@command -v uv >/dev/null || test -x .uv-venv/bin/uv || { \
	  for python in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do \
	    $$python -c 'import ensurepip, venv' 2>/dev/null || continue; \
	    echo "Fetching uv with $$python ..." >&2; \
	    $$python -m venv .uv-venv && .uv-venv/bin/python -m pip install --quiet uv && break; \
	  done; test -x .uv-venv/bin/uv; } || { \
	  echo 'uv could not be fetched: install uv, or a Python 3.11 or newer with venv, then run make again.' >&2; exit 1; }
	@touch $@
