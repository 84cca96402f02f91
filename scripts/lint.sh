#!/usr/bin/env bash
# Fails when a generated file is stale, code is not formatted, or a linter objects. $1: staticcheck with its version.
set -euo pipefail
say() { echo "lint: $*"; }

say "gofmt"
unformatted=$(gofmt -l $(git ls-files '*.go' ':!*.pb.go'))
[ -z "$unformatted" ] || { echo "not gofmt-ed: $unformatted" >&2; exit 1; }
say "go vet"
go vet ./...
say "staticcheck"
go run "$1" ./...
say "the API description and its client are current"
before=$(git status --porcelain -- ui/openapi.json ui/src/api/gen ui/src/routeTree.gen.ts; git diff -- ui/openapi.json ui/src/api/gen ui/src/routeTree.gen.ts)
go run . openapi > ui/openapi.json
(cd ui && npm run --silent gen >/dev/null)
after=$(git status --porcelain -- ui/openapi.json ui/src/api/gen ui/src/routeTree.gen.ts; git diff -- ui/openapi.json ui/src/api/gen ui/src/routeTree.gen.ts)
[ "$before" = "$after" ] || { echo "the API changed: run make gen and commit what it writes" >&2; git --no-pager diff --stat -- ui; exit 1; }
say "the dashboard's types"
(cd ui && npm run --silent typecheck)
say "the dashboard's lint"
(cd ui && npm run --silent lint)
