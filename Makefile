# One name per job; `make` alone lists them.
SHELL := /bin/bash
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo setup setup-dev lab-up lab-down check golden molecule test kernel bench lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: ## the main job on the embedded lab, from set-up to report
	@tools/demo

setup: ## what running needs: host packages, virtual environment (repeatable)
	@tools/setup run

setup-dev: ## what the tests need too
	@tools/setup dev

lab-up: setup ## boot the three lab machines
	@OPLEVER_JOURNAL=0 $(BIN)/ansible-playbook playbooks/lab_up.yml

lab-down: setup ## take the lab away and leave nothing behind
	@OPLEVER_JOURNAL=0 $(BIN)/ansible-playbook playbooks/lab_down.yml

check: setup-dev ## lint, types and fast tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/yamllint --strict .
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/ansible-lint --offline -q
	$(BIN)/pytest

golden: setup-dev ## make the golden files again; read git diff tests/golden before you commit
	$(BIN)/python tools/golden

molecule: setup-dev ## each role alone on Debian 12 and 13, with its tests seen to fail
	@tools/molecule $(SCENARIOS)

test: check molecule ## all of it, on booted machines (root or sudo)
	$(BIN)/pytest tests/lab tests/system -v -n 2 --dist loadfile # much of it is waiting for machines

kernel: setup-dev ## what needs a kernel of its own, on virtual machines that restart (root or sudo)
	@tools/setup kernel
	$(BIN)/pytest tests/kernel -v -n 2 --dist loadscope

bench: setup-dev ## what things cost, as ratios measured in one run (all of tests/bench)
	$(BIN)/python tests/bench/run.py

lock: setup-dev ## resolve the pinned versions again
	$(BIN)/pip install -q pip-tools
	for set in run dev; do $(BIN)/pip-compile -q --upgrade --strip-extras --no-header --no-annotate --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --no-emit-options -o requirements/$$set.lock requirements/$$set.in; done

clean: ## remove what was built here (not records, not the lab)
	rm -rf .venv build .ansible .mypy_cache .pytest_cache .ruff_cache
