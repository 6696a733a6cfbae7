# What there is to do. Every target finds or installs what it needs (scripts/setup).

.DEFAULT_GOAL := help
.PHONY: help run demo test test-long bench lint wasm image tool doc clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## start the demo: Envoy with the module, until Ctrl-C
	@scripts/run

demo: ## run the demo's requests and compare (starts a gateway if none is running)
	@scripts/demo

test: ## run every test, the ones in a real Envoy and the demo included
	@scripts/test

test-long: ## the tests that take minutes: a thousand pushes, their cost, rolling updates, Envoy 1.36 to 1.39
	@scripts/test long

bench: ## measure what a request costs, in Envoy beside the peers: dist/bench.json (BENCH=--quick is shorter)
	@scripts/bench $(BENCH)

lint: ## formatting, clippy and the scripts' syntax; warnings are errors
	@scripts/lint

wasm: ## build the module: dist/postern.wasm
	@scripts/wasm

image: ## pack the module as an OCI image: dist/postern-image.tar
	@scripts/wasm
	@scripts/image build

tool: ## build the command-line tool: dist/postern
	@scripts/tool

doc: ## build the API documentation; warnings are errors
	@RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --workspace --features fake-host

clean: ## remove what was built (the fetched tools in .tools/ stay)
	@cargo clean --quiet
	@rm -rf dist .tools/run .tools/log
