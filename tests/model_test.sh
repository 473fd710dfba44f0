#!/usr/bin/env bash
# model_test.sh - searches the models of the channel in tests/model with Spin, the broken ones too
#
# usage: model_test.sh [NAME...]
# A model of the channel as it is must be without error in every state that can be reached; one
# with a fault put in must be found out, and by what should find it. A line each, with the states
# that were searched; exits 0 when all is so, 1 when not, 77 where there is no spin.
set -euo pipefail

command -v spin >/dev/null || {
	echo 'skipped: there is no spin here (scripts/setup --test installs it)'
	exit 77
}
models=$(cd "$(dirname "$0")" && pwd)/model
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

readonly DEPTH=100000 MEGABYTES=2000
readonly NEVER='SENDER_DEADLINE=NEVER_ONLY RECEIVER_DEADLINE=NEVER_ONLY'
readonly FIRST_TIMED='SENDER_DEADLINE=TIMED_IF_FIRST RECEIVER_DEADLINE=NEVER_ONLY'
readonly SENDERS_TIMED='SENDER_DEADLINE=NEVER_OR_TIMED RECEIVER_DEADLINE=NEVER_ONLY'
readonly LAST_TIMED='SENDER_DEADLINE=NEVER_ONLY RECEIVER_DEADLINE=TIMED_IF_LAST'
readonly RECEIVERS_TIMED='SENDER_DEADLINE=NEVER_ONLY RECEIVER_DEADLINE=NEVER_OR_TIMED'
readonly ANY='SENDER_DEADLINE=ANY RECEIVER_DEADLINE=ANY'
readonly ALL_NEVER="$NEVER SELECT_DEADLINE=NEVER_ONLY"
readonly ONE_TIMED="$NEVER SELECT_DEADLINE=NEVER_OR_TIMED"
readonly PLAIN0='plain CAPACITY=0' PLAIN1='plain CAPACITY=1' PLAIN2='plain CAPACITY=2' \
	PLAIN3='plain CAPACITY=3' SELECT0='select CAPACITY=0' SELECT1='select CAPACITY=1'
readonly S1R1='SENDERS=1 RECEIVERS=1' S1R2='SENDERS=1 RECEIVERS=2' S2R1='SENDERS=2 RECEIVERS=1' \
	S2R2='SENDERS=2 RECEIVERS=2'
readonly BOTH_RECV='WAY_A=RECV WAY_B=RECV' BOTH_SEND='WAY_A=SEND WAY_B=SEND' \
	OTHERS_RECV='WAY_C=RECV WAY_D=RECV' CROSSWISE='WAY_A=SEND WAY_B=RECV WAY_C=RECV WAY_D=SEND'

