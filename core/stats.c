/* stats.c - median and its interval by order statistics */
#include "stats.h"

#include <math.h>
#include <stdlib.h>

static int compare_doubles(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double stats_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare_doubles);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* The chance that fewer than r of count fair coins fall heads, r >= 1. In logarithms: 2^-count is
 * no double for long series. */
static double binomial_below(size_t r, size_t count)
{
	const double n = (double)count;
	double sum = 0;

	for (size_t k = 0; k < r; k++)
		sum += exp(lgamma(n + 1) - lgamma((double)k + 1) - lgamma(n - (double)k + 1) -
			   n * log(2));
	return sum;
}

bool stats_interval(const double *values, size_t count, double *low, double *high)
{
	size_t r = 0;

	while (r + 1 <= count / 2 && 2 * binomial_below(r + 1, count) <= 0.05)
		r++;
	if (r == 0)
		return false;
	*low = values[r - 1];
	*high = values[count - r];
	return true;
}
