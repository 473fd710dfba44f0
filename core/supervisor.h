/* supervisor.h - a run: invocation after invocation, their rows to the files, the summary */
#ifndef BATON_SUPERVISOR_H
#define BATON_SUPERVISOR_H

#include "options.h"
#include "select.h"

/* Measures the selection and returns the exit code. Nothing measured is lost: rows reach the files
 * as each round ends, or with what ends the run before. argv is what context.csv tells of the
 * command. */
int supervisor_run(const struct options *options, struct selection *selection,
	const struct machine *machine, int argc, char **argv);

#endif
