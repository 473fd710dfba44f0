#!/usr/bin/env bash
# setup_test.sh - tries scripts/setup on machines made of stand-ins, changing nothing on this one
set -euo pipefail

setup=$(cd "$(dirname "$0")/.." && pwd)/scripts/setup
real_dpkg_query=$(command -v dpkg-query) || {
	echo 'skipped: there is no dpkg-query here'
	exit 77
}
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
passed=0 failed=0
mapfile -t packages < <("$setup" --list)
readonly packages
readonly install="apt-get install -y --no-install-recommends"

# The stand-ins find the machine in $MACHINE: its packages (status), whether apt has lists (lists),
# what goes wrong (trouble), and what was called (calls).
stand_in() {
	cat >"$MACHINE/bin/$1"
	chmod +x "$MACHINE/bin/$1"
}

# Makes a new machine: apt with lists, the user's id as given, no package installed.
new_machine() {
	MACHINE=$(mktemp -d "$top/machine.XXXX")
	export MACHINE
	mkdir "$MACHINE/bin" "$MACHINE/tmp"
	touch "$MACHINE/status" "$MACHINE/calls" "$MACHINE/lists"
	echo "$1" >"$MACHINE/id"
	local tool
	for tool in bash env cat sed grep tail mktemp rm sort; do
		ln -s "$(command -v "$tool")" "$MACHINE/bin/$tool"
	done
	stand_in id <<-'EOF'
		#!/bin/sh
		/bin/cat "$MACHINE/id"
	EOF
	stand_in dpkg-query <<-EOF
		#!/bin/sh
		exec '$real_dpkg_query' --admindir="\$MACHINE" "\$@"
	EOF
	add_apt_get
}

add_apt_get() {
	stand_in apt-get <<-'EOF'
		#!/bin/bash
		if [[ $1 == --simulate ]]; then
			[[ -e $MACHINE/lists ]]
			exit
		fi
		echo "$DEBIAN_FRONTEND apt-get $*" >>"$MACHINE/calls"
		if [[ $(<"$MACHINE/id") != 0 && ! $BY_SUDO ]]; then
			echo 'E: are you root?'
			exit 100
		fi
		if [[ -e $MACHINE/trouble ]]; then
			/bin/cat "$MACHINE/trouble" >&2
			exit 100
		fi
		[[ $1 == update ]] && touch "$MACHINE/lists"
		for package in "${@:2}"; do
			[[ $package == -* ]] && continue
			printf 'Package: %s\nStatus: install ok installed\nVersion: 1\n' "$package"
			printf 'Architecture: all\nMaintainer: m\nDescription: d\n\n'
		done >>"$MACHINE/status"
		echo "Setting up ..."
	EOF
}

add_sudo() {
	stand_in sudo <<-'EOF'
		#!/bin/bash
		echo "sudo $*" >>"$MACHINE/calls"
		if [[ $1 == -v ]]; then
			echo '[sudo] password'
			[[ ! -e $MACHINE/refuse ]]
			exit
		fi
		BY_SUDO=1 exec "$@"
	EOF
}

# installed STATUS PACKAGE...: writes the packages into dpkg's books.
installed() {
	local status=$1 package
	for package in "${@:2}"; do
		printf 'Package: %s\nStatus: %s\n' "$package" "$status"
		printf 'Version: 1\nArchitecture: all\nMaintainer: m\nDescription: d\n\n'
	done >>"$MACHINE/status"
}

on_machine() {
	env -i MACHINE="$MACHINE" PATH="$MACHINE/bin" TMPDIR="$MACHINE/tmp" SHELL=/bin/sh "$@"
}

# Runs setup on the machine, without a terminal; leaves $out, $err and $rc.
run_setup() {
	rc=0
	on_machine "$setup" "$@" </dev/null >"$MACHINE/out" 2>"$MACHINE/err" || rc=$?
	out=$(<"$MACHINE/out")
	err=$(<"$MACHINE/err")
}

# The same on a terminal, where both streams arrive as $out.
run_setup_on_terminal() {
	rc=0
	on_machine "$(command -v script)" -qec "$setup" /dev/null </dev/null >"$MACHINE/out" ||
		rc=$?
	out=$(tr -d '\r' <"$MACHINE/out")
	err=''
}

calls() {
	cat "$MACHINE/calls"
}

