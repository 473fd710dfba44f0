/* stamps_test.c - which hand-offs are stamped, what the stamps say, and when they count */
#include "bed.h"

#include "handoff.h"
#include "pingpong.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A turn in memory with a value, polled. out_us=N: thread 0 takes so long to pass it. */
struct turn {
	_Atomic int whose;
	uint64_t value;
};

/* What each thread of the last window had noted, and of how many trips one. */
static struct histogram noted[2];
static uint64_t every;

static void dawdle(const struct run *run, int to)
{
	const int64_t until_ns = clock_now_ns() + run_param(run, "out_us", 0) * NS_PER_US;

	while (to == 1 && clock_now_ns() < until_ns)
		cpu_relax();
}

static int pass(struct run *run, int to)
{
	struct turn *turn = run->state;

	dawdle(run, to);
	atomic_store(&turn->whose, to);
	return 0;
}

static int await(struct run *run, int me)
{
	struct turn *turn = run->state;

	while (atomic_load(&turn->whose) != me)
		run_poll_again(run);
	return 0;
}

static int turn_send(struct run *run, int lane, const uint64_t *value)
{
	struct turn *turn = run->state;

	turn->value = *value;
	return pass(run, lane == HANDOFF_OUT ? 1 : 0);
}

static int turn_receive(struct run *run, int lane, uint64_t *value)
{
	const struct turn *turn = run->state;

	await(run, lane == HANDOFF_OUT ? 1 : 0);
	*value = turn->value;
	return 0;
}

static void look_at_stamps(const struct run *run, int me)
{
	memset(&noted[me], 0, sizeof(noted[me]));
	if (run->stamps)
		noted[me] = run->stamps[me].ways;
	if (me == 0)
		every = run->stamp_every;
}

static int pingpong_work(struct run *run, int me)
{
	const int rc = pingpong(run, me, pass, await);

	look_at_stamps(run, me);
	return rc;
}

static int latency_work(struct run *run, int me)
{
	const int rc = handoff_latency(run, me, turn_send, turn_receive);

	look_at_stamps(run, me);
	return rc;
}

/* The last one calls itself a stream, which cannot be stamped. */
enum { PINGPONG, LATENCY, FLAGGED, STREAM };

static const struct bench turns = {
	.family = "fake",
	.name = "turns",
	.about = "a turn in memory that may be slow in one direction",
	.base = true,
	.state_size = sizeof(struct turn),
	.workloads =
		{
			[PINGPONG] = {.shape = &pingpong_shape, .work = pingpong_work},
			[LATENCY] = {.shape = &handoff_latency_shape, .work = latency_work},
			[FLAGGED] = {.shape = &pingpong_shape,
				.work = pingpong_work,
				.one_cpu = {1000, 1001},
				.across = {1000, 1001}},
			[STREAM] = {.shape = &handoff_stream_shape, .work = latency_work},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&turns);
}

/* On one CPU, or across. */
static struct cell turns_of(const struct bed *bed, int other, int workload, int64_t op_ns)
{
	struct cell cell = cell_of(&turns, bed->cpu[0], bed->cpu[other]);

	cell.workload = workload;
	cell.ops = (uint64_t)(cell.window_ns / op_ns);
	return cell;
}

static void run_stamped(const struct bed *bed, const struct cell *cell, uint64_t ops,
	bool roundtrip, struct record *record, struct sample *sample)
{
	struct window window = patient_window_of(cell, ops, 22);

	window.record = record;
	window.roundtrip = roundtrip;
	assert_int_equal(window_run(bed->crew, &window, sample), 0);
	assert_int_equal(sample->status, STATUS_OK);
	assert_int_equal(sample->ops, ops);
}

