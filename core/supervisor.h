/* supervisor.h - a run, or two sides of an A/B comparison: invocation after invocation */
#ifndef BATON_SUPERVISOR_H
#define BATON_SUPERVISOR_H

#include "options.h"
#include "select.h"

/* Measures the selection, under both settings in turn if there are two, and returns the exit code.
 * Nothing measured is lost: rows reach the files as each round ends, or with what ends the run
 * before. argv is what context.csv tells of the command. */
int supervisor_run(const struct options *options, const struct selection *selection,
	const struct machine *machine, int argc, char **argv);

#endif
