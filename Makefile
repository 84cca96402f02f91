# Everything a person or CI does here is a target; `make` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.1.4
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
NODE := ui/node_modules/.package-lock.json

.PHONY: help demo test setup build check lint gotest uitest e2e gen proto migrate bench vuln clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-9s %s\n", $$1, $$2}'

demo: build ## Command one: set everything up and run the demo on loopback (ARGS="--rate 50")
	./suiftly demo $(ARGS)

test: setup check ## Command two: set everything up and run every check and test

setup: ## Install what is missing: Debian's postgresql, haproxy and chromium, npm's packages
	@scripts/setup.sh
	@$(MAKE) --no-print-directory $(NODE)

$(NODE): ui/package-lock.json
	@echo "installing the dashboard's packages from npm"
	@cd ui && npm ci --no-audit --no-fund --loglevel=error

# What the dashboard is made of: a change of any of it builds it again.
UI_SOURCES := $(shell find ui/src ui/public ui/dev-wallet ui/vite -type f 2>/dev/null) ui/index.html ui/vite.config.ts ui/openapi.json ui/package-lock.json

ui/dist/index.html: $(UI_SOURCES) | setup
	cd ui && npm run build

build: setup ui/dist/index.html ## Build ./suiftly with the dashboard in it
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o suiftly .

check: lint gotest uitest e2e ## What CI runs
	@echo "everything is green"

lint: $(NODE) ## Generated files are current, formatting, vet, staticcheck, the dashboard's types and lint
	@scripts/lint.sh $(STATICCHECK)

gotest: $(NODE) ## All Go tests with the race detector: real Postgres, real HAProxy, three replicas
	go test -race -timeout 20m ./...

uitest: $(NODE) ## The dashboard's unit and route tests
	cd ui && npm test

e2e: build ## The dashboard in a real browser, on the real binary with Postgres and HAProxy
	cd ui && npm run sizes
	scripts/browser-tests.sh

gen: $(NODE) ## After a change of the API: ui/openapi.json and the dashboard's client
	go run . openapi > ui/openapi.json
	cd ui && npm run gen

proto: ## After a change of internal/sui/chain/rpc/sui.proto: its Go messages
	cd internal/sui/chain/rpc && npx --yes @bufbuild/buf@1.75.0 generate

migrate: ## After a new migration: refresh db/schema.sql
	UPDATE=1 go test -count=1 -run TestSchemaIsCurrent .

bench: ## Log lines a second from HAProxy to committed rows, against bare COPY; the billing run, against flagging rows; sign-ins under a flood
	go run ./bench/ingest
	go run ./bench/billing
	go run ./bench/auth

vuln: ## Known vulnerabilities in what is linked (asks vuln.go.dev)
	go run $(GOVULNCHECK) ./...

clean: ## Remove what was built
	rm -rf suiftly ui/node_modules ui/test-results ui/playwright-report
	find ui/dist ui/dist-dev-wallet -mindepth 1 ! -name .gitkeep -delete
