/* ab.h - two settings against each other, invocation by invocation */
#ifndef BATON_AB_H
#define BATON_AB_H

#include "setting.h"
#include "summary.h"

#include <stdio.h>

/* Two finished sides: invocation i of one ran next to invocation i of the other. */
struct ab {
	const struct summary *a, *b;
	const struct selection *selection; /* of both */
	const struct setting *setting[2];
};

/* The ratio of a cell's time per operation, B / A, over the pairs of invocations. */
struct stats_ratio ab_ratio(const struct ab *ab, size_t cell);

/* Half the width of the ratio's interval, as a share, of a typical cell (the median over the cells
 * asked for); NAN: there are no intervals. */
double ab_floor(const struct ab *ab);

/* A row per cell with both medians, their ratio, its interval and a verdict; for an A/A comparison
 * how often the interval held 1. Or CSV. 0 or -EIO. */
int ab_print(const struct ab *ab, FILE *out, bool csv);

#endif
