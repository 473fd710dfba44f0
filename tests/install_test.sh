#!/usr/bin/env bash
# install_test.sh - the channel as a library of its own: built, installed, and used from there
set -euo pipefail
sync=$(cd "$(dirname "$0")/../sync" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PKG_CONFIG_PATH=$work/prefix/lib/pkgconfig

# Whoever uses it gets no more names than the header has.
check_names() {
	local -a declared exported
	mapfile -t declared < <(grep -oE '^(int|void|size_t) channel_[a-z_]+' "$sync/channel.h" |
		sed 's/.* //' | sort)
	mapfile -t exported < <(nm -D --defined-only "$work/prefix/lib/libbaton-channel.so" |
		sed 's/.* //' | sort)
	[ "${#declared[@]}" -gt 10 ]
	[ "${declared[*]}" = "${exported[*]}" ] || {
		echo "declared: ${declared[*]}"
		echo "exported: ${exported[*]}"
		return 1
	}
}

# The example, by pkg-config alone and from outside the tree.
check_use() {
	local -a flags
	sed 's|"channel.h"|<channel.h>|' "$sync/example.c" >"$work/example.c"
	mapfile -t flags < <(pkg-config --cflags --libs baton-channel | tr ' ' '\n' | sed '/^$/d')
	(cd "$work" && cc -Wall -Werror example.c "${flags[@]}" -pthread -o example)
	LD_LIBRARY_PATH=$work/prefix/lib "$work/example" | sort >"$work/printed"
	for n in 1 4 9 16 25; do
		printf 'worker 0: %d\nworker 1: %d\n' "$n" "$n"
	done | sort | diff - "$work/printed"
}

for shared in OFF ON; do
	cmake -S "$sync" -B "$work/$shared" -DBUILD_SHARED_LIBS=$shared -DCMAKE_C_FLAGS=-Werror \
		-DCMAKE_INSTALL_LIBDIR=lib >"$work/log"
	cmake --build "$work/$shared" >>"$work/log" || { cat "$work/log"; exit 1; }
	cmake --install "$work/$shared" --prefix "$work/prefix" >>"$work/log"
	check_use
done
check_names
echo 'installed, found and used, static and shared'
