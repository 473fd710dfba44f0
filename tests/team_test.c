/* team_test.c - teams of more than two: fans and guards see what is lost, doubled or spoilt */
#include "bed.h"

#include "fan.h"
#include "guard.h"
#include "stats.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A slot for each lane, polled under a mutex, for any number on both sides. fault=lose|twice|spoil|
 * tail;at=N: what happens to the N-th value taken from lane 0: it is thrown away, taken once more,
 * or comes with another third or last byte. */
struct mailbox {
	pthread_mutex_t mutex;
	struct {
		bool full;
		unsigned char value[64];
	} slot[TEAM_MAX];
	long taken, at;
	bool lose, twice, spoil, tail;
};

static int open_mailbox(struct run *run)
{
	struct mailbox *box = run->state;

	box->at = run_param(run, "at", 0);
	box->lose = run_param_is(run, "fault", "lose");
	box->twice = run_param_is(run, "fault", "twice");
	box->spoil = run_param_is(run, "fault", "spoil");
	box->tail = run_param_is(run, "fault", "tail");
	return -pthread_mutex_init(&box->mutex, NULL);
}

static bool put(struct run *run, int lane, const void *value)
{
	struct mailbox *box = run->state;

	pthread_mutex_lock(&box->mutex);
	const bool room = !box->slot[lane].full;

	if (room)
		memcpy(box->slot[lane].value, value, run->payload);
	box->slot[lane].full = true;
	pthread_mutex_unlock(&box->mutex);
	return room;
}

/* Whether a value was taken that the caller may have. */
static bool take(struct run *run, int lane, unsigned char *value)
{
	struct mailbox *box = run->state;

	pthread_mutex_lock(&box->mutex);
	const bool there = box->slot[lane].full;
	const bool faulty = there && lane == HANDOFF_OUT && ++box->taken == box->at;

	if (there)
		memcpy(value, box->slot[lane].value, run->payload);
	box->slot[lane].full = faulty && box->twice;
	value[2] ^= faulty && box->spoil;
	value[run->payload - 1] ^= faulty && box->tail;
	pthread_mutex_unlock(&box->mutex);
	return there && !(faulty && box->lose);
}

static int send_value(struct run *run, int lane, const uint64_t *value)
{
	while (!put(run, lane, value))
		run_poll_again(run);
	return 0;
}

static int receive_value(struct run *run, int lane, uint64_t *value)
{
	while (!take(run, lane, (unsigned char *)value))
		run_poll_again(run);
	return 0;
}

static int in_work(struct run *run, int me)
{
	return fan_in(run, me, send_value, receive_value);
}

static int out_work(struct run *run, int me)
{
	return fan_out(run, me, send_value, receive_value);
}

static int owned_work(struct run *run, int me)
{
	return guard_owned(run, me, send_value, receive_value);
}

static int stream_work(struct run *run, int me)
{
	return handoff_stream(run, me, send_value, receive_value);
}

static void acquire(struct run *run, int me)
{
	(void)me;
	pthread_mutex_lock(&((struct mailbox *)run->state)->mutex);
}

static void release(struct run *run, int me)
{
	(void)me;
	pthread_mutex_unlock(&((struct mailbox *)run->state)->mutex);
}

static const struct lock lock = {.acquire = acquire, .release = release};

static int locked_work(struct run *run, int me)
{
	return guard_locked(run, me, &lock);
}

static int refuse(struct run *run)
{
	(void)run;
	return -ENOPKG;
}

enum { IN, OUT, OWNED, STREAM, LOCKED };

static const struct bench mailbox = {
	.family = "fake",
	.name = "mailbox",
	.about = "loses, doubles or spoils a value where it is asked to",
	.state_size = sizeof(struct mailbox),
	.open = open_mailbox,
	.workloads =
		{
			[IN] = {.shape = &fan_in_shape, .work = in_work},
			[OUT] = {.shape = &fan_out_shape, .work = out_work},
			[OWNED] = {.shape = &guard_owned_shape, .work = owned_work},
			[STREAM] = {.shape = &handoff_stream_shape, .work = stream_work},
			[LOCKED] = {.shape = &guard_locked_shape, .work = locked_work},
		},
};

static const struct bench absent = {
	.family = "fake",
	.name = "absent",
	.about = "was built without its library",
	.package = "libabsent-dev",
	.open = refuse,
	.workloads = {{.shape = &handoff_stream_shape, .work = stream_work}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&mailbox);
	bench_enlist(&absent);
}

/* On the first CPU alone, or on both in turn. */
static struct cell team_of(const struct bed *bed, int workload, const char *params, bool spread)
{
	struct cell cell = cell_make(index_of(&mailbox), workload);

	cell_set_params(&cell, params);
	strcpy(cell.place, "here");
	for (int i = 0; i < cell.threads; i++)
		cell.cpu[i] = bed->cpu[spread ? i % 2 : 0];
	return cell;
}

static struct sample played(const struct bed *bed, const struct cell *cell, bool verify)
{
	struct window window = patient_window_of(cell, 1000, 10);
	struct sample sample;

	/* Where all sit on one CPU the 50th value may be 50 time slices away. */
	if (cell_workload(cell)->shape->free_running) {
		window = window_of(cell, 0);
		window.length_ns = 200 * NS_PER_MS;
	}
	window.verify = verify;
	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	return sample;
}

