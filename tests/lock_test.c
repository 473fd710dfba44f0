/* lock_test.c - who held a lock when and how long, and locks that do not do what they say */
#include "bed.h"

#include "lock.h"
#include "params.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <cmocka.h>

/* A door. fault=ajar: a try always succeeds; stuck: none ever does; glass: who has acquired it is
 * not in the way of who tries. */
struct door {
	pthread_rwlock_t lock;
	bool ajar, stuck, glass;
	bool inside[TEAM_MAX]; /* by thread: without having locked it */
};

static int open_door(struct run *run)
{
	struct door *door = run->state;

	door->ajar = run_param_is(run, "fault", "ajar");
	door->stuck = run_param_is(run, "fault", "stuck");
	door->glass = run_param_is(run, "fault", "glass");
	return -pthread_rwlock_init(&door->lock, NULL);
}

static void acquire(struct run *run, int me)
{
	struct door *door = run->state;

	if (door->glass)
		door->inside[me] = true;
	else
		pthread_rwlock_wrlock(&door->lock);
}

static void release(struct run *run, int me)
{
	struct door *door = run->state;

	if (!door->inside[me])
		pthread_rwlock_unlock(&door->lock);
	door->inside[me] = false;
}

static bool try_acquire(struct run *run, int me)
{
	struct door *door = run->state;
	const bool got = !door->stuck && !pthread_rwlock_trywrlock(&door->lock);

	(void)me;
	return got || door->ajar;
}

static const struct lock lock = {
	.acquire = acquire, .release = release, .try_acquire = try_acquire};

static int work(struct run *run, int me)
{
	return lock_work(run, me, &lock);
}

/* The same with room for many who read. Through glass those who write get in among them. */
static void enter(struct run *run, int me)
{
	struct door *door = run->state;

	if (door->glass)
		door->inside[me] = true;
	else
		pthread_rwlock_rdlock(&door->lock);
}

static const struct lock room = {
	.acquire = enter, .release = release, .try_acquire = try_acquire, .shared = true};

static int read_work(struct run *run, int me)
{
	return lock_work(run, me, &room);
}

enum { ALONE, CONTENDED, GREEDY, READERS };

static const struct bench bench = {
	.family = "fake",
	.name = "door",
	.about = "is ajar, stuck or of glass where it is asked to be",
	.state_size = sizeof(struct door),
	.open = open_door,
	.workloads =
		{
			[ALONE] = {.shape = &lock_uncontended_shape, .work = work},
			[CONTENDED] = {.shape = &lock_contended_shape, .work = work},
			[GREEDY] = {.shape = &lock_greedy_polite_shape, .work = work},
			[READERS] = {.shape = &lock_contended_shape, .work = read_work},
		},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}

static struct cell door_cell(const struct bed *bed, int workload, const char *params)
{
	struct cell cell = cell_make(index_of(&bench), workload);

	cell_set_params(&cell, params);
	for (int i = 0; i < cell.threads; i++)
		cell.cpu[i] = bed->cpu[i % 2];
	cell.window_ns = 20 * NS_PER_MS;
	return cell;
}

static void an_ownership_is_shared_out_among_slots(void **state)
{
	uint32_t slot[4] = {1, 0, 0, 0};

	(void)state;
	slots_add(slot, 4, 9990, 30005);
	slots_add(slot, 4, 30100, 30100);
	assert_int_equal(slot[0], 11);
	assert_int_equal(slot[1], SLOT_NS);
	assert_int_equal(slot[2], SLOT_NS);
	assert_int_equal(slot[3], 5);
	slots_add(slot, 4, -50, 3);         /* it began before the window */
	slots_add(slot, 4, 39999, 1000000); /* it ends after it */
	slots_add(slot, 4, 50000, 60000);   /* all of it lies outside */
	slots_add(slot, 4, -60, -50);
	assert_int_equal(slot[0], 14);
	assert_int_equal(slot[3], 6);
}

/* Twenty slots: ten of thread 0 alone, then it has a quarter of each, but for one that nobody has
 * and one where its share is 1 in 200, which rounds up. */
