#!/usr/bin/env bash
# absent_test.sh - a baton built without the libraries that may be absent names them in its rows
set -euo pipefail

baton=${BATON:?the program to test}
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT

fail() {
	printf 'failed: %s\n' "$*" >&2
	exit 1
}

# skips MECHANISM PACKAGE: all its rows are skipped for want of that package, in check and in run.
skips() {
	local rc=0 rows
	"$baton" check --set=all --mechanism="$1" >"$top/check" || rc=$?
	[[ $rc == 77 ]] || fail "check of $1 ends with $rc"
	if grep -v "^skipped  [a-z]*/$1/.*: built without $2 (scripts/setup --all installs it)\$" \
		"$top/check" | grep -v '^0 passed, 0 failed, [1-9][0-9]* skipped$'; then
		fail "these lines of the check of $1"
	fi
	rc=0
	"$baton" run --set=all --mechanism="$1" --invocations=1 --rounds=1 --out="$top/$1" \
		>/dev/null 2>&1 || rc=$?
	[[ $rc == 77 ]] || fail "run of $1 ends with $rc"
	rows=$(grep -c ",$1,.*,skipped:ENOPKG,built without $2 " "$top/$1/samples.csv") ||
		fail "no row of $1"
	((rows == $(grep -c ",$1," "$top/$1/samples.csv"))) || fail "other rows of $1"
}

skips gasyncqueue libglib2.0-dev
skips msg-ring liburing-dev
skips nsync libnsync-dev
skips urcu-wfcq liburcu-dev
skips zeromq libzmq3-dev
