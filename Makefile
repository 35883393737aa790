# What a developer runs. `make test` and `make demo` need nothing but Python; see `make help`.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test venv lint format types test-fast test-pure test-checked test-viewer test-viewer-code test-viewer-pages test-slow viewer viewer-test docs parity bench bench-viewer clean

VENV := .venv
BIN := $(VENV)/bin
# Which Python to build the environment with, and how many test processes to start.
PYTHON ?=
JOBS ?= auto
# Every index checked, and optimized less: it compiles sooner.
CHECKED := NUMBA_OPT=1 NUMBA_BOUNDSCHECK=1
# Where Neural MMO 2.1 is installed, by which Python, and how many scenes are compared.
PEER := .venv-peer
PEER_PYTHON ?= python3.10
SCENES ?= 2000
# Not empty: what builds the viewer is installed, and must not be while others read the environment.
NODE ?=
# What is handed on to `metammo bench` and `metammo demo`.
ARGS ?=

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# Each process takes neighbouring tests, and from others what they have left when it is done.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal
# What most tests need is compiled once, parts of it at the same time.
COMPILE := $(BIN)/python -m tests.warm

help: ## Print this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | \
	while IFS='|' read -r name text; do printf '%-20s %s\n' "$$name" "$$text"; done

demo: $(VENV)/.installed ## Show what the project does, with a small trained policy
	@$(BIN)/metammo demo $(ARGS)

# What takes one core each goes side by side; then the tests, which take all.
test: $(VENV)/.installed-dev ## Run every check that a change must pass
	@node=; $(INSTALL) -e '.[viewer]' && node=there; \
	printf '%s\n' types test-viewer-code lint | \
	xargs -n 1 -P 2 $(MAKE) --no-print-directory NODE=$$node
	@for part in test-fast test-pure test-checked test-viewer-pages; do \
		$(MAKE) --no-print-directory $$part || exit 1; \
	done

venv: $(VENV)/.installed-dev ## Make the development environment in .venv

lint: $(VENV)/.installed-dev ## Check style, import layers and kernels
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/check_kernels.py src

format: $(VENV)/.installed-dev ## Format the code and mend what ruff can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(VENV)/.installed-dev ## Check types
	$(BIN)/mypy

test-fast: $(VENV)/.installed-dev ## Run the tests, all but the slow ones
	$(COMPILE) tiny standard
	$(PYTEST) --ignore tests/viewer

test-pure: $(VENV)/.installed-dev ## Run the unit tests without the compiler
	NUMBA_DISABLE_JIT=1 $(PYTEST) -m "pure and not slow" --ignore tests/viewer

test-checked: $(VENV)/.installed-dev ## Run the unit tests with every index checked
	$(CHECKED) $(COMPILE) tiny scenes
	$(CHECKED) $(PYTEST) -m "pure and not slow" --ignore tests/viewer

test-viewer: test-viewer-code test-viewer-pages ## Build the viewer and test it, in Chromium too where that is

test-viewer-code: $(VENV)/.installed-dev
	@if ! { [ -n "$(NODE)" ] || $(INSTALL) -e '.[viewer]'; } || ! $(BIN)/python tools/build_viewer.py install; then \
		echo "The viewer is not tested: what builds it cannot be installed here, see above." >&2; \
	else \
		$(BIN)/python tools/build_viewer.py test && $(BIN)/python tools/build_viewer.py build; \
	fi

# Last in `test`: what its episodes need is compiled by then. It looks at moving pictures, so it runs
# alone.
test-viewer-pages: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -s tests/viewer

test-slow: $(VENV)/.installed-dev ## Run the slow tests
	$(PYTEST) -m slow

viewer: $(VENV)/.installed-dev ## Build the browser viewer into src/metammo/viewer_dist
	@$(INSTALL) -e '.[viewer]'
	$(BIN)/python tools/build_viewer.py build

viewer-test: $(VENV)/.installed-dev ## Check the viewer's types and run its unit tests
	@$(INSTALL) -e '.[viewer]'
	$(BIN)/python tools/build_viewer.py test

docs: $(VENV)/.installed-dev ## Write the pages that are made from the code
	$(BIN)/python tools/make_docs.py

parity: $(VENV)/.installed-dev $(PEER)/.installed ## Compare with Neural MMO 2.1 (needs Python 3.10)
	@for config in mini full; do \
		$(BIN)/python tests/parity/compare.py --peer $(PEER)/bin/python --config $$config --scenes $(SCENES) || exit 1; \
		$(BIN)/python tests/parity/compare.py --peer $(PEER)/bin/python --config $$config --scenes 200 --ticks 50 || exit 1; \
	done
	@$(BIN)/python tests/parity/chance.py --peer $(PEER)/bin/python

bench: $(VENV)/.installed ## Measure speed on this machine
	@$(BIN)/metammo bench $(ARGS)

bench-viewer: $(VENV)/.installed-dev ## Measure how soon and how smoothly replays are shown
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -s -m timed tests/viewer

clean: ## Remove what builds and checks leave behind, .venv included
	rm -rf $(VENV) $(PEER) build dist viewer/node_modules src/metammo/viewer_dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find src tests tools -type d -name __pycache__ -prune -exec rm -rf {} +

# A stamp is written last, so an installation that was cut short starts again.
$(VENV)/.made:
	@python=; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11 python); do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			python=$$candidate; break; \
		fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "metammo needs Python 3.11 or newer, and $(or $(PYTHON),python3) is not." >&2; \
		echo "Name one: make PYTHON=/path/to/python3.12 ..." >&2; \
		exit 1; \
	fi; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		"$$python" -m venv --clear $(VENV) || exit 1; \
	fi
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing metammo into $(VENV) (a few minutes the first time) ..."
	@$(INSTALL) -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing metammo and its development tools into $(VENV) (a few minutes) ..."
	@$(INSTALL) -e '.[dev]'
	@touch $(VENV)/.installed $@

# Neural MMO 2.1 builds with these old tools alone, in an environment of its own.
$(PEER)/.installed:
	@"$(PEER_PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null || { \
		echo "Neural MMO 2.1 needs Python 3.10, and $(PEER_PYTHON) is not one." >&2; \
		echo "Name one: make PEER_PYTHON=/path/to/python3.10 parity" >&2; \
		exit 1; \
	}
	@echo "Installing Neural MMO 2.1 into $(PEER) ..."
	@"$(PEER_PYTHON)" -m venv --clear $(PEER)
	@$(PEER)/bin/python -m pip install --quiet --disable-pip-version-check \
		"setuptools<66" wheel cython==3.0.11 numpy==1.23.3
	@$(PEER)/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-build-isolation nmmo==2.1.2
	@touch $@
