# make notes   the demo: sets everything up and makes show notes of all that lies in audio/
# make test    sets up what the tests need and runs them
# make check   format, lint, types, layers, known weaknesses, then the tests
# make bench   beside its peers: time, memory, where they go; an hour (bench-quick: ten minutes;
#              bench-long: hours, PART=tiny-180 for one part of it)
# make torture faults and attacks of every kind, an hour; PART=media for one part of it
# Nothing is needed but Python 3.11 or newer, git, make and the package registries.

PYTHON ?= $(firstword $(foreach v,python3.11 python3.12 python3.13 python3.14 python3,$(shell command -v $(v) 2>/dev/null)))
VENV   := .venv
BIN    := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: notes test check torture bench bench-quick bench-long browser lock clean-env

notes: $(VENV)/.notes
	@$(BIN)/shownotes process

test: $(VENV)/.dev
	@$(BIN)/python -m pytest -q

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -ll -r src flows
	$(BIN)/python -m tests.audit
	$(BIN)/python -m pytest -q

torture: $(VENV)/.dev
ifneq ($(PART),long)
	$(BIN)/python -m tests.torture $(PART)
endif
ifneq ($(filter long,$(or $(PART),long)),)
	$(BIN)/python -m pytest -q -m long
endif

bench bench-quick bench-long: $(VENV)/.bench
	$(BIN)/python -m benchmarks.peers $(if $(filter bench,$@),usual,$(@:bench-%=%)) $(PART)
	$(BIN)/python -m benchmarks.report

# Installs a locked set. uv (from the registry, inside the environment) does so several times faster
# than pip; where it cannot be had, pip does the same from the same lock. Both compile what they
# install: where Python may write no bytecode, every start would do that again.
define install
	@if $(BIN)/python -m uv --version >/dev/null 2>&1; then \
	   $(BIN)/python -m uv pip install -q --compile-bytecode --require-hashes -r $(1) ; \
	 else \
	   $(BIN)/python -m pip install -q --require-hashes -r $(1) ; \
	 fi
endef

# The environment that runs.
$(VENV)/.notes: requirements.lock pyproject.toml
	@echo "Setting up (once)..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q uv 2>/dev/null || true
	$(call install,requirements.lock)
	@$(BIN)/python -m uv pip install -q --no-deps -e . 2>/dev/null || \
	 $(BIN)/python -m pip install -q --no-deps -e .
	@$(BIN)/python -m compileall -q src flows
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.notes
	@echo "Setting up what the tests need (once)..."
	$(call install,requirements-dev.lock)
	@touch $@

$(VENV)/.bench: requirements-bench.lock $(VENV)/.dev
	@echo "Setting up what the benchmarks need (once)..."
	$(call install,requirements-bench.lock)
	@touch $@

# Writes the locks anew. They name versions and hashes, never an index's address.
lock: $(VENV)/.dev
	$(BIN)/python -m uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock
	$(BIN)/python -m uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --extra dev -c requirements.lock \
	  pyproject.toml -o requirements-dev.lock
	$(BIN)/python -m uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --extra dev --extra bench \
	  -c requirements-dev.lock pyproject.toml -o requirements-bench.lock

clean-env:
	rm -rf $(VENV)
