/* check.h - `baton check`: proof instead of timing */
#ifndef BATON_CHECK_H
#define BATON_CHECK_H

#include "select.h"

/* Runs a short window of every cell with verification: a token at every hop, every value in order,
 * mutual exclusion counted. One line per cell on stdout. Returns the exit code. */
int check_run(const struct selection *selection, const struct machine *machine);

#endif
