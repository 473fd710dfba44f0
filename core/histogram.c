/* histogram.c - sums, bounds and quantiles of a log-linear histogram */
#include "histogram.h"

#include <math.h>

void histogram_add(struct histogram *to, const struct histogram *from)
{
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
	if (from->max_ns > to->max_ns)
		to->max_ns = from->max_ns;
}

static int64_t lower_bound_ns(int bucket)
{
	if (bucket < HISTOGRAM_HALF)
		return bucket;
	const int shift = bucket / HISTOGRAM_HALF - 1;

	return (int64_t)(bucket % HISTOGRAM_HALF + HISTOGRAM_HALF) << shift;
}

void histogram_bounds(int bucket, int64_t *lo_ns, int64_t *hi_ns)
{
	*lo_ns = lower_bound_ns(bucket);
	*hi_ns = bucket == HISTOGRAM_BUCKETS - 1 ? INT64_MAX : lower_bound_ns(bucket + 1);
}

uint64_t histogram_count(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += histogram->bucket[i];
	return count;
}

/* Where the rank-th shortest lies; ranks count from 1. */
static int bucket_of_rank(const struct histogram *histogram, double rank)
{
	uint64_t passed = 0;
	int bucket = 0;

	for (; bucket < HISTOGRAM_BUCKETS - 1; bucket++) {
		passed += histogram->bucket[bucket];
		if ((double)passed >= rank)
			break;
	}
	return bucket;
}

int64_t histogram_quantile_ns(const struct histogram *histogram, double q)
{
	const double count = (double)histogram_count(histogram);
	int64_t lo_ns, hi_ns;

	if (count == 0)
		return -1;
	histogram_bounds(
		bucket_of_rank(histogram, fmax(1, fmin(count, ceil(q * count)))), &lo_ns, &hi_ns);
	return hi_ns - 1 < histogram->max_ns ? hi_ns - 1 : histogram->max_ns;
}
