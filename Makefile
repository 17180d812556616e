# Everything a developer does, by name: `make help`.

version := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

.DEFAULT_GOAL := help
.PHONY: help
help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: build
build: ## Build bin/rbt
	go build -ldflags '-X main.version=$(version)' -o bin/rbt ./cmd/rbt

.PHONY: demo
demo: postgres build ## Copy sample data between two throw-away PostgreSQL clusters
	bin/rbt demo

.PHONY: postgres
postgres: ## Install PostgreSQL's server programs if there are none
	@scripts/postgres.sh

.PHONY: servers
servers: ## Install PostgreSQL 14 to 18 beside the system's, and PgBouncer, for the compatibility tests
	@scripts/servers.sh

.PHONY: browser
browser: ## Install Chromium, in which tests open the pages that rbt writes
	@scripts/browser.sh

# The race detector needs cgo, and cgo a C compiler. These packages start no goroutine of
# their own, and take up to ten times as long with it.
serial := -e /rbt/hcl -e /rbt/examples

# With the race detector, this one skips the tests that run modules for long.
twice := -e '/policy/wasm$$'

# The fuzz tests get a little time each, or so many inputs: the end of a time fails now and
# then by itself, "context deadline exceeded". A mistake that they find becomes a file that
# every later run tries.
.PHONY: test
test: postgres servers browser ## Run all tests, with the race detector where there is a C compiler
	@if [ "$$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null || ! $(MAKE) --no-print-directory toolchains; then \
		echo "not all compilers of the example policies can be had: what is missing, tests skip" >&2; \
	fi
	@set -- $$(go env CC); if command -v "$$1" >/dev/null 2>&1; then \
		export RBT_TEST_REQUIRE=1; set -x; \
		CGO_ENABLED=1 go test -race -timeout 30m $$(go list ./... | grep -v $(serial)) && \
		go test -timeout 30m $$(go list ./... | grep $(serial) $(twice)); \
	else \
		echo "no C compiler found: testing without the race detector" >&2; \
		set -x; RBT_TEST_REQUIRE=1 go test -timeout 30m ./...; \
	fi
	go test ./hcl -run '^$$' -fuzz '^FuzzParse$$' -fuzztime 10s -fuzzminimizetime 1s
	go test ./cmd/rbt -run '^$$' -fuzz '^FuzzExplain$$' -fuzztime 10s -fuzzminimizetime 1s
	go test ./policy/trace -run '^$$' -fuzz '^FuzzReader$$' -fuzztime 300000x
	go test ./policy/wasm -run '^TestVetBounds$$' -fuzz '^FuzzVet$$' -fuzztime 20000x -fuzzminimizetime 1s
	go test ./policy/wasm -run '^$$' -fuzz '^FuzzAnswer$$' -fuzztime 40000x

.PHONY: check
check: check-format check-vet check-imports check-tidy check-generated ## Check formatting, vet, staticcheck, import directions, go.mod and generated files

.PHONY: check-format
check-format:
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "not gofmt'ed (make fmt does it): $$unformatted" >&2; exit 1; }

.PHONY: check-vet
check-vet:
	go vet ./...
	go tool -modfile=tools/go.mod staticcheck ./...

.PHONY: check-imports
check-imports:
	scripts/imports.sh

.PHONY: check-tidy
check-tidy:
	go mod tidy -diff

.PHONY: check-generated
check-generated:
	scripts/generated.sh

.PHONY: peers
peers: ## Install the programs that rbt is measured against
	@scripts/peers.sh

.PHONY: bench
bench: postgres ## Measure rbt against its peers: an hour and more
	go run ./bench

.PHONY: bench-quick
bench-quick: postgres ## Show that the benchmark works: two minutes
	go run ./bench -quick

.PHONY: bench-growth
bench-growth: postgres ## Measure how rbt's time grows with rows and tables: half an hour
	go run ./bench/growth

.PHONY: bench-tune
bench-tune: postgres build ## Measure what tuning gains and costs: hours
	go run ./bench/tune

.PHONY: toolchains
toolchains: ## Install the compilers of the example policies: clang, AssemblyScript's, wabt
	@status=0; \
	for dir in frugal steady ladder; do $(MAKE) --no-print-directory -C examples/policies/$$dir toolchain || status=1; done; \
	exit $$status

# The modules that are checked in: tests need no compiler for them. Where their
# compilers are, tests hold that the modules are what their sources make.
.PHONY: guests
guests: toolchains ## Build the example policies, and install the compilers that takes
	@for dir in frugal steady ladder; do $(MAKE) --no-print-directory -B -C examples/policies/$$dir || exit; done
	@for dir in gentle deadline builtin; do $(MAKE) --no-print-directory -C examples/policies/$$dir || exit; done

.PHONY: dist
dist: ## Build archives for Linux and macOS, with man pages, completions and checksums, into dist/
	@scripts/dist.sh $(version)

.PHONY: fmt
fmt: ## Format the Go files
	gofmt -w .

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin dist
