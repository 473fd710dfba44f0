/* stats.h - the little statistics that the program itself needs; the rest lives in scripts/ */
#ifndef BATON_STATS_H
#define BATON_STATS_H

#include <stdbool.h>
#include <stddef.h>

/* The median of count > 0 values, which it sorts. */
double stats_median(double *values, size_t count);

/* The mean of the lower nine tenths of count >= 10 values, which it sorts: of times whose upper end
 * is other people's. */
double stats_low_mean(double *values, size_t count);

/* The distribution-free 95 % interval of the median: the pair of order statistics (r, n + 1 - r)
 * with the largest r whose binomial coverage is at least 95 %. values must be sorted (stats_median
 * does). false when there are too few for any (fewer than 6).
 * David and Nagaraja, Order Statistics, 3rd ed., 7.1. */
bool stats_interval(const double *values, size_t count, double *low, double *high);

/* The q-quantile of count > 0 sorted values: the smallest that at least a share q of them does not
 * exceed, 0 < q <= 1. */
double stats_quantile(const double *sorted, size_t count, double q);

struct stats_ratio {
	size_t count;     /* pairs that it stands on */
	double estimate;  /* NAN: no pairs */
	double low, high; /* 95 % interval; NAN: fewer than 6 pairs */
};

/* What ratio, taken pair by pair, is typical: of the logarithms of `count` positive ratios the
 * Hodges-Lehmann estimate (the median of the means of all pairs of them, each with itself
 * included) and the interval of the inverted Wilcoxon signed-rank test, back from logarithms.
 * Narrower than order statistics, and with finer levels: 12 ratios cover 95.75 %. It asks for a
 * distribution of logarithms symmetrical about its median, which the random order within each
 * pair gives where there is no difference. ratios is left alone; ends the program without memory.
 * Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, 3rd ed., 3.1 to 3.3. */
struct stats_ratio stats_paired(const double *ratios, size_t count);

/* How many more samples of this kind narrow an interval to `aim`, both as shares of the estimate:
 * its width falls with the square root of their number. */
size_t stats_needed(size_t count, double width, double aim);

#endif
