# What a stranger needs: `make report` and `make test`. Each sets up everything it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
STUDY ?= studies/ding2022.toml
OUT ?= results/$(basename $(notdir $(STUDY)))
export MPLBACKEND := Agg

.PHONY: help install report test verify lint browser docs benchmark clean

help:
	@echo "make report   run the reference study and print the path of its report"
	@echo "make test     lint, types, architecture and tests (under 12 minutes on 2 cores)"
	@echo "make verify   the slow studies (under 30 minutes)"
	@echo "make install  the virtual environment .venv alone"

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("lithiate needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; name another with make PYTHON=...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	@touch $(STAMP)

report: install
	$(BIN)/lithiate run $(STUDY) --out $(OUT)

# The browser test needs Chromium. Debian's package is installed where that may be done; elsewhere the test skips and says so.
browser:
	@if command -v chromium >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  echo "installing chromium for the browser test"; \
	  (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium) >/dev/null 2>&1 \
	    || echo "chromium could not be installed; the browser test will skip"; \
	else echo "no chromium; the browser test will skip"; fi

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint browser
	$(BIN)/pytest -m "not slow"

verify: install browser
	$(BIN)/pytest -m slow

# The tables of the documents that come from the code.
docs: install
	$(BIN)/python docs/generate.py

# PyBaMM and other peers beside lithiate; every claim is measured, then those that do not hold are named.
benchmark: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,benchmark]"
	@failed=; for script in benchmarks/*.py; do echo "$$script"; $(BIN)/python $$script || failed="$$failed $$script"; done; \
	if [ -n "$$failed" ]; then echo "does not hold, or could not be measured:$$failed"; exit 1; fi

clean:
	rm -rf $(VENV) results .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