static void shares_are_counted_by_the_length_of_the_stretch(void **state)
{
	static struct shares shares;
	uint32_t first[29], others[29];

	(void)state;
	memset(&shares, 0, sizeof(shares));
	for (int i = 0; i < 29; i++) {
		first[i] = i < 10 ? 1000 : 250;
		others[i] = 1000 - first[i];
	}
	first[18] = 5;
	others[18] = 995;
	first[19] = others[19] = 0;
	shares_add(&shares, first, others, 20);
	assert_int_equal(shares.stretches[0][100], 10);
	assert_int_equal(shares.stretches[0][25], 8);
	assert_int_equal(shares.stretches[0][1], 1);
	assert_int_equal(shares.stretches[0][SHARES_NOBODY], 1);
	assert_int_equal(shares_count(&shares, 0), 20);
	assert_int_equal(shares.stretches[1][100], 1);
	assert_int_equal(shares.stretches[1][22], 1); /* 2005 of 9000 */
	assert_int_equal(shares_count(&shares, 1), 2);
	assert_int_equal(shares_count(&shares, 2), 0); /* a millisecond does not fit */
	shares_add(&shares, first, others, 29);        /* nor do nine slots make a stretch of ten */
	assert_int_equal(shares_count(&shares, 1), 4);
	assert_int_equal(shares_scale_ns(0), 10000);
	assert_int_equal(shares_scale_ns(SHARES_SCALES - 1), INT64_C(10) * NS_PER_S);
}

static void an_ownership_goes_into_every_record(void **state)
{
	static struct trace trace[2];
	static struct stamps stamps[2];
	struct tally tally[2] = {{.acquisitions = 0}};
	uint32_t slot[4] = {0};
	struct run run = {.tally = tally,
		.stamps = stamps,
		.slot = slot,
		.slots = 2,
		.trace = trace,
		.timed_ns = 5000};

	(void)state;
	for (int i = 0; i <= TRACE_EVENTS; i++) {
		tally[1].acquisitions++;
		lock_note_times(&run, 1, &(struct ownership){5000 + i, 5020 + i, 5023 + i});
	}
	assert_int_equal(histogram_count(&stamps[1].waits), TRACE_EVENTS + 1);
	assert_int_equal(stamps[1].waits.max_ns, 20);
	assert_int_equal(stamps[1].holds.bucket[histogram_bucket(3)], TRACE_EVENTS + 1);
	assert_int_equal(histogram_count(&stamps[0].waits), 0);
	assert_int_equal(slot[0] + slot[1], 0);
	assert_int_equal(slot[2], 3 * (TRACE_EVENTS + 1)); /* from 20 to 4119: in the first slot */
	assert_int_equal(trace[1].event[0].wanted_ns, 5000 + TRACE_EVENTS);
	assert_int_equal(trace[1].event[1].wanted_ns, 5001);
	assert_int_equal(trace[0].event[0].wanted_ns, 0);
}

static void habits_follow_from_the_params(void **state)
{
	const char *const params = "hold_ns=3000;think_ns=700;turns=5";
	struct run run = {.shape = &lock_greedy_polite_shape, .params = params};
	struct lock_habit habit = lock_habit_of(&run, LOCK_GREEDY);

	(void)state;
	assert_int_equal(habit.turns, 1);
	assert_false(habit.stamps || habit.sleep_ns);
	assert_true(habit.hold.measured_ns > 1.5 * habit.think.measured_ns);
	habit = lock_habit_of(&run, LOCK_POLITE);
	assert_int_equal(habit.turns, 5);
	assert_true(habit.hold.chain < lock_habit_of(&run, LOCK_GREEDY).hold.chain / 3);
	run.params = "hold_ns=3000;stamps=1";
	habit = lock_habit_of(&run, LOCK_POLITE + 1);
	assert_int_equal(habit.turns, LOCK_POLITE_TURNS);
	assert_true(habit.stamps && !habit.think.chain);
	run.params = "hold_ns=2;wait=sleep";
	assert_int_equal(lock_habit_of(&run, LOCK_POLITE).sleep_ns, 1);
	assert_int_equal(lock_habit_of(&run, LOCK_GREEDY).sleep_ns, 2);
	run.shape = &lock_contended_shape;
	assert_int_equal(lock_habit_of(&run, 1).turns, 1);
}

static struct sample measure(
	struct bed *bed, const struct cell *cell, struct record *record, struct trace *trace)
{
	struct window window = window_of(cell, 0);
	struct sample sample;

	window.length_ns = cell->window_ns;
	window.record = record;
	window.trace = trace;
	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	assert_int_equal(sample.status, STATUS_OK);
	return sample;
}

/* Waits that were under way as the stretch began are in the histograms too, one a thread at most.
 */