# is WHAT GOT WANTED and like WHAT GOT PATTERN: one check each.
is() {
	verdict "$1" "$2" "$3" "$([[ $2 == "$3" ]] && echo yes)"
}

like() {
	# shellcheck disable=SC2053 # the right side is a pattern
	verdict "$1" "$2" "$3" "$([[ $2 == $3 ]] && echo yes)"
}

verdict() {
	if [[ $4 ]]; then
		passed=$((passed + 1))
		echo "ok - $1"
	else
		failed=$((failed + 1))
		printf 'not ok - %s\n  got:    %q\n  wanted: %q\n' "$1" "$2" "$3"
	fi
}

test_nothing_missing() {
	new_machine 1000
	installed 'install ok installed' "${packages[@]}"
	run_setup
	is 'nothing missing: exit code' "$rc" 0
	is 'nothing missing: silent' "$out$err" ''
	is 'nothing missing: apt-get and sudo left alone' "$(calls)" ''
}

test_root_installs() {
	new_machine 0
	installed 'install ok installed' make gcc
	run_setup
	is 'root: exit code' "$rc" 0
	is 'root: installs the missing ones, and asks nothing' "$(calls)" \
		"noninteractive $install \
cmake g++ libbenchmark-dev libck-dev libhwloc-dev libmd-dev pkg-config zlib1g-dev"
	is 'root: stdout is left to data' "$out" ''
	is "root: apt's chatter stays in the log" "$(wc -l <"$MACHINE/err")" 1
	is 'root: the log is removed' "$(ls "$MACHINE/tmp")" ''
	: >"$MACHINE/calls"
	run_setup
	is 'root: the second call does nothing' "$rc$out$err$(calls)" 0
}

test_root_without_lists() {
	new_machine 0
	rm "$MACHINE/lists"
	run_setup
	is 'no lists: exit code' "$rc" 0
	is 'no lists: update, then install' "$(calls)" "noninteractive apt-get update
noninteractive $install ${packages[*]}"
}

test_half_there() {
	new_machine 0
	installed 'install ok installed' "${packages[@]/%cmake/other}"
	installed 'deinstall ok config-files' cmake
	run_setup
	like 'a removed package with its settings left is missing' "$(calls)" '*recommends cmake'
	new_machine 0
	installed 'hold ok installed' "${packages[@]}"
	run_setup
	is 'packages on hold are there' "$rc$(calls)" 0
}

test_no_sudo() {
	new_machine 1000
	run_setup
	is 'no sudo: exit code' "$rc" 5
	like 'no sudo: the line to type' "$err" \
		"*there is no sudo; type this as root*  apt-get update && $install ${packages[*]}"
	is 'no sudo: apt-get left alone' "$(calls)" ''
}

test_no_terminal() {
	new_machine 1000
	add_sudo
	run_setup
	is 'sudo without a terminal: exit code' "$rc" 5
	like 'sudo without a terminal: the line to type' "$err" \
		"*  sudo apt-get update && sudo $install ${packages[*]}"
	is 'sudo without a terminal: nothing was called' "$(calls)" ''
}

test_terminal() {
	if ! script -qec true /dev/null </dev/null >/dev/null 2>&1; then
		echo "skipped: sudo on a terminal (needs util-linux's script and a pseudo-terminal)"
		return
	fi
	new_machine 1000
	add_sudo
	run_setup_on_terminal
	local line
	line="env DEBIAN_FRONTEND=noninteractive $install ${packages[*]}"
	is 'sudo on a terminal: exit code' "$rc" 0
	like 'sudo on a terminal: the line is shown before sudo asks' "$out" \
		"*sudo $line"$'\n''*password*'
	like 'sudo on a terminal: the line shown is the one run' "$(calls)" "*sudo $line"$'\n'*
	run_setup
	is 'sudo on a terminal: the packages are there' "$rc$err" 0
	new_machine 1000
	add_sudo
	touch "$MACHINE/refuse"
	run_setup_on_terminal
	is 'sudo refuses: exit code' "$rc" 5
	like 'sudo refuses: the line to type' "$out" "*sudo refused*  sudo apt-get update && *"
	is 'sudo refuses: asked once' "$(calls)" 'sudo -v'
}

