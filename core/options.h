/* options.h - the command line */
#ifndef BATON_OPTIONS_H
#define BATON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "setting.h"

enum command { COMMAND_RUN, COMMAND_LIST, COMMAND_PLACES, COMMAND_CHECK, COMMAND_AB };

enum { SIDES_MAX = 2 };

struct options {
	enum command command;
	const char *filter;     /* regular expression on cell names, or NULL */
	const char *families;   /* a,b,c or NULL */
	const char *mechanisms; /* a,b,c or NULL */
	const char *places;     /* a,b,c, "all" or "pairs" */
	const char *awake;      /* a,b,c of no, 1 and latency; NULL: the set's */
	bool everything;        /* --set=all */
	const char *base;       /* a cell's name, or NULL: the catalogue's base */
	const char *pair;       /* "A,B", two cells' names, or NULL */
	bool quick;
	int invocations;
	int rounds;
	int budget_s;                      /* 0: none */
	double precision;                  /* half-width to plan for, a share; 0: none */
	int64_t lead_in_ns;                /* -1: by the machine */
	int64_t window_ns;                 /* of free-running cells; 0: each its own */
	bool trace;                        /* keep the ownerships of locks */
	int policy;                        /* SCHED_OTHER, SCHED_BATCH or SCHED_FIFO */
	int sides;                         /* 1, or 2 for ab */
	struct setting setting[SIDES_MAX]; /* of each side; for a run an empty one */
	uint64_t seed;
	const char *out;      /* the run's folder, or NULL: results/<UTC>-<label> */
	const char *label;    /* or NULL: the CPU's name */
	const char *topology; /* places: another machine, or NULL */
	bool csv;
	unsigned given; /* a bit for each option that was */
	bool plain;     /* some --benchmark_* flag was given: one Google Benchmark process */
	int argc;       /* what is left for Google Benchmark: argv[0] and its flags */
	char **argv;
};

/* Parses the command line; --help and --version are answered here, on stdout, and end the program
 * with 0. Any fault ends it with EXIT_USAGE and one line that names it and the nearest valid word.
 * The texts point into argv, which must outlive the options. */
void options_parse(struct options *options, int argc, char **argv);

#endif
