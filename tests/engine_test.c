/* engine_test.c - windows, crew and audit, with mechanisms that behave and that do not */
#include "fake_bench.h"

#include "audit.h"
#include "catalogue.h"
#include "crew.h"
#include "tsan.h"
#include "window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct bed {
	struct machine *machine;
	struct crew *crew;
	int cpu[2]; /* the first two allowed; the same one on a machine with one CPU */
};

static int set_up(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	char why[PLACE_WHY];

	assert_int_equal(machine_load(&bed->machine, NULL, why), 0);
	assert_int_equal(crew_open(&bed->crew, bed->machine), 0);
	bed->cpu[0] = machine_cpu(bed->machine, 0);
	bed->cpu[1] = machine_cpu(bed->machine, machine_pus(bed->machine) > 1);
	*state = bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;

	crew_close(bed->crew);
	machine_free(bed->machine);
	free(bed);
	return 0;
}

static int index_of(const struct bench *bench)
{
	size_t count;
	const struct bench *const *all = catalogue(&count);

	for (size_t i = 0; i < count; i++)
		if (all[i] == bench)
			return (int)i;
	fail_msg("%s is not in the catalogue", bench->name);
	return -1;
}

static struct cell cell_of(const struct bench *bench, int cpu_a, int cpu_b)
{
	struct cell cell = {.bench = index_of(bench),
		.threads = 2,
		.cpu = {cpu_a, cpu_b},
		.window_ns = 20 * NS_PER_MS};

	strcpy(cell.place, "here");
	return cell;
}

static struct window window_of(const struct cell *cell, uint64_t ops)
{
	return (struct window){
		.cell = cell, .ops = ops, .length_ns = 20 * NS_PER_MS, .lead_in_ns = NS_PER_MS};
}

static void a_window_does_the_operations_it_was_given(void **state)
{
	struct bed *bed = *state;
	struct sample sample;

	for (int other = 0; other < 2; other++) {
		const struct cell cell = cell_of(&fake_spin, bed->cpu[0], bed->cpu[other]);
		const struct window window = window_of(&cell, 200);

		assert_int_equal(window_run(bed->crew, &window, &sample), 0);
		assert_int_equal(sample.status, STATUS_OK);
		assert_int_equal(sample.ops, 200);
		assert_true(sample.wall_ns > 0 && sample.lead_in_ns > 0);
		assert_true(sample.value * 200 > (double)sample.wall_ns * 0.999);
		assert_true(sample.value * 200 < (double)sample.wall_ns * 1.001);
		assert_int_equal(sample.strayed, 0);
	}
}

static void switches_outside_the_band_are_flagged(void **state)
{
	struct bed *bed = *state;
	const struct cell cell = cell_of(&fake_spin, bed->cpu[0], bed->cpu[1]);
	const struct window window = window_of(&cell, 2000);
	struct sample sample;

	if (bed->cpu[0] == bed->cpu[1])
		skip(); /* spinning across two CPUs makes no switches, which fake_spin's band
			   forbids */
	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	assert_true(sample.flags & FLAG_SWITCHES);
}

static void a_token_that_comes_early_is_seen(void **state)
{
	struct bed *bed = *state;
	const struct cell cell = cell_of(&fake_early, bed->cpu[0], bed->cpu[0]);
	struct window window = window_of(&cell, 200);
	struct sample sample;

	window.verify = true;
	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	assert_int_equal(sample.status, STATUS_ERROR);
	assert_string_equal(sample.id, "EBADMSG");
}

static void a_lock_that_lets_two_in_is_seen(void **state)
{
	struct bed *bed = *state;
	struct cell cell = cell_of(&fake_open_lock, bed->cpu[0], bed->cpu[1]);
	const struct window window = window_of(&cell, 0);
	struct sample sample;

#ifdef BATON_TSAN
	skip(); /* ThreadSanitizer would rightly report the race that is the point here */
#endif
	if (bed->cpu[0] == bed->cpu[1])
		skip(); /* one CPU interleaves too rarely to lose a count surely */
	strcpy(cell.params, "hold_ns=3");
	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	assert_int_equal(sample.status, STATUS_ERROR);
	assert_string_equal(sample.id, "EXCLUSION");
}

