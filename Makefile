# Makefile - short names for the work; every recipe calls scripts/, cmake, ctest or the program

SHELL := /bin/sh
# -f: no globbing, for ARGS holds regular expressions.
.SHELLFLAGS := -fec
# Measurements share the machine with nothing: -j is for the builds alone.
.NOTPARALLEL:
JOBS := $(shell nproc)

# /usr/bin/python3 is the one for which Debian's packages are installed.
export PYTHON ?= /usr/bin/python3
# What the caller gives goes by way of the environment: no shell reads it a second time.
export RUN_ARGS = $(value ARGS)
export RUN_A = $(value A)
export RUN_B = $(value B)
export RUN_FOLDER = $(value RUN)
# The makefiles that cmake writes have variables of the same names.
unexport ARGS A B RUN MAKEFLAGS

# $(call build,FOLDER,OPTIONS): configures and builds; warnings and errors alone are shown.
define build
@echo 'building in $(1)' >&2
@cmake -S . -B $(1) $(2) >/dev/null
@cmake --build $(1) --parallel $(JOBS) >/dev/null
endef

RELEASE := -DCMAKE_BUILD_TYPE=Release
STRICT := -DBATON_WERROR=ON
CLANG := -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++
SANITIZE := -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBATON_SANITIZE
CTEST := ctest --output-on-failure --no-tests=error --test-dir

.PHONY: all bench bench-all quick aa horizon check bias channel-peers test stress fuzz compare plot \
	report advise fairness format clean setup help

all: setup ## set up and build (the default)
	$(call build,build,$(RELEASE))

bench: all ## measure the headline cells at every place, under 5 minutes (ARGS="more options")
	@build/baton run $$RUN_ARGS

# Ten invocations of four rounds are enough for an interval; more would take longer than half an hour
# where the CPUs' state lengthens the windows after they were calibrated.
extent_of_all = $(if $(filter --budget=% --precision=%,$(RUN_ARGS)),,--invocations=10 --rounds=4)

bench-all: all ## measure all cells there are, under 30 minutes
	@build/baton run --set=all $(extent_of_all) $$RUN_ARGS

quick: all ## the headline cells in under a minute, with wider intervals
	@build/baton run --quick $$RUN_ARGS

aa: all ## hold this machine against itself: what can be told apart here, about 9 minutes
	@build/baton ab $$RUN_ARGS -- --

# Windows of 10 s: what is fair from a second on cannot be seen in shorter ones.
horizon: all ## measure from when on a lock is fair (then make fairness), about 6 minutes
	@build/baton run --set=all --mechanism=mutex,spin,ck-ticket --invocations=6 --rounds=1 \
		--filter='/greedy-polite/.*/hold_ns=3000;stamps=1$$' --window=10000 $$RUN_ARGS

check: all ## prove that every mechanism does what it says, under a minute
	@build/baton check $$RUN_ARGS

bias: all ## hold the engine against bare loops
	@MAKEFLAGS=--no-print-directory cmake --build build --target bias

channel-peers: all ## hold the channel against its peers (Go where it is installed), about 5 minutes
	@cmake --build build --parallel $(JOBS) --target peers >/dev/null
	@scripts/setup --plots
	@"$$PYTHON" scripts/channel_peers.py $$RUN_ARGS

test: ## set up, build with gcc, clang and sanitizers, run all tests
	@scripts/setup --test
	$(call build,build,$(RELEASE) $(STRICT))
	@$(CTEST) build
	$(call build,build/clang,$(RELEASE) $(STRICT) $(CLANG) -DBATON_OPTIONAL=OFF)
	@$(CTEST) build/clang -R absent_test
	$(call build,build/tsan,$(SANITIZE)=thread)
	@$(CTEST) build/tsan
	$(call build,build/asan,$(SANITIZE)=address)
	@$(CTEST) build/asan

stress: ## hand 10^8 values and more through channels, under 10 minutes
	@scripts/setup --test
	$(call build,build,$(RELEASE))
	@MAKEFLAGS=--no-print-directory cmake --build build --target stress
	$(call build,build/tsan,$(SANITIZE)=thread)
	@MAKEFLAGS=--no-print-directory cmake --build build/tsan --target stress
	$(call build,build/asan,$(SANITIZE)=address)
	@MAKEFLAGS=--no-print-directory cmake --build build/asan --target stress

fuzz: ## hold random operations on channels against an oracle, a minute (FUZZ_SECONDS=600: ten)
	@scripts/setup --test --fuzz
	@echo 'building in build/fuzz' >&2
	@cmake -S . -B build/fuzz $(SANITIZE)=address $(STRICT) $(CLANG) >/dev/null
	@cmake --build build/fuzz --target channel_fuzz --parallel $(JOBS) >/dev/null
	@MAKEFLAGS=--no-print-directory cmake --build build/fuzz --target fuzz

compare: ## compare two runs: A=FOLDER B=FOLDER
	$(if $(and $(RUN_A),$(RUN_B)),,$(error two runs, please: make compare A=FOLDER B=FOLDER))
	@scripts/setup --plots
	@"$$PYTHON" scripts/compare.py "$$RUN_A" "$$RUN_B"

advise: ## mutex or channel? by the numbers of a run: RUN=FOLDER (without it the newest)
	@scripts/setup --plots
	@"$$PYTHON" scripts/advise.py $${RUN_FOLDER:+"$$RUN_FOLDER"}

fairness: ## who gets the lock next? by the numbers of a run: RUN=FOLDER (without it the newest)
	@scripts/setup --plots
	@"$$PYTHON" scripts/fairness.py $${RUN_FOLDER:+"$$RUN_FOLDER"}

report: ## a page about a run: RUN=FOLDER (without it the newest), or about two: A=FOLDER B=FOLDER
	@scripts/setup --plots
	@"$$PYTHON" scripts/report.py $${RUN_FOLDER:+"$$RUN_FOLDER"} $${RUN_A:+"$$RUN_A"} \
		$${RUN_B:+"$$RUN_B"}

plot: ## draw a run: RUN=FOLDER (without it the newest)
	@scripts/setup --plots
	@"$$PYTHON" scripts/plot.py $${RUN_FOLDER:+"$$RUN_FOLDER"}

format: ## lay the sources out by .clang-format
	@scripts/setup --test
	@cmake -S . -B build >/dev/null
	@cmake --build build --target format >/dev/null

clean: ## remove build/; results stay
	@cmake -E rm -rf build

setup: ## install the packages that are missing
	@scripts/setup

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 16
