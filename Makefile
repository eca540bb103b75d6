# Each target does its own set-up and reuses what is there; a bare machine needs
# Python 3.11, git and make.

PYTHON ?= python3
STAGES ?= local dev prod
PYTEST ?= .venv/bin/pytest -q
AT_ONCE ?= -n 2 --dist loadgroup

BOOTSTRAP := PYTHONPATH=infra $(PYTHON) -m toolchain.bootstrap
SYNTH := .venv/bin/python infra/cdk/synth.py
LAYERS = PYTHONPATH=infra .venv/bin/python -m toolchain.artifacts $(if $(STAGE),--stage $(STAGE)) $(if $(JSON),--json)

# Where no bytecode may be written, each of the hundreds of processes that a target starts would
# compile all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo bench bench-functions bench-quality test simulate check-model test-unit test-contract test-integration test-local-cloud test-localstack test-deployment test-drills \
	lint format synth lint-infra deploy-local-check layers built-layers images clean

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; \
		do printf '  make %-18s %s\n' "$$name" "$$text"; done

setup: ## bring the environment, the layers' tools and npm's tools to what is locked
	@$(BOOTSTRAP)

demo: setup ## run circuits through the local cloud, then lose a region under load
	@.venv/bin/python -m bellpair_local.demo

bench: setup assembly ## measure, and print the figures as JSON
	@.venv/bin/python tests/benchmarks/run.py

bench-functions: setup assembly ## measure quantum functions against their limits, and print the figures as JSON
	@.venv/bin/python tests/benchmarks/functions.py $(PARTS)

bench-quality: setup ## measure how good results are on emulated QPUs, print JSON and draw build/bench/quality.png
	@.venv/bin/python tests/benchmarks/quality.py $(PARTS)

test: setup assembly built-layers ## run every test, in two processes at once
	@$(PYTEST) $(AT_ONCE) tests

simulate: setup ## play SEEDS=10000 schedules of failures, or one SEED with its history
	@.venv/bin/python -m tests.simulation $(if $(SEED),--seed $(SEED) --verbose,--seeds $(or $(SEEDS),10000))

check-model: setup ## every run of the failover protocol's model, by spin (minutes, 1 GB)
	@BELLPAIR_MODEL_DEEP=1 $(PYTEST) tests/model

test-unit: setup ## plain logic, in seconds
	@$(PYTEST) tests/unit

test-contract: setup ## fakes and adapters held to one contract
	@$(PYTEST) tests/contract

test-integration: setup assembly ## the application on a running local cloud
	@$(PYTEST) tests/integration

test-local-cloud: setup assembly ## the local cloud itself, and the device service
	@$(PYTEST) tests/local_cloud tests/braket_emulator

# The command's own exit status is 3 where there is no Python 3.13 to start a LocalStack on.
test-localstack: setup assembly ## the integration tests on a LocalStack, running or started here
	@.venv/bin/python -m tests.integration.on_localstack $(TESTS)

test-deployment: setup assembly built-layers ## what is synthesized
	@$(PYTEST) tests/deployment

test-drills: setup assembly ## every drill by test, the expensive ones too
	@$(PYTEST) -m drill tests/drills

lint: setup ## style, types and the direction of dependencies
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

format: setup ## put the code into shape
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

synth: setup ## synthesize every stage with the CDK command line, held to the security rules
	@for stage in $(STAGES); do $(SYNTH) --stage $$stage --cli $(if $(ACTIVE),--active $(ACTIVE)) || exit 1; done

lint-infra: synth ## review the templates: cfn-lint, cdk-nag, state machines, rights and rules of our own
	@.venv/bin/python infra/cdk/review.py $(if $(JSON),--json) $(STAGES)

deploy-local-check: setup ## deploy, break, change and destroy with the real cdk, on a cloud of its own
	@.venv/bin/python -m bellpair_deploy_check $(if $(ON),--on $(ON)) $(if $(JSON),--json)

assembly: setup  # what the local cloud is made of, so that no test's own time goes into it
	@$(SYNTH) --stage local >/dev/null

# The command's own exit status is 3 where there is no Python 3.13 to import functions on.
layers: setup ## build the Lambda layers, weigh them, import every function inside only its layers
	@$(LAYERS)

built-layers: setup  # the same for tests, which skip what needs a Python that is not here
	@$(LAYERS) || test $$? = 3

images: setup ## prepare the images of workers that no layers hold, and build them where Docker is
	@PYTHONPATH=infra .venv/bin/python -m toolchain.images $(if $(BASE),--base $(BASE)) $(if $(JSON),--json)

clean: ## remove what was built; the environment stays
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -not -path './node_modules/*' -prune \
		-exec rm -rf {} +