static void stamping_stays_within_its_budget(void **state)
{
	(void)state;
	assert_int_equal(stamp_every(999.9, 25, true), 0);
	assert_int_equal(stamp_every(1000, 30, true), 19); /* 185 ns of 2000 */
	assert_int_equal(stamp_every(1e6, 25, true), 1);
	assert_int_equal(stamp_every(1e9, 0, false), 1);
	for (double op_ns = 1000; op_ns < 1e5; op_ns *= 1.1)
		for (double read_ns = 10; read_ns < 2000; read_ns *= 2)
			for (int shares_cpu = 0; shares_cpu < 2; shares_cpu++) {
				const uint64_t trips = stamp_every(op_ns, read_ns, shares_cpu);

				assert_true(trips >= 1);
				assert_true(3 * read_ns <= (double)trips * 2 * op_ns * 0.005);
			}
}

/* The lead-in of 22 leaves none. */
static void one_trip_of_so_many_is_stamped(void **state)
{
	const struct bed *bed = *state;
	struct sample sample;

	for (int workload = PINGPONG; workload <= LATENCY; workload++)
		for (int64_t op_ns = 1000; op_ns <= NS_PER_MS; op_ns *= 10) {
			const struct cell cell = turns_of(bed, 0, workload, op_ns);
			struct record record = {0};

			run_stamped(bed, &cell, 200, false, &record, &sample);
			assert_true(every >= 1);
			assert_true(op_ns < NS_PER_MS || every == 1);
			assert_int_equal(histogram_count(&noted[0]), 100 / every);
			assert_int_equal(histogram_count(&noted[1]), 100 / every);
			assert_int_equal(histogram_count(&record.ways), 2 * (100 / every));
		}
}

static void what_cannot_be_stamped_is_not(void **state)
{
	const struct bed *bed = *state;
	struct cell quick = turns_of(bed, 0, PINGPONG, 999), stream;
	struct record record = {0};
	struct sample sample;

	run_stamped(bed, &quick, 200, false, &record, &sample);
	assert_int_equal(every, 0);
	quick.ops = 0; /* not calibrated */
	run_stamped(bed, &quick, 200, false, &record, &sample);
	assert_int_equal(every, 0);
	stream = turns_of(bed, 0, STREAM, NS_PER_MS);
	struct window window = patient_window_of(&stream, 200, 22);

	window.record = &record;
	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	assert_int_equal(every, 0);
	assert_int_equal(histogram_count(&record.ways), 0);
	const struct cell slow = turns_of(bed, 0, PINGPONG, NS_PER_MS);

	run_stamped(bed, &slow, 200, false, NULL, &sample);
	assert_int_equal(every, 0);
}

/* With every trip stamped the ways lie end to end within the window, and leave little of it. */
static void the_ways_make_up_the_window(void **state)
{
	const struct bed *bed = *state;
	const struct cell cell = turns_of(bed, 0, PINGPONG, NS_PER_MS);
	struct record record = {0};
	struct sample sample;
	double least_ns = 0, most_ns = 0;

	run_stamped(bed, &cell, 200, false, &record, &sample);
	assert_int_equal(histogram_count(&record.ways), 200);
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		int64_t lo_ns, hi_ns;

		histogram_bounds(i, &lo_ns, &hi_ns);
		least_ns += (double)lo_ns * (double)record.ways.bucket[i];
		most_ns += (double)hi_ns * (double)record.ways.bucket[i];
	}
	assert_true(least_ns <= (double)sample.wall_ns);
	assert_true(most_ns >= (double)sample.wall_ns / 4);
	assert_true((double)histogram_quantile_ns(&record.ways, 0.5) <= 2.1 * sample.value);
	assert_true(record.ways.max_ns <= sample.wall_ns);
}

/* How many of the noted ways took less than that. */
static uint64_t below(const struct histogram *histogram, int64_t ns)
{
	uint64_t count = 0;

	for (int i = 0; i < histogram_bucket(ns); i++)
		count += histogram->bucket[i];
	return count;
}