static void stamped_windows_record_waits_holds_and_shares(void **state)
{
	static struct trace trace[TEAM_MAX];
	struct bed *bed = *state;
	const struct cell cell = door_cell(bed, GREEDY, "hold_ns=3000;stamps=1");
	struct record *record = calloc(1, sizeof(*record));
	const struct sample sample = measure(bed, &cell, record, trace);

	assert_true(sample.traced);
	for (int i = 0; i < 2; i++) {
		const struct thread_sample *thread = &sample.thread[i];
		const uint64_t waits = histogram_count(&record->waits[i]);

		assert_int_equal(histogram_count(&record->holds[i]), thread->acquisitions);
		assert_in_range(waits, thread->acquisitions, thread->acquisitions + 1);
		assert_true(thread->takeovers <= thread->acquisitions);
		assert_int_equal(thread->thought_ns, -1);
		if (thread->acquisitions) {
			assert_true(thread->held_ns > 0);
			assert_true(trace[i].event[0].released_ns > sample.timed_ns);
		}
	}
	assert_int_equal(shares_count(&record->shares, 0), cell.window_ns / SLOT_NS);
	assert_int_equal(shares_count(&record->shares, 3), cell.window_ns / (10 * NS_PER_MS));
	/* Holds of 3 us and of 1 us do not halve each stretch of 10 us. */
	assert_true(record->shares.stretches[0][50] + record->shares.stretches[0][SHARES_NOBODY] <
		    shares_count(&record->shares, 0));
	free(record);
}

static void counted_windows_record_nothing(void **state)
{
	static struct trace trace[TEAM_MAX];
	struct bed *bed = *state;
	const struct cell cell = door_cell(bed, GREEDY, "hold_ns=3000");
	struct record *record = calloc(1, sizeof(*record));
	const struct sample sample = measure(bed, &cell, record, trace);

	assert_false(sample.traced);
	assert_int_equal(histogram_count(&record->holds[0]), 0);
	assert_int_equal(shares_count(&record->shares, 0), 0);
	assert_int_equal(sample.thread[0].waited_ns, -1);
	free(record);
}

static void a_crowd_has_one_greedy_worker_and_equals_have_one_role(void **state)
{
	struct bed *bed = *state;
	const struct cell crowd = door_cell(bed, GREEDY, "crowd=2;hold_ns=300;stamps=1");
	const struct cell equals =
		door_cell(bed, CONTENDED, "contenders=3;hold_ns=300;stamps=1;think_ns=500000");
	struct record *record = calloc(2, sizeof(*record));
	struct sample sample = measure(bed, &crowd, &record[0], NULL);
	uint64_t polite = 0, all = 0;

	assert_int_equal(crowd.threads, 4);
	for (int i = 1; i < 4; i++)
		polite += sample.thread[i].acquisitions;
	assert_int_equal(histogram_count(&record[0].holds[0]), sample.thread[0].acquisitions);
	assert_int_equal(histogram_count(&record[0].holds[1]), polite);
	sample = measure(bed, &equals, &record[1], NULL);
	assert_int_equal(equals.threads, 3);
	for (int i = 0; i < 3; i++) {
		all += sample.thread[i].acquisitions;
		/* In 20 ms there is no room for many thoughts of half a millisecond. */
		assert_true(sample.thread[i].acquisitions < 100);
		assert_true(sample.thread[i].thought_ns >=
			    (int64_t)(100000 * sample.thread[i].acquisitions));
	}
	assert_int_equal(histogram_count(&record[1].holds[0]), all);
	assert_int_equal(histogram_count(&record[1].holds[1]), 0);
	free(record);
}

/* A sleep takes at least as long as it was asked to. */
static void holds_are_slept_with_the_slack_asked_for(void **state)
{
	struct bed *bed = *state;
	const struct cell cell =
		door_cell(bed, GREEDY, "hold_ns=30000;slack_ns=7;turns=1;wait=sleep");
	struct record *record = calloc(1, sizeof(*record));
	const struct sample sample = measure(bed, &cell, record, NULL);

	for (int i = 0; i < 2; i++)
		assert_true(sample.thread[i].held_ns >=
			    (int64_t)(30000 * sample.thread[i].acquisitions));
	assert_true(histogram_count(&record->holds[0]) + histogram_count(&record->holds[1]) > 0);
	free(record);
}

