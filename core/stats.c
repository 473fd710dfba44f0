/* stats.c - median and its interval by order statistics */
#include "stats.h"

#include "die.h"

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

double stats_low_mean(double *values, size_t count)
{
	const size_t kept = count * 9 / 10;
	double sum = 0;

	qsort(values, count, sizeof(*values), compare_doubles);
	for (size_t i = 0; i < kept; i++)
		sum += values[i];
	return sum / (double)kept;
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

double stats_quantile(const double *sorted, size_t count, double q)
{
	const size_t rank = (size_t)ceil(q * (double)count - 1e-9);

	return sorted[rank ? rank - 1 : 0];
}

/* The largest k with 2 P(W < k) <= 5 %, W the sum of those of 1 … count whose coin fell heads: how
 * many of the sorted means lie outside at each end. */
static size_t signed_rank_depth(size_t count)
{
	const size_t most = count * (count + 1) / 2;
	double *chance = calloc(most + 1, sizeof(*chance));
	double below = 0;
	size_t k = 0;

	if (!chance)
		die(EXIT_FAILED, "out of memory for an interval");
	chance[0] = 1;
	for (size_t rank = 1; rank <= count; rank++)
		for (size_t sum = rank * (rank + 1) / 2 + 1; sum-- > 0;)
			chance[sum] = (chance[sum] + (sum >= rank ? chance[sum - rank] : 0)) / 2;
	while (k <= most && 2 * (below + chance[k]) <= 0.05)
		below += chance[k++];
	free(chance);
	return k;
}

static double *walsh_means(const double *ratios, size_t count)
{
	double *means = malloc(count * (count + 1) / 2 * sizeof(*means));
	size_t at = 0;

	if (!means)
		die(EXIT_FAILED, "out of memory for an interval");
	for (size_t i = 0; i < count; i++)
		for (size_t j = i; j < count; j++)
			means[at++] = (log(ratios[i]) + log(ratios[j])) / 2;
	return means;
}

struct stats_ratio stats_paired(const double *ratios, size_t count)
{
	struct stats_ratio out = {.count = count, .estimate = NAN, .low = NAN, .high = NAN};
	const size_t means = count * (count + 1) / 2;

	if (!count)
		return out;
	double *const mean = walsh_means(ratios, count);
	const size_t depth = signed_rank_depth(count);

	out.estimate = exp(stats_median(mean, means));
	if (depth) {
		out.low = exp(mean[depth - 1]);
		out.high = exp(mean[means - depth]);
	}
	free(mean);
	return out;
}

size_t stats_needed(size_t count, double width, double aim)
{
	static const double most = 1e9; /* as good as never */
	const double all = ceil((double)count * width * width / (aim * aim));

	if (!(all > (double)count)) /* NAN as well */
		return 0;
	return all < most ? (size_t)all - count : (size_t)most;
}
