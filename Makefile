# One name per job; `make` alone lists them.
SHELL := /bin/bash
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo demo-school setup setup-dev lab-up lab-down check golden mutants molecule test coverage kernel truth journeys bench lock sbom clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: ## the main job on the embedded lab, from set-up to report
	@tools/demo

demo-school: ## a whole school of eight machines, and a day in it
	@tools/demo-school

setup: ## what running needs: host packages, virtual environment (repeatable)
	@tools/setup run

setup-dev: ## what the tests need too
	@tools/setup dev

lab-up: setup ## boot the three lab machines
	@OPLEVER_JOURNAL=0 $(BIN)/ansible-playbook playbooks/lab_up.yml

lab-down: setup ## take the lab away and leave nothing behind
	@OPLEVER_JOURNAL=0 $(BIN)/ansible-playbook playbooks/lab_down.yml

check: setup-dev ## lint, types and fast tests
	@tools/pool check

golden: setup-dev ## make the golden files again; read git diff tests/golden before you commit
	$(BIN)/python tools/golden

mutants: setup-dev ## change the code one place at a time and see which changes no test notices (MUTANTS="record --sample 400")
	$(BIN)/pip install --quiet --disable-pip-version-check mutmut==3.8.1
	$(BIN)/python tools/mutants $(MUTANTS)

molecule: setup-dev ## each role alone on Debian 12 and 13, with its tests seen to fail (SCENARIOS="nginx dns")
	@tools/pool $(or $(addprefix molecule/,$(SCENARIOS)),molecule)

test: setup-dev ## check, and all of it on booted machines, of each sabotage the first round (root or sudo)
	@OPLEVER_ROUNDS=1 OPLEVER_RELEASES=1 tools/pool --unproven

coverage: setup-dev ## which lines the fast tests reach, as pages in build/coverage
	$(BIN)/pytest -n 2 --cov=oplever --cov=ansible_collections.oplever.lab --cov-report=html:build/coverage --cov-report=term:skip-covered

kernel: setup-dev ## what needs a kernel of its own, on virtual machines that restart (root or sudo)
	@tools/setup kernel
	$(BIN)/pytest tests/kernel -v -n 2 --dist loadscope

JOURNEYS = $(patsubst %,tests/lab/test_%.py,journey network tls site router services directory files wiki_directory website example school backup monitoring playbooks job incidents desk_journey)
truth: setup-dev ## every planted change, misconfiguration and lock-out, hardening and back, the audit held against OpenSCAP, each version (root or sudo)
	OPLEVER_TRUTH=1 $(BIN)/pytest -m truth tests $(JOURNEYS:%=--ignore=%) -v

journeys: setup-dev ## whole jobs on networks of booted machines: router, services, backups, monitoring, reports, the desk (root or sudo)
	OPLEVER_TRUTH=1 $(BIN)/pytest $(JOURNEYS) -v

bench: setup-dev ## what things cost, as ratios measured in one run (all of tests/bench)
	$(BIN)/python tests/bench/run.py

# Only PyPI is asked, for what a host adds to it has other hashes. A pin without the extra that somebody asks for does not hold pip back
# from a newer release, of which there is no hash; only constraints cannot have one.
COMPILE = PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= PIP_EXTRA_INDEX_URL= $(BIN)/pip-compile -q --upgrade --generate-hashes --allow-unsafe \
  --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options
lock: setup-dev ## resolve the pinned versions and their hashes again
	$(BIN)/pip install -q pip-tools
	$(COMPILE) --strip-extras --extra=pdf --extra=run --extra=web -o requirements/run.lock pyproject.toml requirements/run.in
	$(COMPILE) --strip-extras --extra=oidc --extra=pdf --extra=postgresql --extra=web -c requirements/run.lock -o requirements/desk.lock pyproject.toml
	$(COMPILE) --no-strip-extras --all-extras -c requirements/run.lock -c requirements/desk.lock -o requirements/dev.lock pyproject.toml requirements/run.in requirements/dev.in

sbom: setup-dev ## what the package is made of, as CycloneDX in build/
	@$(BIN)/python tools/sbom

clean: ## remove what was built here (not records, not the lab)
	rm -rf .venv build .ansible .mypy_cache .pytest_cache .ruff_cache
