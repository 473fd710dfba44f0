/* summary.h - medians and intervals of a run, and the table of them */
#ifndef BATON_SUMMARY_H
#define BATON_SUMMARY_H

#include "sample.h"
#include "select.h"

#include <stdio.h>

struct summary;

/* Room for the cells of a selection, which must outlive the summary. 0 or -ENOMEM. */
int summary_open(struct summary **out, const struct selection *selection);
void summary_free(struct summary *summary);

/* Takes a window in. Windows flagged SWITCHES are counted, but do not enter the medians. */
void summary_add(struct summary *summary, const struct sample *sample);

/* The invocation is over: its windows become one value of each cell. */
void summary_end_invocation(struct summary *summary);

/* A table for each family, one row per mechanism, workload and params, and for each place the
 * median over the invocations, its 95 % interval, switches and CPU time per operation; below it
 * what was skipped, flagged or failed. Or the same as CSV. Returns 0 or -EIO. */
int summary_print(const struct summary *summary, FILE *out, bool csv);

/* EXIT_OK, EXIT_FAILED if a window ended in an error, EXIT_SKIPPED if nothing ran. */
int summary_exit_code(const struct summary *summary);

#endif
