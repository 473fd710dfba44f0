/* catalogue.h - every mechanism linked in, sorted by family and name */
#ifndef BATON_CATALOGUE_H
#define BATON_CATALOGUE_H

#include "bench.h"

/* The mechanisms in order; complete once main() runs. The array belongs to the catalogue. */
const struct bench *const *catalogue(size_t *count);

/* Workloads of a mechanism. */
size_t catalogue_workloads(const struct bench *bench);

/* The param sets of a workload, ended by NULL: its own, its shape's, or one empty set. */
const char *const *catalogue_params(const struct workload *workload);

/* Those that --set=all adds, likewise; none for most. */
const char *const *catalogue_more(const struct workload *workload);

#endif
