# Pirogue's commands. `make` alone lists them.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One set of flags for building, vetting and linting: with another one Go would compile
# everything again. Only the race detector needs cgo, and so a second set.
export GOFLAGS := $(strip $(shell go env GOFLAGS) -trimpath)
export CGO_ENABLED := 0

# $(call build,FOLDER,PACKAGE) builds a command of the module in FOLDER into the target.
build = scripts/progress.sh '$(LABEL)' $(1) $(2) '$(CURDIR)/$@'

TOOLS := bin/tools/golangci-lint bin/tools/workflowcheck bin/tools/govulncheck

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# An installed `temporal` that fits spares the build of a Temporal, which takes minutes.
.PHONY: run
run: bin/pirogue ## everything on this laptop: the API, Temporal, its Web UI, sandbox operators
	@[ ! -e bin/devserver ] && bin/pirogue dev --which-temporal 2> /dev/null || $(MAKE) --no-print-directory bin/devserver
	@exec bin/pirogue dev

.PHONY: build
build: bin/pirogue bin/devserver ## bin/pirogue and bin/devserver

# The race detector, but not over SQLite: that is one C library translated to Go, whose
# every step it would follow, five times as slowly.
RACE := CGO_ENABLED=1 go test -race -gcflags='modernc.org/...=-race=false'

# These run without the race detector, under which they take minutes more. Workflow code takes turns, so
# there is no race to find, and its virtual time goes on while the detector holds a step up. The store
# leaves nearly all to its database. cmd/pirogue runs both for real, under the detector.
PLAIN := pirogue/workflows pirogue/store

# These tests take their time by waiting, and would take several times as long under the race
# detector: they run by themselves.
LONG := RestoredDatabaseAsks|BlockedWorkflowIsStarted|EndsAsTheDocumentSays|LikeLiveByQRCode|TestBulk$$|TestBulkCancelled|HistoriesOfFaults

.PHONY: test
test: bin/devserver ## all tests, on SQLite and PostgreSQL, most with the race detector
	@scripts/need-gcc.sh
	@scripts/need-postgres.sh
	@scripts/need-chromium.sh
	@scripts/need-php.sh
	$(RACE) -p 2 -timeout 20m -skip '$(LONG)' $$(go list ./... | grep -vx $(PLAIN:%=-e %))
	go test -timeout 20m $(PLAIN)
	go test -timeout 20m -parallel 8 ./cmd/pirogue -run '$(LONG)'
	$(RACE) -timeout 10m -parallel 8 ./cmd/pirogue -run Histories -sticky 0
	go test -tags chaos -timeout 5m ./cmd/pirogue -run KillBetweenCallAndNote
	cd devserver && go test ./...
	cd tools && go test ./...

.PHONY: histories
histories: bin/devserver ## record workflow histories again: only until the first release, see docs/decisions/0027
	find workflows/testdata -mindepth 1 -maxdepth 1 -type d ! -name revision0 -exec rm -r {} +
	go test -timeout 10m -parallel 8 ./cmd/pirogue -run Histories -update
	go test ./workflows -run RecordedHistoriesReplay

.PHONY: failpoints
failpoints: bin/devserver ## kill a process at every point where that hurts, on both databases: 5 minutes
	@scripts/need-postgres.sh
	go test -tags chaos -timeout 30m -parallel 12 ./cmd/pirogue -run KilledAtAnyPoint -v -promises '$(PROMISES)'

.PHONY: chaos
chaos: bin/devserver bin/faultproxy ## trade while all is killed and cut off: 10 min at most; FOR=75s is shorter, SEED=… repeats
	@scripts/need-postgres.sh
	go test -tags chaos -timeout 10m ./cmd/pirogue -run WhateverBreaks -v -seed $(or $(SEED),0) -faults $(or $(FOR),4m) -promises '$(PROMISES)'

.PHONY: outage
outage: bin/devserver ## one operator swallows every call while two are traded with: 15 minutes; FOR=1m is shorter
	@scripts/need-postgres.sh
	go test -tags chaos -timeout 40m ./cmd/pirogue -run SwallowsEveryCall -v -blackhole $(or $(FOR),10m)

