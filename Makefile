# Two commands matter: `make demo` runs the main job on real data, `make test` passes the tests.
# Each makes its own environment in .venv first.

PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= auto

.PHONY: demo test bench lint docs clean

.venv/.installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --upgrade pip
	$(BIN)/python -m pip install -q -e '.[test]'
	touch $@

demo: .venv/.installed
	$(BIN)/python examples/gmm_fit.py

lint: .venv/.installed
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy

test: lint
	$(BIN)/python -m pytest -n $(WORKERS)

docs: .venv/.installed
	$(BIN)/python tools/names.py --markdown

bench: .venv/.installed
	$(BIN)/python bench/run.py $(ROWS) $(OPTIONS)

clean:
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
