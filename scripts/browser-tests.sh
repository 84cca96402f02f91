#!/usr/bin/env bash
# Runs the browser tests against a demo of the built binary, which is started for them and stopped after them.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
cleanup() {
	if [ -n "${demo:-}" ]; then kill -INT "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; fi
	rm -rf "$work"
}
trap cleanup EXIT
cd "$work"
# The demo ends by itself, should this script be killed.
"$here/suiftly" demo --for 40m >"$work/demo.out" 2>&1 &
demo=$!
for _ in $(seq 240); do
	url=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$work/demo.out" | head -n 1 || true)
	if [ -n "$url" ] && "$here/suiftly" healthcheck "$url" >/dev/null 2>&1; then break; fi
	kill -0 "$demo" 2>/dev/null || { cat "$work/demo.out" >&2; exit 1; }
	sleep 0.5
done
cd "$here/ui"
SUIFTLY_URL=$url npm run e2e -- "$@"
