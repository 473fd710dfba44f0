/* paired.h - each window against the base windows of its own block */
#ifndef BATON_PAIRED_H
#define BATON_PAIRED_H

#include "sample.h"
#include "select.h"
#include "stats.h"

/*
 * A machine changes its state every few seconds, and two windows are the more alike the nearer they
 * lie. So a window's time per operation is divided by that of the base at the same moment: drawn
 * straight between the base windows of its block by their positions, or that of the only one. The
 * median of an invocation's ratios is one value; stats_paired() makes an estimate of these.
 */

struct paired;

/* Room for the cells of a selection, which must outlive it. 0 or -ENOMEM. */
int paired_open(struct paired **out, const struct selection *selection);
void paired_free(struct paired *paired);

/* Takes a window in; windows come in their order. Those without a value or flagged SWITCHES count
 * neither as base nor against it. */
void paired_add(struct paired *paired, const struct sample *sample);

/* The invocation is over. */
void paired_end_invocation(struct paired *paired);

/* The ratio of a cell to the base; for the base itself nothing is known. */
struct stats_ratio paired_ratio(const struct paired *paired, size_t cell);

/* Windows of the cell that were held against the base so far. */
size_t paired_windows(const struct paired *paired, size_t cell);

/* What was put into the spike-in, as a share of the base at the same moment: the median over all
 * its windows; NAN: none. */
double paired_dose(const struct paired *paired);

#endif
