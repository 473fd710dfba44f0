#!/usr/bin/env bash
# style_test.sh - layout, linters: clang-format, shellcheck, flake8, mypy
set -euo pipefail
cd "$(dirname "$0")/.."
python=/usr/bin/python3
passed=0 failed=0

check() {
	local name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $name"
	fi
}

mapfile -t sources < <(find core bench sync shim tests -name '*.[ch]' -o -name '*.cc')
mapfile -t shell < <(grep -rlE '^#!.*\b(ba)?sh\b' scripts tests .ci)
mapfile -t scripts < <(find scripts tests -name '*.py')

check clang-format clang-format --dry-run --Werror "${sources[@]}"
check shellcheck shellcheck "${shell[@]}"
check flake8 "$python" -m flake8 "${scripts[@]}"
check mypy "$python" -m mypy --cache-dir=/dev/null "${scripts[@]}"
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