static void whatever_is_sent_arrives(void **state)
{
	static const struct {
		int workload;
		const char *params;
		int threads;
	} teams[] = {{IN, "payload=8;senders=1", 2}, {IN, "senders=2", 3},
		{IN, "payload=64;senders=5", 6}, {OUT, "receivers=1", 2},
		{OUT, "payload=64;receivers=2", 3}, {OUT, "receivers=5", 6}};
	const struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(teams) / sizeof(teams[0]); i++)
		for (int spread = 0; spread < 2; spread++) {
			const struct cell cell =
				team_of(bed, teams[i].workload, teams[i].params, spread);
			const struct sample sample = played(bed, &cell, true);

			assert_int_equal(cell.threads, teams[i].threads);
			assert_int_equal(sample.status, STATUS_OK);
			if (teams[i].workload == IN)
				assert_int_equal(sample.ops, 1000);
			else
				assert_int_equal(sample.ops, 1000);
			assert_true(sample.wall_ns > 0 && sample.cpu_ns > 0);
		}
}

static void a_fault_on_the_way_is_seen(void **state)
{
	static const struct {
		int workload;
		const char *params;
	} faults[] = {{IN, "at=500;fault=lose;senders=2"}, {IN, "at=500;fault=twice;senders=2"},
		{IN, "at=5;fault=spoil;senders=2"}, {IN, "at=500;fault=tail;payload=64;senders=2"},
		{OUT, "at=500;fault=lose;receivers=2"}, {OUT, "at=500;fault=twice;receivers=2"},
		{OUT, "at=1010;fault=spoil;receivers=2"},
		{OUT, "at=500;fault=tail;payload=64;receivers=2"},
		{OWNED, "answer=none;at=50;fault=lose;updaters=2"},
		{OWNED, "answer=none;at=50;fault=twice;updaters=2"},
		{OWNED, "answer=await;at=50;fault=spoil;updaters=2"},
		{STREAM, "at=500;fault=spoil;payload=8"},
		{STREAM, "at=1010;fault=tail;payload=64"}};
	const struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct cell cell = team_of(bed, faults[i].workload, faults[i].params, false);
		const struct sample sample = played(bed, &cell, true);

		if (sample.status != STATUS_ERROR || strcmp(sample.id, "EBADMSG") != 0)
			fail_msg("%s: %d %s %s", faults[i].params, sample.status, sample.id,
				sample.reason);
	}
}

/* Outside of a check the number alone is looked at: the rest costs too much. */
static void bytes_behind_the_number_count_in_a_check(void **state)
{
	const struct bed *bed = *state;
	const struct cell cell = team_of(bed, STREAM, "at=1010;fault=tail;payload=64", false);

	assert_int_equal(played(bed, &cell, false).status, STATUS_OK);
	assert_int_equal(played(bed, &cell, true).status, STATUS_ERROR);
}

static void the_owner_updates_for_all(void **state)
{
	static const char *const teams[] = {"answer=await;updaters=1",
		"answer=await;updaters=3;work_ns=2000", "answer=none;updaters=3",
		"answer=none;updaters=8;work_ns=2000"};
	const struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(teams) / sizeof(teams[0]); i++) {
		const struct cell cell = team_of(bed, OWNED, teams[i], i % 2);
		const struct sample sample = played(bed, &cell, true);

		assert_int_equal(sample.status, STATUS_OK);
		assert_true(sample.ops > 0);
		assert_int_equal(sample.thread[0].acquisitions, sample.ops);
		assert_true(sample.value >= (strstr(teams[i], "work_ns") ? 1000 : 0));
		for (int t = 1; t < cell.threads; t++)
			assert_int_equal(sample.thread[t].acquisitions, 0);
		if (strstr(teams[i], "work_ns"))
			assert_true(sample.thread[0].held_ns >= (int64_t)sample.ops * 1000);
	}
}

static void updates_under_a_lock_are_those_of_all(void **state)
{
	const struct bed *bed = *state;
	const struct cell cell = team_of(bed, LOCKED, "updaters=5;work_ns=300", true);
	const struct sample sample = played(bed, &cell, true);
	uint64_t sum = 0;

	assert_int_equal(cell.threads, 5);
	assert_int_equal(sample.status, STATUS_OK);
	for (int t = 0; t < cell.threads; t++)
		sum += sample.thread[t].acquisitions;
	assert_int_equal(sum, sample.ops);
	/* Time per update, not a rate. */
	assert_true(fabs(sample.value * (double)sample.ops - (double)sample.wall_ns) <
		    1e-6 * (double)sample.wall_ns);
}

/* Nobody can tell a CPU that idles from one that others have where several share several. */
static void foreign_share_is_told_where_it_can_be(void **state)
{
	const struct bed *bed = *state;
	const struct cell one = team_of(bed, LOCKED, "updaters=3", false);
	const struct cell several = team_of(bed, LOCKED, "updaters=3", true);

	assert_true(played(bed, &one, false).foreign_share >= 0);
	if (bed->cpu[0] != bed->cpu[1])
		assert_int_equal(isnan(played(bed, &several, false).foreign_share) != 0, 1);
}

static void a_missing_library_is_named(void **state)
{
	const struct bed *bed = *state;
	const struct cell cell = cell_of(&absent, bed->cpu[0], bed->cpu[0]);
	const struct sample sample = played(bed, &cell, false);

	assert_int_equal(sample.status, STATUS_SKIPPED);
	assert_string_equal(sample.id, "ENOPKG");
	assert_string_equal(
		sample.reason, "built without libabsent-dev (scripts/setup --all installs it)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_is_sent_arrives),
		cmocka_unit_test(a_fault_on_the_way_is_seen),
		cmocka_unit_test(bytes_behind_the_number_count_in_a_check),
		cmocka_unit_test(the_owner_updates_for_all),
		cmocka_unit_test(updates_under_a_lock_are_those_of_all),
		cmocka_unit_test(foreign_share_is_told_where_it_can_be),
		cmocka_unit_test(a_missing_library_is_named),
	};

	return cmocka_run_group_tests(tests, bed_set_up, bed_tear_down);
}
