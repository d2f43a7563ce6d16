PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -q -n auto --maxprocesses 8 --dist worksteal
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo samples docs test check lint style format dist clean

# Quantize the small network that comes with the package, and show what came of it.
demo: .venv/.demo
	$(BIN)/python -m openvino.tools.pot.demo

# Run every sample in full, and check that INT8 is as good as float. It downloads 141 MB the first time.
samples: .venv/.samples
	$(BIN)/python scripts/samples.py

# The documentation as a site, at http://127.0.0.1:8000, made anew as it is edited.
docs: .venv/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

# Everything that must hold before a change goes in; one of the tests checks types.
test: style
	$(PYTEST)

# The quick part, three of four tests: what starts no processes, needs no zoo of real models, and does not take long.
check: lint
	$(PYTEST) -m "not (process or zoo or long)"

lint: style
	$(BIN)/python scripts/typecheck.py

style: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python scripts/core_lines.py

format: .venv/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The files for the package index, in dist/, checked as the index and pip will; CONTRIBUTING.md says how to release.
dist: .venv/.dev
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl

clean:
	rm -rf .venv .typecheck .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find src tests scripts -name __pycache__ -prune -exec rm -rf {} +

# The files .demo, .samples, .docs and .dev mark what has been installed since pyproject.toml last changed.
.venv/.demo: pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) install -e .
	touch $@

.venv/.samples: pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) install -e ".[samples]"
	touch $@ .venv/.demo

.venv/.docs: pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) install -e ".[docs]"
	touch $@ .venv/.demo

.venv/.dev: pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) install --no-compile -e ".[dev]"
	touch $@ .venv/.demo .venv/.samples .venv/.docs