test_lock() {
	new_machine 0
	cat >"$MACHINE/trouble" <<-'EOF'
		E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)
		N: Be aware that removing the lock file is not a solution and may break your system.
		E: Unable to acquire the dpkg frontend lock
	EOF
	run_setup
	is 'lock: exit code' "$rc" 5
	is 'lock: one clear line' "$(tail -n +2 "$MACHINE/err")" \
		"setup: apt's lock is taken, held by process 7 (apt); \
wait for its end, then start again"
	is 'lock: tried once' "$(calls | wc -l)" 1
}

test_apt_fails() {
	new_machine 0
	seq -f 'line %g' 50 >"$MACHINE/trouble"
	run_setup
	is 'apt fails: exit code' "$rc" 5
	like 'apt fails: its end is shown' "$err" '*ended with*line 49*line 50'
	is 'apt fails: only its end' "$(wc -l <"$MACHINE/err")" 17
	is 'apt fails: the log is removed' "$(ls "$MACHINE/tmp")" ''
}

test_options() {
	new_machine 0
	run_setup --plot
	is 'unknown option: exit code' "$rc" 2
	is 'unknown option: named, with the valid ones' "$err" \
		"setup: unknown option '--plot'; valid: --plots, --test, --fuzz, --all, --list, --help"
	is 'unknown option: apt-get left alone' "$(calls)" ''
	run_setup --help
	like 'help: on stdout' "$rc$out$err" '0usage: scripts/setup *'
	run_setup --list --plots
	is 'list: a line each' "$(wc -l <"$MACHINE/out")" "$((${#packages[@]} + 3))"
	run_setup --list --fuzz
	is 'list: what fuzzing needs' "$(wc -l <"$MACHINE/out")" "$((${#packages[@]} + 2))"
	run_setup --list --plots --test --fuzz
	is 'sets add up, each name once' "$(sort <<<"$out" | uniq -d)$(grep -cx \
		-e gcc -e python3-matplotlib -e libcmocka-dev <<<"$out")" 3
	local -r every=$out
	run_setup --list --all
	is 'all: every set and the optional Go' "$out" "$(printf '%s\n' "$every" golang-go | sort)"
	is 'list: apt-get left alone' "$(calls)" ''
}

# A machine without apt: the tools themselves are looked for.
test_other_system() {
	new_machine 0
	rm "$MACHINE/bin/apt-get" "$MACHINE/bin/dpkg-query"
	local tool
	for tool in gcc g++ make cmake pkg-config; do
		stand_in "$tool" <<<'#!/bin/sh'
	done
	run_setup
	is 'no apt, all there: silent' "$rc$out$err" 0
	rm "$MACHINE/bin/cmake"
	# shellcheck disable=SC2016 # for the stand-in to expand
	stand_in pkg-config <<<'#!/bin/sh
[ "$2" != hwloc ]'
	run_setup
	is 'no apt: exit code' "$rc" 5
	is 'no apt: what is missing' "$(tail -n +2 "$MACHINE/err")" '  cmake
  hwloc (library, headers)'
	# -S: without the modules that this machine has installed.
	stand_in python3 <<-EOF
		#!/bin/sh
		PYTHONPATH="\$MACHINE" exec '${PYTHON:-/usr/bin/python3}' -S "\$@"
	EOF
	run_setup --plots
	is 'no apt: missing modules are named' "$(tail -n 2 "$MACHINE/err")" \
		'  jinja2 (for python3)
  matplotlib (for python3)'
	touch "$MACHINE/matplotlib.py" "$MACHINE/jinja2.py"
	run_setup --plots
	is 'no apt: a module that is there is not' "$(tail -n 1 "$MACHINE/err")" \
		'  hwloc (library, headers)'
}

test_speed() {
	new_machine 1000
	installed 'install ok installed' "${packages[@]}"
	local before middle
	for _ in 1 2 3 4 5; do
		before=$(date +%s%N)
		run_setup
		echo $((($(date +%s%N) - before) / 1000000))
	done >"$MACHINE/ms"
	middle=$(sort -n "$MACHINE/ms" | sed -n 3p)
	is "nothing missing: under 200 ms ($middle ms)" "$((middle < 200))" 1
}

test_nothing_missing
test_root_installs
test_root_without_lists
test_half_there
test_no_sudo
test_no_terminal
test_terminal
test_lock
test_apt_fails
test_options
test_other_system
test_speed
echo "$passed passed, $failed failed"
((failed == 0))
