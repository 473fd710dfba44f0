#!/usr/bin/env bash
# style_test.sh - layout, linters, the library's header by itself: clang-format, shellcheck, flake8,
# mypy, g++; gofmt where there is one
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

# A user's warnings are not ours to cause; in C++ there are some that C does not know.
header_alone() {
	local compiler=$1 language=$2 standard=$3

	"$compiler" -x "$language" -std="$standard" -I. -Wall -Wextra -Wshadow -Wconversion \
		-Wpedantic -Werror -fsyntax-only - <<'EOF'
#include "sync/channel.h"

int main(void)
{
	struct channel *channel;
	int value = 1;
	struct channel_case one;

	if (channel_open(&channel, sizeof(value), 1) < 0)
		return 1;
	one = channel_case_send(channel, &value);
	channel_set_spin(channel, CHANNEL_SPIN);
	if (channel_select(&one, 1) < 0 || channel_recv(channel, &value) < 0)
		return 1;
	one = channel_case_recv(channel, &value);
	channel_free(channel);
	return one.way == CHANNEL_RECV ? 0 : 1;
}
EOF
}

mapfile -t sources < <(find core bench sync shim peers tests -name '*.[ch]' -o -name '*.cc')
mapfile -t shell < <(grep -rlE '^#!.*\b(ba)?sh\b' scripts tests .ci)
mapfile -t scripts < <(find scripts tests -name '*.py')

check clang-format clang-format --dry-run --Werror "${sources[@]}"
check shellcheck shellcheck "${shell[@]}"
check flake8 "$python" -m flake8 "${scripts[@]}"
check mypy "$python" -m mypy --cache-dir=/dev/null "${scripts[@]}"
check 'channel.h as C11' header_alone gcc c c11
for standard in c++11 c++17 c++20; do
	check "channel.h as $standard" header_alone g++ c++ "$standard"
done
if command -v gofmt >/dev/null; then
	check gofmt test -z "$(gofmt -l peers)"
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
