# `make` lists what there is. Every target does its own set-up; the second time that takes no time.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help setup lock proto proto-baseline lint type test unit integration sim e2e demo up down bench chaos

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | while IFS='	' read -r target text; do \
		printf '  make %-16s %s\n' "$$target" "$$text"; done

setup: ## Make .venv with the locked libraries and Parley itself; at once when nothing changed
	@$(PYTHON) deploy/setup_venv.py

lock: setup ## Pin the newest fitting version of each library, with checksums and without addresses
	@uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade --quiet \
		--generate-hashes --no-emit-index-url --no-header --output-file requirements.lock

proto: setup ## Generate the Python modules of proto/ anew
	@rm -rf services/contracts/parley && buf generate

proto-baseline: setup ## Declare the public topics as they are now to be the promise that changes are checked against
	@buf build --exclude-source-info --output proto/baseline.binpb

lint: setup ## Check style, contracts, and that public topics stay compatible
	@ruff check --quiet
	@ruff format --check --quiet
	@buf lint
	@buf breaking --against proto/baseline.binpb

type: setup ## Check types, strictly
	@mypy --no-error-summary

test: lint type ## Run everything: lint, types, then all tests on a real Kafka
	@pytest tests/chaos tests/e2e
	@pytest --numprocesses 2 --dist loadfile --ignore tests/chaos --ignore tests/e2e

unit: setup ## Run the tests that need no broker
	@pytest tests/unit

integration: setup ## Run the tests on a real Kafka
	@pytest tests/integration

sim: setup ## Run everything on a model of Kafka, with faults, from a seed; SEED=1 RUNS=1000
	@PARLEY_PARTITION_FACTOR=2 PYTHONPATH=.:services/contracts python -m tests.simulation --seed $(or $(SEED),1) --runs $(or $(RUNS),1000)

e2e: setup ## Run the tests that start the whole platform
	@pytest tests/e2e

demo: setup ## Watch a business and its customers talk, and the ledger that comes of it
	@python -m demo

up: setup ## Start everything and leave it running; ACCOUNTS=3 NUMBER_RATE=1000 PAIR_BURST=1000
	@python -m services.admin.supervisor up $(if $(ACCOUNTS),--accounts $(ACCOUNTS)) \
		$(if $(NUMBER_RATE),--number-rate $(NUMBER_RATE)) $(if $(PAIR_BURST),--pair-burst $(PAIR_BURST))

down: setup ## Stop what `make up` started; its data stays in .run/data
	@python -m services.admin.supervisor down

bench: setup ## Measure this machine; the figures go to .run/bench.json
	@python -m tests.bench

chaos: setup ## Kill, stop, cut and restart everything under load, then prove that nothing was lost; MINUTES=10 SEED=1
	@PARLEY_PARTITION_FACTOR=2 python -m tests.chaos $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))