# NAME FILE and what is defined: each configuration of the channel as it is. (2x1: two senders, one
# receiver.)
configurations() {
	cat <<-END
		lock lock
		ring1-2x1 $PLAIN1 $S2R1 VALUES=2 SPURIOUS=0 $NEVER
		ring1-2x1-spurious $PLAIN1 $S2R1 VALUES=1 SPURIOUS=1 $NEVER
		ring1-1x2 $PLAIN1 $S1R2 VALUES=2 SPURIOUS=1 $NEVER
		ring1-2x2 $PLAIN1 $S2R2 VALUES=1 SPURIOUS=0 $NEVER
		ring2-2x1 $PLAIN2 $S2R1 VALUES=2 SPURIOUS=0 $NEVER
		ring3-1x1 $PLAIN3 $S1R1 VALUES=6 SPURIOUS=1 $NEVER
		ring1-2x1-close $PLAIN1 $S2R1 VALUES=1 SPURIOUS=0 CLOSER $NEVER
		ring1-1x2-close $PLAIN1 $S1R2 VALUES=1 SPURIOUS=0 CLOSER $NEVER
		ring1-1x1-close-any $PLAIN1 $S1R1 VALUES=2 SPURIOUS=0 CLOSER $ANY
		ring1-2x1-timed-free $PLAIN1 $S2R1 VALUES=1 SPURIOUS=0 RECEIVER_FREES $SENDERS_TIMED
		ring1-1x2-timed $PLAIN1 $S1R2 VALUES=2 SPURIOUS=0 $LAST_TIMED
		rendezvous-2x1 $PLAIN0 $S2R1 VALUES=2 SPURIOUS=1 $NEVER
		rendezvous-2x2 $PLAIN0 $S2R2 VALUES=1 SPURIOUS=1 $NEVER
		rendezvous-1x1-any $PLAIN0 $S1R1 VALUES=2 SPURIOUS=1 $ANY
		rendezvous-free $PLAIN0 $S1R1 VALUES=2 SPURIOUS=1 RECEIVER_FREES $SENDERS_TIMED
		rendezvous-free-by-sender $PLAIN0 $S1R1 VALUES=2 SPURIOUS=1 SENDER_FREES $RECEIVERS_TIMED
		rendezvous-2x1-close $PLAIN0 $S2R1 VALUES=1 SPURIOUS=0 CLOSER $FIRST_TIMED
		rendezvous-1x2-close $PLAIN0 $S1R2 VALUES=1 SPURIOUS=0 CLOSER $NEVER
		ring1-1x1-live $PLAIN1 $S1R1 VALUES=3 SPURIOUS=0 LIVE $NEVER
		ring1-2x1-live $PLAIN1 $S2R1 VALUES=1 SPURIOUS=0 LIVE $NEVER
		ring1-1x1-close-live $PLAIN1 $S1R1 VALUES=1 SPURIOUS=0 CLOSER LIVE $NEVER
		select-plain $SELECT0 VALUES=2 SPURIOUS=0 $BOTH_RECV P0=SEND P1=SEND SELECTS=4 $ONE_TIMED
		select-send-plain $SELECT0 VALUES=1 SPURIOUS=1 $BOTH_SEND P0=RECV P1=RECV SELECTS=2 $ONE_TIMED
		select-select $SELECT0 VALUES=2 SPURIOUS=0 $BOTH_SEND $OTHERS_RECV $ALL_NEVER
		select-select-timed $SELECT0 VALUES=1 SPURIOUS=1 $BOTH_SEND $OTHERS_RECV $ONE_TIMED
		select-crosswise $SELECT0 VALUES=2 SPURIOUS=0 $CROSSWISE $ALL_NEVER
		select-close $SELECT0 VALUES=1 SPURIOUS=0 $BOTH_RECV P0=SEND P1=SEND CLOSER $ALL_NEVER
		select-close-timed $SELECT0 VALUES=1 SPURIOUS=0 $BOTH_RECV P0=SEND CLOSER $ONE_TIMED
		select-ring1 $SELECT1 VALUES=1 SPURIOUS=0 $BOTH_RECV P0=SEND P1=SEND SELECTS=2 $ALL_NEVER
		select-ring1-select $SELECT1 VALUES=2 SPURIOUS=0 $BOTH_SEND $OTHERS_RECV $ALL_NEVER
		select-ring1-close $SELECT1 VALUES=1 SPURIOUS=0 $BOTH_RECV P0=SEND CLOSER $ONE_TIMED
	END
}

