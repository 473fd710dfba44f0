/* audit.h - what a finished window says: its value, its switches, whose time it was */
#ifndef BATON_AUDIT_H
#define BATON_AUDIT_H

#include "cell.h"
#include "sample.h"

/* Fills in value, counts, times, flags and threads of `out` from the team's tallies; an error
 * status if the lock let two in at once. */
void audit_window(const struct cell *cell, const struct run *run, struct sample *out);

/* When the timed stretch began, clock_now_ns(). */
int64_t audit_begin_ns(const struct cell *cell, const struct run *run);

#endif
