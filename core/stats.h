/* stats.h - the little statistics that the program itself needs; the rest lives in scripts/ */
#ifndef BATON_STATS_H
#define BATON_STATS_H

#include <stdbool.h>
#include <stddef.h>

/* The median of count > 0 values, which it sorts. */
double stats_median(double *values, size_t count);

/* The distribution-free 95 % interval of the median: the pair of order statistics (r, n + 1 - r)
 * with the largest r whose binomial coverage is at least 95 %. values must be sorted (stats_median
 * does). false when there are too few for any (fewer than 6).
 * David and Nagaraja, Order Statistics, 3rd ed., 7.1. */
bool stats_interval(const double *values, size_t count, double *low, double *high);

#endif