/* No way out is under 200 us, some way back is under 100: half a round trip is neither. */
static void ways_out_are_told_from_ways_back(void **state)
{
	const struct bed *bed = *state;
	struct sample sample;

	for (int workload = PINGPONG; workload <= LATENCY; workload++) {
		struct cell cell = turns_of(bed, 0, workload, NS_PER_MS);
		struct record record = {0};

		strcpy(cell.params, "out_us=200");
		run_stamped(bed, &cell, 200, false, &record, &sample);
		assert_int_equal(histogram_count(&noted[1]), 100);
		assert_int_equal(below(&noted[1], 200 * NS_PER_US), 0);
		assert_int_equal(histogram_count(&noted[0]), 100);
		assert_true(below(&noted[0], 100 * NS_PER_US) > 0);
	}
}

static void a_roundtrip_holds_both_ways(void **state)
{
	const struct bed *bed = *state;
	struct sample sample;

	for (int workload = PINGPONG; workload <= LATENCY; workload++) {
		struct cell cell = turns_of(bed, 0, workload, NS_PER_MS);
		struct record record = {0};

		strcpy(cell.params, "out_us=200");
		run_stamped(bed, &cell, 200, true, &record, &sample);
		assert_int_equal(histogram_count(&noted[0]), 100);
		assert_int_equal(histogram_count(&noted[1]), 0);
		assert_int_equal(below(&record.ways, 200 * NS_PER_US), 0);
		assert_int_equal(histogram_count(&record.ways), 100);
	}
}

static void windows_add_up(void **state)
{
	const struct bed *bed = *state;
	const struct cell cell = turns_of(bed, 1, PINGPONG, NS_PER_MS);
	struct record record = {0};
	struct sample sample;

	run_stamped(bed, &cell, 200, false, &record, &sample);
	run_stamped(bed, &cell, 100, false, &record, &sample);
	assert_int_equal(histogram_count(&record.ways), 300);
}

static void a_window_with_other_switches_leaves_no_stamps(void **state)
{
	const struct bed *bed = *state;
	const struct cell cell = turns_of(bed, 0, FLAGGED, NS_PER_MS);
	struct record record = {0};
	struct sample sample;

	run_stamped(bed, &cell, 200, false, &record, &sample);
	assert_true(sample.flags & FLAG_SWITCHES);
	assert_int_equal(histogram_count(&noted[0]), 100);
	assert_int_equal(histogram_count(&record.ways), 0);
}

static void a_window_that_proves_is_not_stamped(void **state)
{
	const struct bed *bed = *state;
	const struct cell cell = turns_of(bed, 0, PINGPONG, NS_PER_MS);
	struct window window = patient_window_of(&cell, 200, 22);
	struct record record = {0};
	struct sample sample;

	window.record = &record;
	window.verify = true;
	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	assert_int_equal(sample.status, STATUS_OK);
	assert_int_equal(histogram_count(&record.ways), 0);
}

static void probes_are_not_stamped(void **state)
{
	const struct bed *bed = *state;
	const struct cell cell = turns_of(bed, 0, PINGPONG, NS_PER_MS);
	struct record record = {0};
	struct window window = window_of(&cell, 0);
	struct sample sample;
	uint64_t ops;

	window.length_ns = NS_PER_S;
	window.record = &record;
	assert_int_equal(window_calibrate(bed->crew, &window, &ops, &sample), 0);
	assert_int_equal(histogram_count(&record.ways), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamping_stays_within_its_budget),
		cmocka_unit_test(one_trip_of_so_many_is_stamped),
		cmocka_unit_test(what_cannot_be_stamped_is_not),
		cmocka_unit_test(the_ways_make_up_the_window),
		cmocka_unit_test(ways_out_are_told_from_ways_back),
		cmocka_unit_test(a_roundtrip_holds_both_ways),
		cmocka_unit_test(windows_add_up),
		cmocka_unit_test(a_window_with_other_switches_leaves_no_stamps),
		cmocka_unit_test(a_window_that_proves_is_not_stamped),
		cmocka_unit_test(probes_are_not_stamped),
	};

	return cmocka_run_group_tests(tests, bed_set_up, bed_tear_down);
}
