# Two commands do all the set-up on a machine with Python 3.11 or newer and nothing else:
#   make demo   environment, install, a small comparison with its report
#   make test   environment, install, every test, ruff and pyright among them
# Beside them, make gate holds the code against the scores and times of results/reference/digits.
PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3 python,\
	$(shell $(p) -c 'import sys; sys.version_info >= (3, 11) and print("$(p)")' 2>/dev/null)))
VENV ?= .venv
BIN = $(VENV)/bin
STUDY ?= studies/demo
# Two fifths of what the preset gives, for a first look within a quarter of an hour.
BUDGET ?= generator_steps=1280,classifier_steps=1200
GATE ?= studies/gate
DIGITS = results/reference/digits

.PHONY: demo test gate quick-test benchmark format clean

demo: $(VENV)/.installed
	$(BIN)/bench run --methods unified,bagan --datasets cells --seeds 3 --preset quick --budget $(BUDGET) --out $(STUDY)
	@echo "The report: $(STUDY)/report.html, and the same as report.pdf and report.md"

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest

gate: $(VENV)/.installed
	$(BIN)/bench run --config $(DIGITS)/study.toml --no-generative-metrics --out $(GATE)
	$(BIN)/bench check $(GATE) --baseline $(DIGITS)/baseline.json

quick-test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m "not slow"

benchmark: $(VENV)/.installed-test
	$(BIN)/python -m pytest tests/benchmarks --benchmark-only --benchmark-autosave --benchmark-compare

format: $(VENV)/.installed-test
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "augbench needs Python 3.11 or newer; install it, or give make PYTHON=/path/to/python." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build *.egg-info
