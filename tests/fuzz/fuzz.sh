#!/usr/bin/env bash
# fuzz.sh - fuzzes for FUZZ_SECONDS (60), from the kept corpus and what earlier runs came upon
set -euo pipefail
fuzzer=$1
seconds=${FUZZ_SECONDS:-60}
kept=$(cd "$(dirname "$0")" && pwd)/corpus
here=$(dirname "$fuzzer")
scratch=$here/fuzz_corpus findings=$here/fuzz_findings
mkdir -p "$scratch" "$findings"

# libFuzzer says in passing what it learns: only its last words are shown.
rc=0
"$fuzzer" -max_total_time="$seconds" -max_len=160 -timeout=25 -print_final_stats=1 \
	-artifact_prefix="$findings/" "$scratch" "$kept" >"$here/fuzz.log" 2>&1 || rc=$?
if ((rc == 0)); then
	grep -aE 'DONE|stat::(number_of_executed_units|average_exec_per_sec)' "$here/fuzz.log"
	exit
fi
tail -n 100 "$here/fuzz.log"
input=$(sed -n 's/.*Test unit written to //p' "$here/fuzz.log" | tail -n 1)
if [[ $input ]]; then
	printf '\nfuzz: a finding, kept in %s; again (a select draws, so try some times):\n' "$input"
	printf '  %q -runs=100 %q\n' "$fuzzer" "$input"
fi
exit "$rc"
