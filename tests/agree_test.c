/* agree_test.c - clocks that agree, that do not, and of which nothing can be said */
#include "bed.h"

#include "agree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* A clock that advances with each reading, whoever reads it: an exchange takes two steps, whatever
 * else the CPUs do. ahead_ns: by how much side 1 is ahead. */
struct counter {
	_Atomic int64_t readings;
	int64_t step_ns, ahead_ns;
	_Atomic int on_wrong_cpu;
	int cpu[2];
};

static int64_t count(void *arg, int side)
{
	struct counter *counter = arg;
	const int64_t readings = atomic_fetch_add(&counter->readings, 1);

	if (sched_getcpu() != counter->cpu[side])
		atomic_fetch_add(&counter->on_wrong_cpu, 1);
	return readings * counter->step_ns + (side == 1 ? counter->ahead_ns : 0);
}

static struct agreement agreement_of(
	const struct bed *bed, int other, int64_t step_ns, int64_t ahead_ns)
{
	struct counter counter = {
		.step_ns = step_ns, .ahead_ns = ahead_ns, .cpu = {bed->cpu[0], bed->cpu[other]}};
	struct agreement agreement;

	assert_int_equal(
		agree_by(bed->crew, counter.cpu[0], counter.cpu[1], count, &counter, &agreement),
		0);
	assert_int_equal(counter.on_wrong_cpu, 0);
	assert_true(counter.readings > 0);
	return agreement;
}

/* On one CPU or two: the exchange is the same. An offset is known to one step either way. */
static void an_offset_is_seen_as_it_is(void **state)
{
	static const struct {
		int64_t step_ns, ahead_ns;
		bool agree;
	} clocks[] = {
		{1, 0, true},
		{1, 300, false},
		{1, -300, false},
		{100, 5000, false},
		{100, -5000, false},
		{400, 300, true}, /* 0 is possible */
		{200, 300, false},
		{500, 0, true},
		{501, 0, false}, /* too wide to say */
		{100000, 0, false},
	};

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
		for (int other = 0; other < 2; other++) {
			const struct agreement agreement =
				agreement_of(*state, other, clocks[i].step_ns, clocks[i].ahead_ns);

			assert_true(agreement.low_ns ==
				    (double)(clocks[i].ahead_ns - clocks[i].step_ns));
			assert_true(agreement.high_ns ==
				    (double)(clocks[i].ahead_ns + clocks[i].step_ns));
			assert_int_equal(agreement.agree, clocks[i].agree);
		}
}

/* Side 1 answers only after the time is up. */
static int64_t answer_late(void *arg, int side)
{
	const int64_t begin_ns = clock_now_ns();

	(void)arg;
	while (side == 1 && clock_now_ns() < begin_ns + 80 * NS_PER_MS)
		;
	return begin_ns;
}

static void who_waits_too_long_gives_up(void **state)
{
	const struct bed *bed = *state;
	struct agreement agreement = {.agree = true};

	for (int other = 0; other < 2; other++) {
		assert_int_equal(agree_by(bed->crew, bed->cpu[0], bed->cpu[other], answer_late,
					 NULL, &agreement),
			0);
		assert_false(agreement.agree);
	}
}

/* The machine's own clocks, as they are and with one side ahead: the two intervals, one of them
 * moved back by as much, must have an offset in common. */
static int64_t real_clock(void *arg, int side)
{
	return clock_now_ns() + (side == 1 ? *(int64_t *)arg : 0);
}

static void real_clocks_are_seen_to_be_ahead(void **state)
{
	static const int64_t ahead_ns[] = {0, 300, -300, 5000};
	const struct bed *bed = *state;
	struct agreement own, moved;

	assert_int_equal(agree_clocks(bed->crew, bed->cpu[0], bed->cpu[1], &own), 0);
	assert_true(own.low_ns <= own.high_ns);
	for (size_t i = 0; i < sizeof(ahead_ns) / sizeof(ahead_ns[0]); i++) {
		int64_t ahead = ahead_ns[i];

		assert_int_equal(
			agree_by(bed->crew, bed->cpu[0], bed->cpu[1], real_clock, &ahead, &moved),
			0);
		assert_true(moved.low_ns - (double)ahead <= own.high_ns);
		assert_true(moved.high_ns - (double)ahead >= own.low_ns);
	}
}

static void a_cpu_agrees_with_itself(void **state)
{
	const struct bed *bed = *state;
	struct agreement agreement;

	assert_int_equal(agree_clocks(bed->crew, bed->cpu[0], bed->cpu[0], &agreement), 0);
	assert_true(agreement.agree);
	assert_true(agreement.low_ns == 0 && agreement.high_ns == 0);
}

static void a_cpu_that_is_not_there_cannot_be_asked(void **state)
{
	const struct bed *bed = *state;
	struct agreement agreement;

	assert_true(agree_clocks(bed->crew, bed->cpu[0], 99999, &agreement) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offset_is_seen_as_it_is),
		cmocka_unit_test(who_waits_too_long_gives_up),
		cmocka_unit_test(real_clocks_are_seen_to_be_ahead),
		cmocka_unit_test(a_cpu_agrees_with_itself),
		cmocka_unit_test(a_cpu_that_is_not_there_cannot_be_asked),
	};

	return cmocka_run_group_tests(tests, bed_set_up, bed_tear_down);
}
