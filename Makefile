# SPDX-License-Identifier: GPL-2.0-or-later
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup profile demo test test-matrix clean-matrix bench mutants check docs strings pictures site package clean

# QGIS's embedded Python takes its prefix from the first python3 on PATH: the system's must come before pyenv's or conda's.
export PATH := /usr/bin:/bin:/usr/sbin:/sbin:$(PATH)
export QGIS_CUSTOM_CONFIG_PATH := $(CURDIR)/build/profile
export QT_QPA_PLATFORM ?= offscreen
export LC_ALL ?= C.UTF-8

PLUGINS := $(QGIS_CUSTOM_CONFIG_PATH)/profiles/default/python/plugins
DEV := .venv/bin

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## Install QGIS (Debian) and Scarp's engine (about 3 GB)
	@sh .ci/setup
	@$(MAKE) --no-print-directory profile
	@qgis_process run scarp:installengine --LOG=$(CURDIR)/build/install-engine.txt

profile: # A QGIS profile of its own, with this folder as the plugin `scarp`
	@mkdir -p $(PLUGINS) && ln -sfn $(CURDIR) $(PLUGINS)/scarp
	@qgis_process plugins 2>/dev/null | grep -q '^\* scarp' || qgis_process plugins enable scarp

demo: setup ## Make a susceptibility map of the sample landscape
	@$$(python3 -I engine/__main__.py --python) .ci/demo.py

# The engine's packages are seen from here, and stay as they are: numpy's version is the one that GDAL was compiled for.
.venv/ready: requirements-dev.txt Makefile
	@echo "Installing the development tools of requirements-dev.txt into .venv"
	@python3 -m venv --clear --system-site-packages .venv
	@engine=$$(python3 -I engine/__main__.py --python); \
	$$engine -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$$(echo .venv/lib/python3*/site-packages)/scarp-engine.pth"; \
	$$engine -c 'import numpy; print(f"numpy=={numpy.__version__}")' > .venv/constraints.txt
	@$(DEV)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c .venv/constraints.txt
	@touch $@

test: setup .venv/ready ## Run all tests
	$(DEV)/python -m pytest -n 2 --dist loadfile test/test_*.py test/engine test/models
	$(DEV)/python -m pytest -n 2 --dist loadfile test/algorithms

test-matrix: ## Run all tests in a root of Debian 13 with QGIS 3.44 (as root, about 6 GB), or RUN="make demo" there
	@sh .ci/matrix $(RUN)

clean-matrix: ## Remove the roots that test-matrix made
	rm -rf build/matrix

bench: setup .venv/ready ## Measure speed and memory, or with ONLY=province one part (long; see docs/results.md)
	@for each in test/bench/bench_$(or $(ONLY),*).py; do echo "== $$each"; $(DEV)/python $$each || exit 1; done

mutants: setup .venv/ready ## Count the faults that the tests notice (hours; see docs/mutants.md)
	$(DEV)/python test/mutants.py

check: setup .venv/ready ## Lint and type-check
	$(DEV)/ruff check .
	$(DEV)/ruff format --check .
	$(DEV)/mypy
	$(DEV)/flake8
	$(DEV)/bandit --quiet --recursive . --configfile pyproject.toml
	git ls-files -z | xargs -0 $(DEV)/detect-secrets-hook
	@$(MAKE) --no-print-directory site

docs: ## Write the tables and pictures in docs/, and the models, that come from the code
	@python3 docs/make_pages.py
	@QT_HASH_SEED=0 python3 docs/make_models.py 2>/dev/null
	@python3 docs/draw_rooms.py

strings: ## Bring translations up to date (needs Qt's lrelease)
	@python3 docs/make_strings.py

pictures: ## Make the tutorial's pictures from a real QGIS window (some minutes)
	@$(MAKE) --no-print-directory profile
	@$$(python3 -I engine/__main__.py --python) docs/make_pictures.py

site: .venv/ready ## Build the pages of docs/ into build/site; warnings are errors
	@NO_MKDOCS_2_WARNING=1 $(DEV)/mkdocs build --strict

package: ## Make the plugin's zip in dist/, with the owner's ADDRESS=https://… and EMAIL=…
	@python3 .ci/package.py --address="$(ADDRESS)" --email="$(EMAIL)"

clean: ## Remove what the other targets made here (not the engine)
	rm -rf build dist demo .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
