#!/usr/bin/env bash
# Installs from Debian what the project needs and this machine lacks, and says what it does. Safe to run again.
set -euo pipefail

for tool in go node npm; do
	command -v "$tool" >/dev/null || { echo "setup: $tool is missing: Suiftly builds with Go 1.26 and Node 20 or newer" >&2; exit 1; }
done

missing=()
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing+=(postgresql)
command -v pg_dump >/dev/null || missing+=(postgresql-client)
command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ] || missing+=(haproxy)
command -v chromium >/dev/null || missing+=(chromium)
if [ ${#missing[@]} -gt 0 ]; then
	command -v apt-get >/dev/null || { echo "setup: install these first: ${missing[*]}" >&2; exit 1; }
	as_root=()
	[ "$(id -u)" = 0 ] || as_root=(sudo)
	echo "setup: installing from Debian: ${missing[*]}"
	# The tests and the demo start servers of their own: the packages' services are not wanted.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
		"${as_root[@]}" chmod +x $policy
		trap '"${as_root[@]}" rm -f '$policy EXIT
	fi
	"${as_root[@]}" apt-get update -qq
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