# What is put in (UNWATCHED: without the watch over what always holds, so that what comes of it is
# seen), into which configuration, and what must be found: a sleep without end, or which assertion.
faults() {
	local asleep='invalid end state' watch='always_holds' lost='sent==got' gone='framed['
	local freed='freed[c]' turn='order['
	cat <<-END
		WOKEN_FORGETS_OTHERS lock $asleep
		SLEEP_UNCOMPARED lock $asleep
		ASKS_AGAIN lock unlocked<3
		CLOSED_APART,UNWATCHED ring1-2x1-close $lost
		CLOSED_AFTER_QUEUES ring1-2x1-close status!=1
		FLAG_UNCOMPARED ring1-2x1-spurious $watch
		FLAG_UNCOMPARED,UNWATCHED ring1-2x1-spurious $asleep
		FLAG_BY_STORE ring1-2x1-spurious $asleep
		FLAG_PASSED_OVER,UNWATCHED ring1-2x1-spurious $asleep
		FLAG_STAYS ring1-2x1-spurious $watch
		FLAG_STAYS,UNWATCHED ring1-1x1-live non-progress cycle
		SWAP_HEAD_FIRST ring1-2x1 $watch
		SWAP_HEAD_FIRST,UNWATCHED ring1-2x1 first[
		CLAIM_BY_STORE,UNWATCHED ring1-2x1-spurious !(partner)
		OLDEST_PASSED_OVER ring1-1x1-live expected[
		LAST_COMES_FIRST ring1-2x1 $turn
		SETTLE_BEFORE_UNLOCK ring1-2x1-timed-free $freed
		TIMED_UNCLAIMED ring1-2x1-timed-free $freed
		TIMED_UNCLAIMED rendezvous-free-by-sender $freed
		TIMED_UNCLAIMED rendezvous-2x1-close $asleep
		DEADLINE_IS_BLIND rendezvous-2x1-close $gone
		OUTCOME_IGNORED rendezvous-2x1-close got&
		SETTLE_BEFORE_UNLOCK rendezvous-free $freed
		SENDERS_FORGOTTEN,UNWATCHED rendezvous-2x1-close $asleep
		SLEEP_UNCOMPARED rendezvous-2x1 $asleep
		PARK_BY_STORE rendezvous-2x1 $asleep
		UNPARK_BY_STORE rendezvous-2x1 $asleep
		NO_WAKE rendezvous-2x1 $asleep
		WAKE_FIRST rendezvous-2x1 $asleep
		LAST_COMES_FIRST rendezvous-2x1 $turn
		NO_CLAIM select-plain $asleep
		NO_CLAIM select-select assertion violated value
		NO_WITHDRAWAL select-plain $gone
		LOCKS_UNORDERED select-select $asleep
	END
}

# Builds the search of a model in a folder of its own, and makes it.
search() {
	local folder=$1 file=$2
	shift 2
	cd "$folder"
	cp "$models"/*.pml .
	spin -a "${@/#/-D}" "$file.pml" || return
	if [[ " $* " == *' LIVE '* ]]; then
		gcc -w -DNP -DVECTORSZ=512 -DMEMLIM="$MEGABYTES" -o pan pan.c || return
		./pan -l -f -m"$DEPTH" -w22 >result || return
	else
		gcc -w -DSAFETY -DVECTORSZ=512 -DMEMLIM="$MEGABYTES" -o pan pan.c || return
		./pan -m"$DEPTH" -w22 >result || return
	fi
}

# Searches one model, and prints its line: ok, or FAILED. With no complaint wanted there must be
# none, and the search must have come to its end.
try() {
	local name=$1 wanted=$2 begin=${EPOCHREALTIME/./} folder states complaint verdict
	shift 2
	folder=$(mktemp -d "$work/XXXX")
	(search "$folder" "$@" >"$folder/log" 2>&1) || true
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$folder/result" 2>/dev/null) || true
	if [[ ! $states ]]; then
		complaint="not searched: $(tail -n 1 "$folder/log")"
	elif grep -Eq 'depth too small|out of memory|memory limit' "$folder/result"; then
		complaint='not searched to the end'
	else
		complaint=$(sed -n 's/^pan:1: \(.*\) (at depth .*/\1/p' "$folder/result")
	fi
	verdict=FAILED
	if [[ $wanted && $states && $complaint == *"$wanted"* ]]; then
		verdict=ok
	elif [[ ! $wanted && ! $complaint ]] && grep -q 'errors: 0$' "$folder/result" &&
		! grep -q 'not completed' "$folder/result"; then
		verdict=ok
	fi
	[[ $verdict == ok ]] || touch "$work/failed"
	printf '%-6s %-42s %8s states %6d ms  %s\n' "$verdict" "$name" "${states:-no}" \
		"$(((${EPOCHREALTIME/./} - begin) / 1000))" "${complaint:-no error}"
	rm -rf "$folder"
}

# Starts it beside others, as many as there are CPUs.
start() {
	started=yes
	while (($(jobs -rp | wc -l) >= $(nproc))); do
		wait -n
	done
	try "$@" &
}

# Whether the name was asked for, or none was.
asked() {
	local name=$1 other
	shift
	(($# == 0)) && return
	for other in "$@"; do
		[[ $name == "$other" ]] && return
	done
	return 1
}

started=''
declare -A options
while read -r name rest; do
	options[$name]=$rest
	if asked "$name" "$@"; then
		# shellcheck disable=SC2086 # words
		start "$name" '' $rest
	fi
done < <(configurations)
while read -r fault name wanted; do
	if asked "$name" "$@" || asked "$fault" "$@"; then
		# shellcheck disable=SC2086 # words
		start "$name with $fault" "$wanted" ${options[$name]} ${fault//,/ }
	fi
done < <(faults)
wait
[[ $started ]] || echo "no such name: $*"
[[ $started && ! -e $work/failed ]]
