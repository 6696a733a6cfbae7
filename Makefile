# The tasks. Every target finds or installs what it needs (scripts/setup).

.DEFAULT_GOAL := help
.PHONY: help run demo test test-long test-identity test-centres demo-centres bench lint wasm image tool doc clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## start the demo: Envoy with the module, until Ctrl-C (CENTRE=etcd, nacos or spring: documents in a real server)
	@CENTRE=$(CENTRE) scripts/run

demo: ## run the demo's requests and compare the answers (starts a gateway if none is running)
	@scripts/demo

test: ## run every test, with those in a real Envoy and the demo
	@scripts/test

test-long: ## run the tests that take minutes: a thousand pushes, their cost, rolling updates, Envoy 1.36 to 1.39, large documents
	@scripts/test long

test-identity: ## run the tests with a real OpenID provider: keys that rotate, tokens that are revoked, an issuer in trouble
	@scripts/test identity

test-centres: ## run the tests with real config centres in trouble: etcd, Consul, Nacos, Eureka, Spring Cloud Config, Kubernetes
	@scripts/test centres

demo-centres: ## run the demo with its documents in real config centres, one after the other
	@scripts/test demos

bench: ## measure the cost of a request in Envoy, next to other filters: dist/bench.json (BENCH=--quick is shorter)
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

clean: ## remove the built files (the fetched tools in .tools/ stay)
	@cargo clean --quiet
	@rm -rf dist .tools/run .tools/log
