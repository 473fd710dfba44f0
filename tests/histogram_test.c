/* histogram_test.c - buckets at their bounds, sums, quantiles */
#include "histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LAST = HISTOGRAM_BUCKETS - 1 };

static const int64_t top_ns = INT64_C(1) << HISTOGRAM_TOP_BITS;

static void buckets_follow_each_other_without_a_gap(void **state)
{
	int64_t lo_ns, hi_ns, before_ns = 0;

	(void)state;
	for (int i = 0; i <= LAST; i++) {
		histogram_bounds(i, &lo_ns, &hi_ns);
		assert_int_equal(lo_ns, before_ns);
		assert_true(hi_ns > lo_ns);
		before_ns = hi_ns;
	}
	assert_int_equal(lo_ns, top_ns);
	assert_true(hi_ns == INT64_MAX);
}

static void every_bound_falls_into_its_bucket(void **state)
{
	int64_t lo_ns, hi_ns;

	(void)state;
	for (int i = 0; i <= LAST; i++) {
		histogram_bounds(i, &lo_ns, &hi_ns);
		assert_int_equal(histogram_bucket(lo_ns), i);
		assert_int_equal(histogram_bucket(hi_ns - 1), i);
	}
	assert_int_equal(histogram_bucket(top_ns - 1), LAST - 1);
	assert_int_equal(histogram_bucket(INT64_MAX), LAST);
}

static void a_bucket_is_at_most_a_32nd_wide(void **state)
{
	int64_t lo_ns, hi_ns;

	(void)state;
	for (int i = 1; i < LAST; i++) {
		histogram_bounds(i, &lo_ns, &hi_ns);
		assert_true(hi_ns - lo_ns == 1 || (hi_ns - lo_ns) * HISTOGRAM_HALF <= lo_ns);
	}
	histogram_bounds(63, &lo_ns, &hi_ns);
	assert_int_equal(hi_ns - lo_ns, 1);
	histogram_bounds(64, &lo_ns, &hi_ns);
	assert_int_equal(lo_ns, 64);
	assert_int_equal(hi_ns, 66);
}

static void nothing_is_too_short_or_too_long(void **state)
{
	static const int64_t least_ns[] = {0, -1, -5000, INT64_MIN};
	struct histogram histogram = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(least_ns) / sizeof(least_ns[0]); i++)
		histogram_note(&histogram, least_ns[i]);
	assert_int_equal(histogram.bucket[0], 4);
	assert_int_equal(histogram.max_ns, 0);
	histogram_note(&histogram, top_ns);
	histogram_note(&histogram, INT64_MAX);
	assert_int_equal(histogram.bucket[LAST], 2);
	assert_true(histogram.max_ns == INT64_MAX);
	assert_int_equal(histogram_count(&histogram), 6);
	assert_true(histogram_quantile_ns(&histogram, 1) >= top_ns);
}

static void sums_hold_both(void **state)
{
	struct histogram sum = {0}, other = {0};

	(void)state;
	histogram_note(&sum, 7);
	histogram_note(&sum, 100);
	histogram_note(&other, 7);
	histogram_note(&other, 123456);
	histogram_add(&sum, &other);
	assert_int_equal(sum.bucket[7], 2);
	assert_int_equal(sum.bucket[histogram_bucket(100)], 1);
	assert_int_equal(histogram_count(&sum), 4);
	assert_int_equal(sum.max_ns, 123456);
	histogram_add(&other, &sum);
	assert_int_equal(other.max_ns, 123456);
	assert_int_equal(histogram_count(&other), 6);
}

static void quantiles_of_the_small_are_exact(void **state)
{
	struct histogram histogram = {0};

	(void)state;
	assert_int_equal(histogram_quantile_ns(&histogram, 0.5), -1);
	for (int ns = 1; ns <= 50; ns++)
		histogram_note(&histogram, ns);
	assert_int_equal(histogram_quantile_ns(&histogram, 0.001), 1);
	assert_int_equal(histogram_quantile_ns(&histogram, 0.5), 25);
	assert_int_equal(histogram_quantile_ns(&histogram, 0.501), 26);
	assert_int_equal(histogram_quantile_ns(&histogram, 0.99), 50);
	assert_int_equal(histogram_quantile_ns(&histogram, 1), 50);
}

/* Against the sorted values themselves: never below, at most a 32nd above. */
static void quantiles_keep_their_promise(void **state)
{
	enum { COUNT = 1000 };
	static const double share[] = {0.01, 0.5, 0.9, 0.99, 0.999, 1};
	struct histogram histogram = {0};

	(void)state;
	for (int64_t i = 1; i <= COUNT; i++)
		histogram_note(&histogram, i * i * i);
	for (size_t i = 0; i < sizeof(share) / sizeof(share[0]); i++) {
		const int64_t rank = (int64_t)(share[i] * COUNT + 0.5);
		const int64_t exact_ns = rank * rank * rank;
		const int64_t ns = histogram_quantile_ns(&histogram, share[i]);

		assert_true(ns >= exact_ns);
		assert_true(ns - exact_ns <= exact_ns / HISTOGRAM_HALF);
	}
	assert_int_equal(histogram_quantile_ns(&histogram, 1), (int64_t)COUNT * COUNT * COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_follow_each_other_without_a_gap),
		cmocka_unit_test(every_bound_falls_into_its_bucket),
		cmocka_unit_test(a_bucket_is_at_most_a_32nd_wide),
		cmocka_unit_test(nothing_is_too_short_or_too_long),
		cmocka_unit_test(sums_hold_both),
		cmocka_unit_test(quantiles_of_the_small_are_exact),
		cmocka_unit_test(quantiles_keep_their_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
