#!/usr/bin/env bash
# run_smoke.sh - a whole run of $BATON in a folder of its own, for the builds that look for faults
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$BATON" run --family=switch,handoff --invocations=2 --rounds=1 --out="$folder/run"
