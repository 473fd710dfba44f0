/* options.h - the command line */
#ifndef BATON_OPTIONS_H
#define BATON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum command { COMMAND_RUN, COMMAND_LIST, COMMAND_PLACES, COMMAND_CHECK };

struct options {
	enum command command;
	const char *filter;     /* regular expression on cell names, or NULL */
	const char *families;   /* a,b,c or NULL */
	const char *mechanisms; /* a,b,c or NULL */
	const char *places;     /* a,b,c, "all" or "pairs" */
	bool quick;
	int invocations;
	int rounds;
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
