# make demo   try it: an index of the example films, and one query
# make serve  the page on the example films: http://127.0.0.1:8600
# make test   install everything, then all checks and tests

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PAGE := tests/retrieval/web/page
DEMO := demo
DEMO_QUERY := examples/queries/Shenzhen_0357.dcm

.PHONY: demo serve test test-versions format clean

demo: $(VENV)/base.done
	$(BIN)/cbir index examples/archive --out $(DEMO)/index
	$(BIN)/cbir query $(DEMO_QUERY) --index $(DEMO)/index
	@$(BIN)/cbir query $(DEMO_QUERY) --index $(DEMO)/index --format html --out $(DEMO)/answer.html
	@echo "The same answer with pictures: $(abspath $(DEMO)/answer.html)"

serve: $(VENV)/serve.done
	$(BIN)/cbir index examples/archive --out $(DEMO)/index
	$(BIN)/cbir serve --index $(DEMO)/index

test: $(VENV)/all.done $(PAGE)/node_modules/.package-lock.json
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# The oldest and the newest packages that pyproject.toml allows, in environments of their own.
test-versions: $(VENV)/base.done
	.ci/versions newest
	.ci/versions oldest

format: $(VENV)/all.done
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf $(DEMO) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# axe-core, for the tests of the page; without npm they are skipped.
$(PAGE)/node_modules/.package-lock.json: $(PAGE)/package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --no-audit --no-fund --prefix $(PAGE) && touch $@; \
	  else echo "npm is not installed: the page is not checked with axe-core" >&2; fi

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is missing or older than 3.11; name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "$(PYTHON) cannot make virtual environments; Debian: apt-get install python3-venv" >&2; exit 1; }

# Both stamps are as old as what was installed from, so that a second run installs nothing.
$(VENV)/base.done: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the base packages (1 GB on disk)"
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/serve.done: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the base packages and the server"
	@$(PIP) install -c constraints.txt -e '.[serve]'
	@touch $@ $(VENV)/base.done

$(VENV)/all.done: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing everything, torch too (6 GB on disk)"
	@$(PIP) install -c constraints.txt -e '.[train,serve,dev]'
	@touch $@ $(VENV)/base.done $(VENV)/serve.done
