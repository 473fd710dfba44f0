#!/bin/sh
# places_oracle.sh - holds `baton places` against the oracle of real machines' topologies
#
# usage: BATON=path/to/baton places_oracle.sh [DIRECTORY]
# DIRECTORY (by default ../shared/topologies, seen from the repository) has *.xml and EXPECTED.csv
# with the columns file,place,pairs,cpu_a,cpu_b. Exits 0 when every row of every file agrees,
# 1 when one does not, 77 where there is no such directory.
set -eu

directory=${1:-$(dirname "$0")/../../shared/topologies}
expected=$directory/EXPECTED.csv
if [ ! -f "$expected" ]; then
	echo "skipped: no oracle at $expected"
	exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
files=0
for xml in "$directory"/*.xml; do
	name=$(basename "$xml")
	{
		echo place,pairs,cpu_a,cpu_b
		awk -F, -v OFS=, -v file="$name" '$1 == file { print $2, $3, $4, $5 }' "$expected"
	} >"$work/expected"
	"${BATON:?names the program to test}" places --topology="$xml" --format=csv \
		>"$work/found" 2>"$work/errors" || failed=1
	cat "$work/errors"
	if [ -s "$work/errors" ] || ! diff -u "$work/expected" "$work/found"; then
		echo "differs: $name (- expected, + found)"
		failed=1
	fi
	files=$((files + 1))
done

listed=$(awk -F, 'NR > 1 { print $1 }' "$expected" | sort -u | wc -l)
if [ "$files" -ne "$listed" ]; then
	echo "$expected lists $listed files, $directory has $files"
	failed=1
fi
echo "$files topologies compared"
exit "$failed"