.PHONY: check
check: $(TOOLS) ## format, vet, lint, workflow determinism, known vulnerabilities, tidy modules
	@echo format;          bin/tools/golangci-lint fmt --diff
	@echo vet;             go vet ./...
	@echo vet chaos;       go vet -tags chaos ./failpoint ./cmd/pirogue
	@echo vet devserver;   cd devserver && go vet ./...
	@echo vet faultproxy;  cd faultproxy && go vet ./...
	@echo vet tools;       cd tools && go vet ./...
	@echo lint;            bin/tools/golangci-lint run ./...
	@echo lint chaos;      bin/tools/golangci-lint run --build-tags chaos ./failpoint ./cmd/pirogue
	@echo figures;         (cd tools && go run ./figures '$(CURDIR)' > /dev/null) || $(MAKE) --no-print-directory figures
	@echo workflows;       bin/tools/workflowcheck ./workflows/...
	@echo vulnerabilities; scripts/vulncheck.sh bin/tools/govulncheck
	@echo modules;         for module in . devserver faultproxy tools; do (cd $$module && go mod tidy -diff) || exit 1; done

.PHONY: figures
figures: ## measure the shape of the code against what the house holds
	@cd tools && go run ./figures '$(CURDIR)'

.PHONY: bench
bench: bin/devserver ## measure the promised figures into docs/benchmarks.md; ONLY=EndToEnd is one of them
	@scripts/need-postgres.sh
	BENCH_CURVE='$(CURDIR)/docs/benchmarks.svg' go test -run '^$$' -bench '$(or $(ONLY),.)' -timeout 60m ./store ./cmd/pirogue | \
		(cd tools && go run ./benchtable ../docs/benchmarks.md)

.PHONY: planted
planted: bin/devserver ## plant bugs in a copy, one by one, and see the tests catch each
	@scripts/planted-bugs.sh

.PHONY: planted-check
planted-check: ## see that every planted bug can still be planted
	@scripts/planted-bugs.sh --check

.PHONY: fmt
fmt: bin/tools/golangci-lint ## format every Go file
	bin/tools/golangci-lint fmt

.PHONY: lint
lint: bin/tools/golangci-lint ## lint alone, mending what can be mended
	bin/tools/golangci-lint run --fix ./...

.PHONY: secrets
secrets: ## make the passwords and keys docker-compose.yml reads, in secrets/
	@scripts/secrets.sh secrets

.PHONY: hooks
hooks: ## let git check the format before each commit
	git config core.hooksPath .githooks

.PHONY: clean
clean: ## remove what was built
	rm -rf bin

# Go itself knows best what changed, embedded files included, and answers in a second.
.PHONY: bin/pirogue
bin/pirogue: LABEL = building Pirogue
bin/pirogue:
	@$(call build,.,./cmd/pirogue)

# Temporal is large: even asking Go whether something changed takes a while.
bin/devserver: LABEL = building Temporal (first time: minutes)
bin/devserver: $(filter-out %_test.go,$(wildcard devserver/*.go)) devserver/go.mod devserver/go.sum
	@$(call build,devserver,.)
	@touch $@

bin/faultproxy: LABEL = building the fault proxy
bin/faultproxy: faultproxy/main.go faultproxy/go.mod faultproxy/go.sum
	@$(call build,faultproxy,.)
	@touch $@

bin/tools/golangci-lint: PACKAGE = github.com/golangci/golangci-lint/v2/cmd/golangci-lint
bin/tools/workflowcheck: PACKAGE = go.temporal.io/sdk/contrib/tools/workflowcheck
bin/tools/govulncheck:   PACKAGE = golang.org/x/vuln/cmd/govulncheck
$(TOOLS): LABEL = building $(notdir $@)
$(TOOLS): tools/go.mod tools/go.sum
	@$(call build,tools,$(PACKAGE))
	@touch $@
