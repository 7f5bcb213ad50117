# Needs make and Python 3.11 or newer; everything else is installed into $(VENV), pinned by hashes.
# The commands: make help

SHELL := /bin/sh
PYTHON ?= python3
VENV ?= .venv
# Where to run; left empty, the reference emulator is started.
ENDPOINT ?=
# More options of "oss-vectors-conformance run".
ARGS ?=
# Test processes of the self-tests.
JOBS ?= 2

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
RUN_LOCKS := requirements/runtime.txt requirements/build.txt
RUN := $(BIN)/oss-vectors-conformance run $(if $(ENDPOINT),--endpoint '$(ENDPOINT)')

# A stamp carries the hash of what was installed, so that a changed lock is noticed
# whatever the times of the files say.
hash = $(shell cat $(1) pyproject.toml | cksum | tr ' ' '-')
RUN_STAMP := $(VENV)/.stamp-run-$(call hash,$(RUN_LOCKS))
DEV_STAMP := $(VENV)/.stamp-dev-$(call hash,requirements/dev.txt $(RUN_LOCKS))

LOCK_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list.
	@echo "Targets (options: ENDPOINT=http://host:port, ARGS='--strict ...', PYTHON=python3.12, VENV=.venv):"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  %-18s %s\n' "$$name" "$$text"; done

.PHONY: conformance
conformance: $(RUN_STAMP) ## Run the suite (profile core) against ENDPOINT, or the embedded emulator.
	$(RUN) $(ARGS)

.PHONY: conformance-full
conformance-full: $(RUN_STAMP) ## The same with the profile full: quotas, large bodies, long state machines.
	$(RUN) --profile full $(ARGS)

.PHONY: test
test: lint self-test lint-openapi ## Lint, type check and self-tests of this project.

.PHONY: lint
lint: $(DEV_STAMP) ## Lint, formatting, types, layers.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: self-test
self-test: $(DEV_STAMP) ## The tests in tests/.
	$(BIN)/python -m pytest tests $(if $(filter-out 0,$(JOBS)),-n $(JOBS) --dist worksteal)

.PHONY: faults
faults: $(DEV_STAMP) ## Run the suite against every named fault of the emulator; ARGS='PutVectors.*' for some.
	$(BIN)/python -m tests.faults.runner $(ARGS)

.PHONY: silence
silence: $(DEV_STAMP) ## Run the suite against correct servers, 50 seeds and every legal difference: an hour.
	$(BIN)/python -m tests.silence.runner $(ARGS)

.PHONY: mutants
mutants: $(DEV_STAMP) ## Run the suite against all mutants of the emulator's source: 12 minutes; ARGS='--sample 200' for some.
	$(BIN)/python -m tests.mutants.run $(or $(ARGS),--minutes 30)

.PHONY: benchmark
benchmark: $(DEV_STAMP) ## Side by side with "schemathesis run": time, requests, memory, faults caught.
	$(BIN)/python -m benchmarks.compare $(ARGS)

.PHONY: footprint
footprint: $(DEV_STAMP) ## Measure anew what each test sends; plans are made from that.
	$(BIN)/python -m tests.footprint

.PHONY: lint-openapi
lint-openapi: ## Redocly and Spectral on the OpenAPI document, where npm can install them.
	@if [ openapi/lint/node_modules/.package-lock.json -nt openapi/lint/package-lock.json ]; then \
		cd openapi/lint && npm run --silent lint; \
	elif ! command -v npm >/dev/null; then \
		echo "NOTICE: npm is not installed, so the OpenAPI linters were not run."; \
	elif ! (cd openapi/lint && npm view --fetch-retries=0 @redocly/cli name >/dev/null 2>&1); then \
		echo "NOTICE: the npm registry does not answer, so the OpenAPI linters were not run."; \
	else \
		cd openapi/lint && npm ci --ignore-scripts --no-audit --no-fund && npm run --silent lint; \
	fi

.PHONY: check-wheel
check-wheel: $(DEV_STAMP) ## Build the wheel and use it in an environment of its own, away from the checkout.
	rm -rf build/wheel && mkdir -p build/wheel/empty
	$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation -w build/wheel .
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements/runtime.txt
	build/wheel/venv/bin/python -m pip --disable-pip-version-check install --quiet --no-deps build/wheel/*.whl
	cd build/wheel/empty && ../venv/bin/oss-vectors-conformance list --operation DeleteVectors >/dev/null
	cd build/wheel/empty && ../venv/bin/oss-vectors-conformance explain DeleteVectors.deletes >/dev/null
	cd build/wheel/empty && ../venv/bin/oss-vectors-conformance emulator --list-settings >/dev/null
	cd build/wheel/empty && ../venv/bin/oss-vectors-conformance run --profile smoke
	cd build/wheel/empty && ../venv/bin/oss-vectors-conformance run --profile smoke --requirement-set 0.1

.PHONY: lock
lock: ## Write requirements/*.txt anew (needs uv on the path).
	uv pip compile $(LOCK_OPTIONS) pyproject.toml -o requirements/runtime.txt
	uv pip compile $(LOCK_OPTIONS) --extra credentials -c requirements/runtime.txt pyproject.toml -o requirements/credentials.txt
	uv pip compile $(LOCK_OPTIONS) --extra dev -c requirements/runtime.txt pyproject.toml -o requirements/dev.txt
	grep '^requires = ' pyproject.toml | cut -d'"' -f2 | \
		uv pip compile $(LOCK_OPTIONS) -c requirements/dev.txt - -o requirements/build.txt

.PHONY: clean
clean: ## Remove the environment, caches, builds and reports of runs.
	rm -rf $(VENV) build dist .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	rm -rf reports/latest openapi/lint/node_modules
	find conformance oss_vectors_emulator tests -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# --no-build-isolation: the build tool comes from the lock as well.
$(RUN_STAMP): | $(BIN)/python
	$(PIP) --require-hashes $(addprefix -r ,$(RUN_LOCKS))
	$(PIP) --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.stamp-run-* && touch $@

$(DEV_STAMP): | $(RUN_STAMP)
	$(PIP) --require-hashes -r requirements/dev.txt
	@rm -f $(VENV)/.stamp-dev-* && touch $@
