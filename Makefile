# Everything runs in .venv, which each target makes by itself: `make demo` and `make test` are all it takes.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CONSTRAINTS := .ci/constraints.txt
TEMPLATES := $(wildcard cloudformation/*.yaml eventbridge/*.yaml)

.DEFAULT_GOAL := help
.PHONY: help audit demo bench bench-images fuzz test screenshots docs reference test-browser test-containers check format clean constraints lock

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.local ## an upload becomes variants, end to end, on this machine (PHOTOS="a.jpg b.png" for your own)
	@$(BIN)/batchkit demo $(PHOTOS)

test: check ## lint, types, floors, and every test
	@$(BIN)/pytest -n 2 --dist loadfile $(TESTS)

bench: .venv/.dev ## the benchmarks, as rates and ratios with the machine named (minutes)
	@$(BIN)/python -m benchmarks.planning
	@$(BIN)/python -m benchmarks.children
	@$(BIN)/python -m benchmarks.submit_vs_loop

bench-images: .venv/.bench ## the image engine against Pillow, libvips, sharp and ImageMagick (PHOTOS=folder for real ones)
	@$(BIN)/python -m benchmarks.images.prepare
	@$(BIN)/python -m benchmarks.images $(if $(PHOTOS),--photos "$(PHOTOS)") --json .venv/bench/images.json \
	  --plot .venv/bench/images.svg

fuzz: .venv/.dev ## hostile bytes into the image job, guided by coverage (SECONDS=60)
	@$(PIP) install 'atheris>=2.3' || echo "no atheris for this Python: mutations without guidance" >&2
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60)

test-containers: .venv/.dev ## the tests with a real Docker engine
	@BATCHKIT_REQUIRE_DOCKER=1 $(BIN)/pytest tests/containers

test-browser: .venv/.dev ## the tests of the pages, in a real Chromium
	@BATCHKIT_REQUIRE_BROWSER=1 $(BIN)/pytest tests/browser

screenshots: .venv/.dev ## take the manual's pictures of the pages anew (docs/images)
	@$(BIN)/python docs/screenshots.py

docs: .venv/sphinx/.done ## the manual as a site in .venv/site; a link that leads nowhere fails
	@.venv/sphinx/bin/sphinx-build --quiet --fail-on-warning --keep-going docs .venv/site
	@echo "the manual: .venv/site/index.html"

reference: .venv/.dev ## write docs/reference anew from the code
	@$(BIN)/python -m docs.writers

check: .venv/.dev ## lint, types, floors, templates, and whether the reference is current
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/cfn-lint $(TEMPLATES)
	@$(BIN)/python -m docs.writers --check

audit: .venv/checkov/.done ## the templates against checkov's rules; what is skipped says why, in its place
	@.venv/checkov/bin/checkov --quiet --compact --skip-download --framework cloudformation \
	  $(foreach template,$(TEMPLATES),--file $(template))

format: .venv/.dev ## format the code
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

constraints: .venv/.dev ## pin what .venv holds now
	@$(BIN)/python -m pip --disable-pip-version-check freeze --exclude-editable > $(CONSTRAINTS)

lock: .venv/.dev ## pin the packages of the worker's image (after make constraints)
	@$(PIP) install uv
	@for name in requirements installer libvips; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --only-binary :all: --generate-hashes \
	    --no-annotate --no-emit-index-url --custom-compile-command 'make lock' --constraint $(CONSTRAINTS) \
	    --output-file containers/worker/$$name.lock containers/worker/$$name.in || exit; done

clean: ## remove what the targets made
	@rm -rf .venv batchkit-demo dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "batchkit needs Python 3.11 or newer, found $$($(PYTHON) --version 2>&1): make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv .venv

# The stamps hold what was installed, so that a second run needs no package index.
.venv/.local: pyproject.toml $(CONSTRAINTS) | .venv/bin/python
	@echo "installing batchkit[local] into .venv …"
	@$(PIP) install --constraint $(CONSTRAINTS) --editable '.[local]'
	@touch $@

.venv/.dev: pyproject.toml $(CONSTRAINTS) | .venv/bin/python
	@echo "installing batchkit[dev] into .venv …"
	@$(PIP) install --constraint $(CONSTRAINTS) --editable '.[dev]'
	@touch .venv/.local $@

.venv/.bench: .venv/.dev
	@echo "installing batchkit[bench] into .venv …"
	@$(PIP) install --constraint $(CONSTRAINTS) --editable '.[bench]'
	@touch $@

# An environment of its own: it pins a hundred packages, and other releases of ours among them.
.venv/checkov/.done: .ci/checkov.txt | .venv/bin/python
	@echo "installing checkov into .venv/checkov …"
	@$(PYTHON) -m venv .venv/checkov
	@.venv/checkov/bin/python -m pip --disable-pip-version-check --quiet install --constraint .ci/checkov.txt checkov
	@touch $@

# An environment of its own: Sphinx and the aws command of the tests want different releases of docutils.
.venv/sphinx/.done: .ci/sphinx.txt | .venv/bin/python
	@echo "installing Sphinx into .venv/sphinx …"
	@$(PYTHON) -m venv .venv/sphinx
	@.venv/sphinx/bin/python -m pip --disable-pip-version-check --quiet install --constraint .ci/sphinx.txt \
	  sphinx myst-parser furo
	@touch $@
