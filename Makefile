.DEFAULT_GOAL := help
.PHONY: help install test lint types tools unit pytest coverage test-oldest test-newest demo bench image sbom \
	format lock upgrade changelog release clean distclean

BIN := .venv/bin
# Worker processes of the full test run; a test file stays within one worker.
WORKERS ?= 3
# More arguments for pytest, as in `make unit ARGS="-k cursor"`.
ARGS ?=
ENGINE ?= docker
IMAGE ?= port-ocean-custom:$(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
SBOM := sbom.cdx.json
export PYTHON

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## "; print "usage: make <target>\n" } \
		/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## Create .venv and install what is missing (PYTHON=… chooses the interpreter)
	@tools/scripts/bootstrap

test: lint types tools pytest ## Everything that must be green: lint, types, all tests

tools: ## Install what tests of the image, Redis and the browser need, as root on Debian and Ubuntu
	@tools/scripts/system-tools

lint: install ## Style, formatting, YAML, shell, Dockerfile, workflows, issue forms, the spec, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/yamllint --strict .
	$(BIN)/shellcheck tools/scripts/bootstrap tools/scripts/system-tools tools/scripts/core-tests \
		.ci/run docker/ocean-custom
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows \
		.github/workflows/*.yml examples/ci/github-workflow.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci examples/ci/gitlab-ci.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms \
		.github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/feature.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-config \
		.github/ISSUE_TEMPLATE/config.yml
	$(BIN)/check-jsonschema --schemafile tools/schemas/ocean-spec.schema.json .port/spec.yaml
	$(BIN)/python -m tools.scripts.generate_docs --check

types: install ## Static types, strict
	$(BIN)/mypy .

pytest: install ## All tests (WORKERS=3, ARGS=…)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

coverage: install ## The fast tests, and which lines they do not reach
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not process" --cov --cov-report=term $(ARGS)

unit: install ## The fast tests: none that starts processes (ARGS=…)
	$(BIN)/python -m pytest -m "not process" $(ARGS)

test-oldest: install ## The core tests with the oldest port-ocean allowed, which .tools/ then has
	@WORKERS=$(WORKERS) tools/scripts/core-tests oldest

test-newest: install ## The core tests with the newest port-ocean allowed, locked or not
	@WORKERS=$(WORKERS) tools/scripts/core-tests newest

demo: install ## A complete run against a local Port and a sample API (KEEP=1 leaves it running)
	$(BIN)/python -m tools.sandbox.demo $(if $(filter 1,$(KEEP)),--keep)

bench: install ## Measure speed and memory, into docs/performance.md (ARGS="--quick", "--only nested")
	$(BIN)/python -m tools.benchmarks $(ARGS)

image: sbom ## Build the image and its bill of materials (IMAGE=name:tag, BASE_IMAGE=…, ENGINE=docker or podman)
	$(ENGINE) build $(if $(BASE_IMAGE),--build-arg BASE_IMAGE="$(BASE_IMAGE)") --tag "$(IMAGE)" .

sbom: install ## Write the bill of materials of the image (CycloneDX), $(SBOM)
	@PYTHONWARNINGS=ignore $(BIN)/python -m tools.scripts.bill_of_materials $(SBOM)

format: install ## Format and fix what can be fixed
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: ## Rewrite the requirement locks after a change to pyproject.toml
	@uv=$$(tools/scripts/bootstrap uv) && set -x \
	&& $$uv pip compile $(LOCK) pyproject.toml -o requirements.txt \
	&& $$uv pip compile $(LOCK) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt \
	&& $$uv pip compile $(LOCK) --group bootstrap -o requirements-uv.txt \
	&& $$uv pip compile $(LOCK) tools/benchmarks/requirements.in -o tools/benchmarks/requirements.txt

# Without addresses, so that the locks hold wherever the packages come from.
LOCK := --quiet --universal --python-version 3.12 --generate-hashes --no-header --no-annotate \
	$(UPGRADE)

upgrade: ## Rewrite the locks with the newest versions allowed
	@$(MAKE) --no-print-directory lock UPGRADE=--upgrade

changelog: install ## Preview the changelog of the next release
	@$(BIN)/towncrier build --draft --version "$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)"

release: install ## Raise the version and write the changelog (VERSION=1.2.0); commits nothing
	$(BIN)/python -m tools.scripts.release raise "$(VERSION)"

clean: ## Remove caches, reports and the demo's leftovers
	rm -rf .demo .coverage .coverage.* htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -path ./.venv -prune -o -path ./.tools -prune -o -path ./tools/benchmarks/.venv -prune \
		-o -name __pycache__ -exec rm -rf {} +

distclean: clean ## Also remove .venv and .tools
	rm -rf .venv .tools tools/benchmarks/.venv
