# What a stranger needs: `make report` and `make test`. Each sets up everything it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
STUDY ?= studies/ding2022.toml
OUT ?= results/$(basename $(notdir $(STUDY)))
export MPLBACKEND := Agg

.PHONY: help install report test verify lint system-tools docs benchmark clean

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

# The browser test needs Chromium, Arbin's .res files mdbtools. Debian's packages are installed where that may be done;
# elsewhere the tests that need them skip and say so.
system-tools:
	@for tool in chromium:chromium mdb-export:mdbtools; do program=$${tool%%:*}; package=$${tool##*:}; \
	  if command -v $$program >/dev/null 2>&1; then :; \
	  elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    echo "installing $$package for the tests"; \
	    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$package) >/dev/null 2>&1 \
	      || echo "$$package could not be installed; the tests that need it will skip"; \
	  else echo "no $$program; the tests that need it will skip"; fi; \
	done

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint system-tools
	$(BIN)/pytest -m "not slow" -n 2 --dist loadfile

verify: install system-tools
	$(BIN)/pytest -m slow -n 2 --dist loadfile

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
