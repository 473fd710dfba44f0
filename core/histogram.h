/* histogram.h - how often each length of time was seen: log-linear, fixed size, plain data */
#ifndef BATON_HISTOGRAM_H
#define BATON_HISTOGRAM_H

#include <stdint.h>

/*
 * Every power of two is cut into 32 buckets of the same width, so that a bucket is at most 1/32 of
 * its lower bound wide; below 64 ns each has a whole nanosecond of its own. The idea is that of
 * HdrHistogram (Gil Tene, hdrhistogram.org). Bucket 0 takes what is below 1 ns, the negative
 * included; the last one takes all from 2^36 ns (68.7 s) on.
 *
 * Without pointers: it may lie in memory that processes share. One thread writes at a time; a
 * histogram of zeros is empty.
 */
enum {
	HISTOGRAM_HALF_BITS = 5,
	HISTOGRAM_HALF = 1 << HISTOGRAM_HALF_BITS, /* buckets to a power of two */
	HISTOGRAM_TOP_BITS = 36,
	HISTOGRAM_BUCKETS = (HISTOGRAM_TOP_BITS - HISTOGRAM_HALF_BITS + 1) * HISTOGRAM_HALF + 1,
};

struct histogram {
	int64_t max_ns; /* exact; 0 while it is empty, or where nothing was longer */
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

/* The bucket of a length. */
static inline int histogram_bucket(int64_t ns)
{
	if (ns < HISTOGRAM_HALF)
		return ns < 0 ? 0 : (int)ns;
	if (ns >> HISTOGRAM_TOP_BITS)
		return HISTOGRAM_BUCKETS - 1;
	/* The leading bit and the five after it are the place within the power of two. */
	const int shift = 63 - HISTOGRAM_HALF_BITS - __builtin_clzll((uint64_t)ns);

	return shift * HISTOGRAM_HALF + (int)(ns >> shift);
}

/* One more length, in about 2 ns. */
static inline void histogram_note(struct histogram *histogram, int64_t ns)
{
	histogram->bucket[histogram_bucket(ns)]++;
	if (ns > histogram->max_ns)
		histogram->max_ns = ns;
}

/* Adds what `from` holds to `to`. */
void histogram_add(struct histogram *to, const struct histogram *from);

/* The lengths of a bucket: from lo_ns, below hi_ns. The first one's lo_ns is 0 though it holds the
 * negative ones, the last one's hi_ns is INT64_MAX. */
void histogram_bounds(int bucket, int64_t *lo_ns, int64_t *hi_ns);

/* Lengths noted. */
uint64_t histogram_count(const struct histogram *histogram);

/* The q-quantile, 0 < q <= 1: the longest length, in whole ns, that the bucket of the
 * ceil(q * count)-th shortest can hold, but never more than the longest seen. At least a share q
 * of all lies at or below it, and that one itself is at most 1/32 shorter (of
 * the last bucket nothing but the longest is known). -1 where it is empty. */
int64_t histogram_quantile_ns(const struct histogram *histogram, double q);

#endif
