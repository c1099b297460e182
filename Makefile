# Needs Python 3.11 to 3.13, git and make. Everything else goes into .venv.
#
#   make setup      .venv with the command .venv/bin/pressmark
#   make demo       archives a small news site on this machine and reads it back
#   make test       what must pass before every commit
#   make test-full  the slow suites
#   make lint       style, types, layers
#   make bench      speed, side by side with plain Scrapy
#   make clean      removes .venv and caches; never data/

SHELL := /bin/bash
.DEFAULT_GOAL := setup
.DELETE_ON_ERROR:

BIN := .venv/bin
UV_RANGE := uv>=0.13.9,<0.14

# Of an active environment, or of settings made for another project, nothing may reach uv. It trusts
# the certificates that the machine trusts, as pip does where a proxy or a mirror needs that.
UV := env -u VIRTUAL_ENV -u UV_PYTHON -u UV_NO_DEV -u UV_FROZEN -u UV_LOCKED \
	UV_PROJECT_ENVIRONMENT=.venv UV_PYTHON_DOWNLOADS=never \
	UV_SYSTEM_CERTS=true $(BIN)/uv --quiet

# The first that really runs, fits, and can make an environment: a name on the PATH may be an empty
# shim, and Debian's python3 has no ensurepip without python3-venv.
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
FIND_PYTHON = for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	if "$$python" -c '$(FITS)' >/dev/null 2>&1; then echo "$$python"; exit; fi; done

# Half of their time tests wait for servers, signals and clocks.
WORKERS = $$($(BIN)/python -c 'import os; print(min(2 * (os.cpu_count() or 1), 8))')
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

.PHONY: setup demo test test-full lint bench clean

setup: .venv/.ready

demo: setup
	$(BIN)/pressmark demo

test: lint
	$(PYTEST) -m "not slow"

test-full: .venv/.ready-dev
	$(PYTEST) -m slow

lint: .venv/.ready-dev
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

bench: .venv/.ready-dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .venv-clients dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find archive benchmarks config crawler pipelines tests -name __pycache__ -prune -exec rm -rf {} +

# Without --inexact uv would remove what `make test` needs, to install it again at the next call.
.venv/.ready: .venv/.uv pyproject.toml uv.lock
	$(UV) sync --frozen --compile-bytecode --no-dev --inexact
	@touch $@

.venv/.ready-dev: .venv/.uv pyproject.toml uv.lock
	$(UV) sync --frozen --compile-bytecode
	@touch $@ .venv/.ready

.venv/.uv: Makefile
	@if ! $(BIN)/python -c 'import pip; $(FITS)' >/dev/null 2>&1; then \
		python=$$($(FIND_PYTHON)); \
		if [ -z "$$python" ]; then \
			echo "No Python 3.11, 3.12 or 3.13 that can make environments was found." \
				"Install one (Debian: python3 and python3-venv), or name it:" \
				"make PYTHON=/path/to/python3" >&2; \
			exit 1; \
		fi; \
		echo "$$python -m venv .venv"; \
		"$$python" -m venv --clear .venv; \
	fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check '$(UV_RANGE)'
	@touch $@