static void a_refusal_is_a_skip_with_the_reason(void **state)
{
	struct bed *bed = *state;
	const struct cell cell = cell_of(&fake_full, bed->cpu[0], bed->cpu[0]);
	const struct window window = window_of(&cell, 200);
	struct sample sample;

	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	assert_int_equal(sample.status, STATUS_SKIPPED);
	assert_string_equal(sample.id, "ENOSPC");
	assert_string_equal(sample.reason, strerror(ENOSPC));
}

static void a_window_cannot_run_away(void **state)
{
	struct bed *bed = *state;
	const struct cell cell = cell_of(&fake_slow, bed->cpu[0], bed->cpu[0]);
	const struct window window = window_of(&cell, 100000);
	struct sample sample;

	/* 5 ms a hop: the whole would take 500 s, the lead-in alone 25 s. */
	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	assert_int_equal(sample.status, STATUS_ERROR);
	assert_string_equal(sample.id, "ETIMEDOUT");
}

/* In a child: a team that hangs is never freed. */
static void a_team_that_hangs_is_given_up(void **state)
{
	int status;
	const pid_t child = fork();

	(void)state;
	if (child == 0) {
		void *bed_state;
		struct sample sample;

		set_up(&bed_state);
		struct bed *bed = bed_state;
		const struct cell cell = cell_of(&fake_deaf, bed->cpu[0], bed->cpu[0]);
		const struct window window = window_of(&cell, 100);

		_exit(window_run(bed->crew, &window, &sample) == -ETIMEDOUT &&
					sample.status == STATUS_TIMEOUT
				? 0
				: 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void calibration_fills_the_window(void **state)
{
	struct bed *bed = *state;
	const struct cell cell = cell_of(&fake_slow, bed->cpu[0], bed->cpu[0]);
	const struct window window = window_of(&cell, 0);
	struct sample sample;
	uint64_t ops = 0;

	/* 5 ms a hop, or longer beside other work: four hops or fewer fill 20 ms. */
	assert_int_equal(window_calibrate(bed->crew, &window, &ops, &sample), 0);
	assert_in_range(ops, 2, 4);
	const struct cell quick = cell_of(&fake_spin, bed->cpu[0], bed->cpu[1]);
	const struct window quick_window = window_of(&quick, 0);

	assert_int_equal(window_calibrate(bed->crew, &quick_window, &ops, &sample), 0);
	assert_true(ops >= 2);
	assert_int_equal(ops % 2, 0);
}

static void a_window_without_a_count_is_an_error(void **state)
{
	struct bed *bed = *state;
	const struct cell cell = cell_of(&fake_spin, bed->cpu[0], bed->cpu[0]);
	const struct window window = window_of(&cell, 0);
	struct sample sample;

	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	assert_int_equal(sample.status, STATUS_ERROR);
	assert_string_equal(sample.id, "CALIBRATION");
}

struct roll {
	int cpu[2];
	int tid[2];
};

static void note_where(void *arg, int me)
{
	struct roll *roll = arg;

	roll->cpu[me] = sched_getcpu();
	roll->tid[me] = gettid();
}

static void crew_members_sit_where_they_should(void **state)
{
	struct bed *bed = *state;
	struct roll first, again;

	for (int i = 0; i < 2; i++) {
		const int cpu[2] = {bed->cpu[i], bed->cpu[i]};

		assert_int_equal(crew_start(bed->crew, cpu, 2, note_where, &first), 0);
		assert_int_equal(crew_wait(bed->crew, clock_now_ns() + 10LL * NS_PER_S), 0);
		assert_int_equal(first.cpu[0], cpu[0]);
		assert_int_equal(first.cpu[1], cpu[0]);
		assert_int_not_equal(first.tid[0], first.tid[1]);
		assert_int_equal(crew_start(bed->crew, cpu, 2, note_where, &again), 0);
		assert_int_equal(crew_wait(bed->crew, clock_now_ns() + 10LL * NS_PER_S), 0);
		assert_int_equal(first.tid[0], again.tid[0]);
		assert_int_equal(first.tid[1], again.tid[1]);
	}
}

static void crew_cannot_sit_on_a_cpu_that_is_not_there(void **state)
{
	struct bed *bed = *state;
	const int cpu[2] = {bed->cpu[0], 99999};
	struct roll roll;

	assert_true(crew_start(bed->crew, cpu, 2, note_where, &roll) < 0);
}

/* A finished lock window by hand: two threads, 1 ms. */
struct finished {
	struct cell cell;
	struct run run;
	struct tally tally[2];
};

static void finish_by_hand(struct finished *finished)
{
	memset(finished, 0, sizeof(*finished));
	finished->cell = cell_of(&fake_open_lock, 0, 1);
	finished->run.value = NAN;
	finished->run.tally = finished->tally;
	for (int i = 0; i < 2; i++) {
		finished->tally[i].begin_ns = 1000 + i;
		finished->tally[i].end_ns = 1001000 - i;
		finished->tally[i].ops = finished->tally[i].acquisitions = 500;
		finished->tally[i].all_acquisitions = 600;
		finished->tally[i].usage.cpu_ns = 400000;
		finished->tally[i].usage.runqueue_wait_ns = 50000;
		finished->tally[i].usage.voluntary = 100;
	}
	finished->run.guarded.count = 1200;
}

static void audit_derives_from_tallies(void **state)
{
	struct finished finished;
	struct sample sample = {.value = NAN};

	(void)state;
	finish_by_hand(&finished);
	audit_window(&finished.cell, &finished.run, &sample);
	assert_int_equal(sample.status, STATUS_OK);
	assert_int_equal(sample.wall_ns, 1000000); /* first begin to last end */
	assert_int_equal(sample.ops, 1000);
	assert_true(sample.value > 999999.0 && sample.value < 1000001.0); /* per second */
	assert_int_equal(sample.voluntary, 200);
	assert_true(sample.slept > 0.199 && sample.slept < 0.201);
	assert_true(sample.foreign_share > 0.049 && sample.foreign_share < 0.051);
	assert_int_equal(sample.flags, 0);
	finished.tally[0].usage.runqueue_wait_ns = 200000;
	sample = (struct sample){.value = NAN};
	audit_window(&finished.cell, &finished.run, &sample);
	assert_int_equal(sample.flags, FLAG_LOAD);
}

static void audit_reads_a_shared_cpu_by_what_was_not_run(void **state)
{
	struct finished finished;
	struct sample sample = {.value = NAN};

	(void)state;
	finish_by_hand(&finished);
	finished.cell.cpu[1] = 0;
	audit_window(&finished.cell, &finished.run, &sample);
	assert_true(sample.foreign_share > 0.199 && sample.foreign_share < 0.201);
	assert_int_equal(sample.flags, FLAG_LOAD);
}

static void audit_misses_no_lost_count(void **state)
{
	struct finished finished;
	struct sample sample = {.value = NAN};

	(void)state;
	finish_by_hand(&finished);
	finished.run.guarded.count--;
	audit_window(&finished.cell, &finished.run, &sample);
	assert_int_equal(sample.status, STATUS_ERROR);
	assert_string_equal(sample.id, "EXCLUSION");
	assert_true(isnan(sample.value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_does_the_operations_it_was_given),
		cmocka_unit_test(switches_outside_the_band_are_flagged),
		cmocka_unit_test(a_token_that_comes_early_is_seen),
		cmocka_unit_test(a_lock_that_lets_two_in_is_seen),
		cmocka_unit_test(a_refusal_is_a_skip_with_the_reason),
		cmocka_unit_test(a_window_cannot_run_away),
		cmocka_unit_test(a_team_that_hangs_is_given_up),
		cmocka_unit_test(calibration_fills_the_window),
		cmocka_unit_test(a_window_without_a_count_is_an_error),
		cmocka_unit_test(crew_members_sit_where_they_should),
		cmocka_unit_test(crew_cannot_sit_on_a_cpu_that_is_not_there),
		cmocka_unit_test(audit_derives_from_tallies),
		cmocka_unit_test(audit_reads_a_shared_cpu_by_what_was_not_run),
		cmocka_unit_test(audit_misses_no_lost_count),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