static void the_slack_is_the_threads_own_again(void **state)
{
	const long before_ns = prctl(PR_GET_TIMERSLACK);
	struct tally tally = {.schedstat_fd = -1};
	struct door memory = {.ajar = false};
	struct run run = {.shape = &lock_greedy_polite_shape,
		.params = "hold_ns=3;slack_ns=7;wait=sleep",
		.tally = &tally,
		.state = &memory};
	const struct lock_habit habit = lock_habit_of(&run, 0);

	(void)state;
	lock_enter(&run, 0);
	assert_int_equal(prctl(PR_GET_TIMERSLACK), 7);
	assert_int_equal(run.contending, 1);
	lock_begin(&run, 0, &habit, 0);
	lock_end(&run, 0, &habit);
	assert_int_equal(prctl(PR_GET_TIMERSLACK), before_ns);
}

static void spin_until(int64_t until_ns)
{
	while (clock_now_ns() < until_ns)
		cpu_relax();
}

/* It entered, and waited from before the phase until after it: a third of that time, and so of
 * what it used, is the phase's. */
static void who_waited_is_charged_for_the_phase(void **state)
{
	struct tally tally = {.schedstat_fd = -1};
	struct run run = {.shape = &lock_greedy_polite_shape, .params = "", .tally = &tally};
	const struct lock_habit habit = {.turns = 1};
	const int64_t cpu_ns = clock_thread_cpu_ns();

	(void)state;
	lock_enter(&run, 0);
	const int64_t begin_ns = tally.begin_ns;

	run.timed_ns = begin_ns + 20 * NS_PER_MS;
	spin_until(begin_ns + 30 * NS_PER_MS);
	lock_begin(&run, 0, &habit, 0);
	lock_end(&run, 0, &habit);
	const double part =
		(double)(tally.end_ns - run.timed_ns) / (double)(tally.end_ns - begin_ns);
	const double used_ns = (double)(clock_thread_cpu_ns() - cpu_ns);

	assert_int_equal(tally.begin_ns, run.timed_ns);
	assert_true((double)tally.usage.cpu_ns > 0.8 * part * used_ns);
	assert_true((double)tally.usage.cpu_ns < 1.01 * part * used_ns);
}

static enum status verified(struct bed *bed, int workload, const char *params)
{
	const struct cell cell = door_cell(bed, workload, params);
	struct window window = window_of(&cell, 200);
	struct sample sample;

	window.length_ns = 5 * cell.window_ns;
	window.verify = true;
	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	if (sample.status == STATUS_ERROR)
		assert_string_equal(sample.id, "EBADMSG");
	return sample.status;
}

static void a_lock_that_can_be_tried_is_tried(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(verified(bed, ALONE, ""), STATUS_OK);
	assert_int_equal(verified(bed, ALONE, "fault=ajar"), STATUS_ERROR);
	assert_int_equal(verified(bed, ALONE, "fault=stuck"), STATUS_ERROR);
	assert_int_equal(verified(bed, ALONE, "fault=glass"), STATUS_ERROR);
	assert_int_equal(verified(bed, GREEDY, "hold_ns=3"), STATUS_OK);
	assert_int_equal(verified(bed, CONTENDED, "contenders=3;hold_ns=0;think_ns=0"), STATUS_OK);
}

/* One who writes among readers changes what they look at. */
static void readers_see_who_gets_in_among_them(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(verified(bed, READERS, "contenders=4;hold_ns=1000"), STATUS_OK);
#ifndef BATON_TSAN /* it would see the race, too */
	if (bed->cpu[0] != bed->cpu[1])
		assert_int_equal(verified(bed, READERS, "contenders=4;fault=glass;hold_ns=1000"),
			STATUS_ERROR);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ownership_is_shared_out_among_slots),
		cmocka_unit_test(shares_are_counted_by_the_length_of_the_stretch),
		cmocka_unit_test(an_ownership_goes_into_every_record),
		cmocka_unit_test(habits_follow_from_the_params),
		cmocka_unit_test(stamped_windows_record_waits_holds_and_shares),
		cmocka_unit_test(counted_windows_record_nothing),
		cmocka_unit_test(a_crowd_has_one_greedy_worker_and_equals_have_one_role),
		cmocka_unit_test(holds_are_slept_with_the_slack_asked_for),
		cmocka_unit_test(the_slack_is_the_threads_own_again),
		cmocka_unit_test(who_waited_is_charged_for_the_phase),
		cmocka_unit_test(a_lock_that_can_be_tried_is_tried),
		cmocka_unit_test(readers_see_who_gets_in_among_them),
	};

	return cmocka_run_group_tests(tests, bed_set_up, bed_tear_down);
}
