/* engine_test.c - windows, crew and audit, with mechanisms that behave and that do not */
#include "bed.h"
#include "fake_bench.h"

#include "audit.h"
#include "catalogue.h"
#include "check.h"
#include "crew.h"
#include "die.h"
#include "handoff.h"
#include "lock.h"
#include "pingpong.h"
#include "plan.h"
#include "tsan.h"
#include "window.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void a_window_does_the_operations_it_was_given(void **state)
{
	struct bed *bed = *state;
	struct sample sample;

	for (int other = 0; other < 2; other++) {
		const struct cell cell = cell_of(&fake_spin, bed->cpu[0], bed->cpu[other]);
		const struct window window = patient_window_of(&cell, 200, 12);

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
	const struct window window = patient_window_of(&cell, 2000, 102);
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
	assert_int_equal(sample.status, STATUS_CUT);
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

		bed_set_up(&bed_state);
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
	const struct cell cell = cell_of(&fake_spin, bed->cpu[0], bed->cpu[1]);
	struct window window = window_of(&cell, 0);
	struct sample sample;
	uint64_t ops = 0;

	window.length_ns = NS_PER_S; /* of patience alone: probes are short */
	assert_int_equal(window_calibrate(bed->crew, &window, &ops, &sample), 0);
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

/* The stop comes with the twentieth hop of all: in the timed stretch after a lead-in of two, in the
 * lead-in if that has a hundred. */
static void a_stopped_window_tells_of_what_was_done(void **state)
{
	static const uint64_t done[] = {
		[LANES_PINGPONG] = 20, [LANES_LATENCY] = 20, [LANES_STREAM] = 18};
	struct bed *bed = *state;
	struct sample sample;

	for (int workload = LANES_PINGPONG; workload <= LANES_STREAM; workload++) {
		struct cell cell = cell_of(&fake_lanes, bed->cpu[0], bed->cpu[0]);
		const struct window brief = patient_window_of(&cell, 1000, 2);
		const struct window late = patient_window_of(&cell, 1000, 102);

		cell.workload = workload;
		strcpy(cell.params, "halt=20");
		assert_int_equal(window_run(bed->crew, &brief, &sample), 0);
		assert_int_equal(sample.status, STATUS_OK);
		/* The receiver of a stream may see the stop before it takes the value under way. */
		assert_in_range(
			sample.ops, done[workload] - (workload == LANES_STREAM), done[workload]);
		assert_int_equal(window_run(bed->crew, &late, &sample), 0);
		assert_int_equal(sample.status, STATUS_CUT);
	}
}

/* In the middle too: nobody waits for a partner who has given up. */
static void a_spoilt_value_is_seen(void **state)
{
	static const struct {
		int workload;
		const char *params;
	} spoilt[] = {{LANES_STREAM, "lane=0;spoil=9"}, {LANES_LATENCY, "lane=0;spoil=4"},
		{LANES_LATENCY, "lane=1;spoil=4"}, {LANES_STREAM, "lane=0;spoil=5"},
		{LANES_LATENCY, "lane=0;spoil=2"}, {LANES_LATENCY, "lane=1;spoil=2"},
		{LANES_LATENCY, "lane=0;spoil=0"}, {LANES_LATENCY, "lane=1;spoil=0"}};
	struct bed *bed = *state;
	struct sample sample;

	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		struct cell cell = cell_of(&fake_lanes, bed->cpu[0], bed->cpu[0]);
		const struct window window = patient_window_of(&cell, 8, 2);

		cell.workload = spoilt[i].workload;
		strcpy(cell.params, spoilt[i].params);
		assert_int_equal(window_run(bed->crew, &window, &sample), 0);
		assert_int_equal(sample.status, STATUS_ERROR);
		assert_string_equal(sample.id, "EBADMSG");
		cell.params[0] = '\0';
		assert_int_equal(window_run(bed->crew, &window, &sample), 0);
		assert_int_equal(sample.status, STATUS_OK);
		assert_int_equal(sample.ops, 8);
	}
}

static int no_hop(struct run *run, int thread)
{
	(void)run, (void)thread;
	return 0;
}

/* Each side by itself: a token that did not come has the wrong number. */
static void both_sides_look_at_the_tokens_number(void **state)
{
	struct tally tally[2];
	struct run run = {.tally = tally};

	(void)state;
	for (uint64_t number = 0; number < 4; number++) {
		memset(tally, 0, sizeof(tally));
		atomic_store(&run.token, number);
		assert_int_equal(pingpong_return(&run, 1, no_hop, no_hop, STAMP_VERIFY, false),
			number == 1 ? 0 : -EBADMSG);
	}
	memset(tally, 0, sizeof(tally));
	assert_int_equal(pingpong_start(&run, 1, no_hop, no_hop, STAMP_VERIFY, false), -EBADMSG);
	assert_int_equal(pingpong_start(&run, 1, no_hop, no_hop, STAMP_NONE, false), 0);
}

static void the_partner_is_let_sleep(void **state)
{
	struct bed *bed = *state;
	const struct cell cell = cell_of(&fake_spin, bed->cpu[0], bed->cpu[1]);
	const struct window window = patient_window_of(&cell, 20, 2);
	struct sample sample;

	if (bed->cpu[0] == bed->cpu[1])
		skip(); /* on one CPU the starter must not spin */
	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	assert_true(sample.lead_in_ns >= 300 * NS_PER_US);
}

static void a_streak_ends_with_another_owner(void **state)
{
	static const int owners[] = {
		LOCK_GREEDY, LOCK_GREEDY, LOCK_GREEDY, LOCK_POLITE, LOCK_GREEDY};
	static const uint64_t streaks[] = {1, 2, 3, 1, 1};
	struct tally tally[2] = {{.loops = 0}};
	struct run run = {.tally = tally};
	uint64_t streak[2] = {0};

	(void)state;
	for (int i = 0; i < 5; i++) {
		const int me = owners[i];

		lock_note_turn(&tally[me], lock_note_owner(&run, me), &streak[me]);
		assert_int_equal(streak[me], streaks[i]);
	}
	assert_int_equal(run.guarded.count, 5);
	assert_int_equal(tally[LOCK_GREEDY].takeovers, 2);
	assert_int_equal(tally[LOCK_GREEDY].longest_streak, 3);
	assert_int_equal(tally[LOCK_POLITE].takeovers, 1);
	assert_int_equal(tally[LOCK_POLITE].longest_streak, 1);
}

static void stamps_add_up(void **state)
{
	struct tally tally = {0};
	struct run run = {.tally = &tally};

	(void)state;
	lock_note_times(&run, 0, &(struct ownership){100, 130, 135});
	lock_note_times(&run, 0, &(struct ownership){200, 210, 217});
	assert_int_equal(tally.waited_ns, 40);
	assert_int_equal(tally.longest_wait_ns, 30);
	assert_int_equal(tally.held_ns, 12);
}

static void the_lead_in_leaves_no_trace_in_the_account(void **state)
{
	(void)state;
	for (int stamps = 0; stamps < 2; stamps++) {
		struct tally tally = {.loops = 1,
			.acquisitions = 2,
			.longest_streak = 3,
			.takeovers = 7,
			.held_ns = 4,
			.waited_ns = 5,
			.longest_wait_ns = 6,
			.schedstat_fd = -1};
		struct stamps *own = aligned_alloc(OWN_LINES, sizeof(*own));
		struct run run = {.tally = &tally, .stamps = own, .timed_ns = 1000};
		const struct lock_habit habit = {.stamps = stamps};

		memset(own, 0, sizeof(*own));

		lock_begin(&run, 0, &habit, 990);
		assert_int_equal(tally.loops + tally.acquisitions, 0);
		assert_int_equal(tally.longest_streak + tally.takeovers, 0);
		assert_int_equal(tally.held_ns, 0);
		assert_int_equal(tally.waited_ns, stamps ? 0 : -1);
		assert_int_equal(tally.longest_wait_ns, stamps ? 0 : -1);
		lock_begin(&run, 0, &habit, 1030); /* of that wait 30 ns lie in the timed phase */
		assert_int_equal(tally.waited_ns, stamps ? 30 : -1);
		assert_int_equal(tally.longest_wait_ns, stamps ? 30 : -1);
		assert_int_equal(histogram_count(&own->waits), stamps);
		assert_int_equal(own->waits.max_ns, stamps ? 30 : 0);
		free(own);
	}
}

/* The timed phase begins with the fifth acquisition and ends with the eighth. */
static void change_phase(struct run *run, int me)
{
	const int acquisition = ++*(int *)run->state;

	(void)me;
	if (acquisition == 5)
		atomic_store(&run->phase, PHASE_TIMED);
	if (acquisition == 8)
		atomic_store(&run->phase, PHASE_OVER);
}

static void change_nothing(struct run *run, int me)
{
	(void)run, (void)me;
}

/* Alone, each worker has all its acquisitions in one streak: those of the loops that it began in
 * the phase, one of three turns or three of one. */
static void the_account_is_of_the_timed_phase(void **state)
{
	static const struct lock lock = {.acquire = change_phase, .release = change_nothing};

	(void)state;
	for (int me = LOCK_GREEDY; me <= LOCK_POLITE; me++) {
		int acquisitions = 0;
		struct tally tally[2] = {{.schedstat_fd = -1}, {.schedstat_fd = -1}};
		struct run run = {.shape = &lock_greedy_polite_shape,
			.params = "hold_ns=3",
			.tally = tally,
			.state = &acquisitions};

		assert_int_equal(lock_work(&run, me, &lock), 0);
		assert_int_equal(tally[me].loops, me == LOCK_GREEDY ? 3 : 1);
		assert_int_equal(tally[me].acquisitions, 3);
		assert_int_equal(tally[me].ops, 3);
		assert_int_equal(tally[me].longest_streak, 3);
		assert_int_equal(tally[me].takeovers, 0);
		assert_int_equal(tally[me].all_acquisitions, acquisitions);
		assert_int_equal(run.guarded.count, acquisitions);
	}
}

/* A time that is less than any clock cycle takes one, but none is none. */
static void times_are_spun_as_chains(void **state)
{
	(void)state;
	assert_true(lock_spin_for(3000).chain > 100);
	assert_true(lock_spin_for(3000).measured_ns > 100);
	assert_int_equal(lock_spin_for(0.01).chain, 1);
	assert_int_equal(lock_spin_for(0).chain, 0);
}

static void the_timed_stretch_begins_when_all_have_the_lock(void **state)
{
	struct bed *bed = *state;
	struct cell cell = cell_of(&fake_late, bed->cpu[0], bed->cpu[1]);
	struct window window = window_of(&cell, 0);
	struct sample sample;

	strcpy(cell.params, "hold_ns=3");
	window.length_ns = 100 * NS_PER_MS;
	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	assert_int_equal(sample.status, STATUS_OK);
}

/* In a crew of its own: the wanderer stays where it went. */
static void a_thread_off_its_cpu_is_an_error(void **state)
{
	struct bed *bed = *state;
	struct cell cell = cell_of(&fake_wanderer, bed->cpu[0], bed->cpu[0]);
	const struct window window = window_of(&cell, 1);
	struct sample sample;
	struct crew *crew;

	if (bed->cpu[0] == bed->cpu[1])
		skip(); /* there is nowhere to go */
	assert_int_equal(crew_open(&crew, bed->machine, SCHED_OTHER, 0), 0);
	for (int i = 1; i >= 0; i--) { /* away, and back again in a window that begins astray */
		snprintf(cell.params, sizeof(cell.params), "to=%d", bed->cpu[i]);
		assert_int_equal(window_run(crew, &window, &sample), 0);
		assert_int_equal(sample.status, STATUS_ERROR);
		assert_string_equal(sample.id, "STRAYED");
	}
	assert_int_equal(window_run(crew, &window, &sample), 0);
	assert_int_equal(sample.status, STATUS_OK);
	crew_close(crew);
}

/* 20 ms at 7 us an operation are 2857: whole trips, from five probes and at least one before. */
static void calibration_takes_the_probes_within_the_band(void **state)
{
	static const char *const params[] = {"", "restless=1"};
	struct bed *bed = *state;
	struct sample sample;
	uint64_t ops;

	for (int i = 0; i < 2; i++) {
		struct cell cell = cell_of(&fake_forged, bed->cpu[0], bed->cpu[0]);
		const struct window window = window_of(&cell, 0);
		const int before = fake_forged_windows();

		strcpy(cell.params, params[i]);
		assert_int_equal(window_calibrate(bed->crew, &window, &ops, &sample), 0);
		assert_int_equal(ops, 2856);
		assert_true(fake_forged_windows() - before >= 1 + 5);
	}
}

static void a_team_that_hung_is_not_tried_again(void **state)
{
	struct bed *bed = *state;
	struct cell cell = cell_of(&fake_forged, bed->cpu[0], bed->cpu[0]);
	const struct window window = window_of(&cell, 100);
	const int before = fake_forged_windows();
	struct sample sample;

	cell.hangs = true;
	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	assert_int_equal(sample.status, STATUS_TIMEOUT);
	assert_int_equal(fake_forged_windows(), before);
}

/* What `baton check` would say of one mechanism, as its exit code. */
static int check_of(const struct bed *bed, const struct bench *bench)
{
	struct cell cell = cell_of(bench, bed->cpu[0], bed->cpu[0]);
	const struct selection selection = {.cell = &cell, .cells = 1, .asked = 1};
	int status;
	const pid_t child = fork();

	if (child == 0) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(EXIT_UNFIT);
		_exit(check_run(&selection, bed->machine));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void check_tells_the_broken_from_the_sound(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(check_of(bed, &fake_forged), EXIT_OK);
	assert_int_equal(check_of(bed, &fake_early), EXIT_FAILED);
	assert_int_equal(check_of(bed, &fake_full), EXIT_SKIPPED);
}

/* A worker in a child, with this process in its supervisor's place. */
struct office {
	struct plan *plan;
	int plan_fd;
	int ends[2]; /* the supervisor's, the worker's */
	pid_t worker;
};

/* A plan of `refused` cells that are skipped as they open, and the base. */
static void fill_plan(const struct bed *bed, struct plan *plan, int refused)
{
	plan->rounds = 3;
	plan->base = refused;
	plan->lead_in_ns = NS_PER_MS / 10;
	for (int i = 0; i <= refused; i++) {
		plan->cell[i] =
			cell_of(i < refused ? &fake_full : &fake_spin, bed->cpu[0], bed->cpu[0]);
		plan->cell[i].ops = 2;
	}
}

static void open_office(struct office *office, const struct bed *bed, int refused)
{
	assert_int_equal(plan_create(&office->plan, (size_t)refused + 1, &office->plan_fd), 0);
	fill_plan(bed, office->plan, refused);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, office->ends), 0);
}

static void employ(struct office *office)
{
	const struct timeval patience = {.tv_sec = 20};

	office->worker = fork();
	if (office->worker == 0) {
		close(office->ends[0]);
		_exit(worker_main(office->plan_fd, office->ends[1]));
	}
	close(office->ends[1]);
	close(office->plan_fd);
	setsockopt(office->ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

/* Waits for the worker's next word; how many rows are in the journal then. */
static size_t rows_at(const struct office *office, enum word word)
{
	char byte = 0;

	assert_int_equal(recv(office->ends[0], &byte, 1, 0), 1);
	assert_int_equal(byte, word);
	return atomic_load(&office->plan->sampled);
}

static void answer(const struct office *office, enum word word)
{
	const char byte = (char)word;

	atomic_store(&office->plan->sampled, 0);
	assert_int_equal(send(office->ends[0], &byte, 1, MSG_NOSIGNAL), 1);
}

static int dismissed(struct office *office)
{
	int status;

	close(office->ends[0]);
	assert_int_equal(waitpid(office->worker, &status, 0), office->worker);
	plan_free(office->plan);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Of 300 cells: blocks of ten between two windows of the base. */
static void assert_row(const struct plan *plan, size_t row, size_t order)
{
	const struct sample *sample = &plan->journal[row];

	assert_int_equal(sample->order, order);
	assert_int_equal(sample->block, order / 12);
	assert_int_equal(sample->round, 0);
	assert_int_equal(sample->cell == plan->base, order % 12 == 0 || order % 12 == 11);
}

static void a_worker_hands_over_every_row(void **state)
{
	enum { REFUSED = 300, ROWS = REFUSED / 10 * 12 };
	struct office office;

	open_office(&office, *state, REFUSED);
	office.plan->cell[0].hangs = true;
	employ(&office);
	assert_int_equal(rows_at(&office, WORD_JOURNAL), JOURNAL_MAX);
	for (size_t i = 0; i < JOURNAL_MAX; i++)
		assert_row(office.plan, i, i);
	answer(&office, WORD_GO);
	assert_int_equal(rows_at(&office, WORD_ROUND), ROWS - JOURNAL_MAX);
	for (size_t i = 0; i < ROWS - JOURNAL_MAX; i++)
		assert_row(office.plan, i, JOURNAL_MAX + i);
	assert_true(office.plan->round.chain_ghz > 0 && office.plan->round.wall_ns > 0);
	answer(&office, WORD_GO);
	/* What cannot run, or hung, is said once: the base is left. */
	assert_int_equal(rows_at(&office, WORD_ROUND), 2);
	assert_int_equal(office.plan->journal[0].round, 1);
	answer(&office, WORD_STOP);
	assert_int_equal(rows_at(&office, WORD_DONE), 0);
	assert_int_equal(dismissed(&office), EXIT_OK);
}

/* The order of a round of eight cells, base windows left out. */
static void take_order(const struct office *office, int order[8])
{
	const size_t rows = rows_at(office, WORD_ROUND);
	size_t taken = 0;

	assert_int_equal(rows, 8 + 2);
	for (size_t i = 0; i < rows; i++)
		if (office->plan->journal[i].cell != office->plan->base)
			order[taken++] = office->plan->journal[i].cell;
	assert_int_equal(taken, 8);
	answer(office, WORD_GO);
}

/* Three rounds of a seed's invocation. */
static void take_orders(const struct bed *bed, uint64_t seed, int invocation, int order[3][8])
{
	struct office office;

	open_office(&office, bed, 8);
	office.plan->seed = seed;
	office.plan->invocation = invocation;
	for (int i = 0; i < 8; i++)
		office.plan->cell[i] = office.plan->cell[office.plan->base];
	employ(&office);
	for (int round = 0; round < 3; round++)
		take_order(&office, order[round]);
	rows_at(&office, WORD_DONE);
	assert_int_equal(dismissed(&office), EXIT_OK);
}

/* A share of what the last window of the base took, which is in each of its operations. */
static void the_dose_follows_the_base(void **state)
{
	struct office office;

	open_office(&office, *state, 1);
	office.plan->cell[0] = office.plan->cell[office.plan->base];
	strcpy(office.plan->cell[0].params, "dose_pct=3");
	office.plan->cell[0].dosed = office.plan->cell[office.plan->base].dosed = true;
	office.plan->cell[0].dose_ns = 1;
	office.plan->spike = 0;
	employ(&office);
	for (int round = 0; round < 3; round++) {
		const size_t rows = rows_at(&office, WORD_ROUND);

		assert_int_equal(rows, 3);
		assert_int_equal(office.plan->journal[1].cell, 0);
		assert_true(!isnan(office.plan->journal[1].dose_ns));
		assert_true(isnan(office.plan->journal[0].dose_ns));
		assert_true(fabs(office.plan->cell[0].dose_ns -
				    0.03 * office.plan->journal[2].value) < 1e-6);
		answer(&office, WORD_GO);
	}
	rows_at(&office, WORD_DONE);
	assert_int_equal(dismissed(&office), EXIT_OK);
}

/* None of nine rounds has another's order but for the one that is the same again. */
static void every_round_has_an_order_of_its_own(void **state)
{
	int order[9][8], again[3][8];

	take_orders(*state, 1, 0, order);
	take_orders(*state, 1, 1, order + 3);
	take_orders(*state, 2, 0, order + 6);
	take_orders(*state, 1, 0, again);
	assert_memory_equal(order, again, sizeof(again));
	for (int i = 0; i < 9; i++)
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(order[i], order[j], sizeof(order[i]));
}

static void a_worker_told_to_stop_measures_no_more(void **state)
{
	struct office office;

	open_office(&office, *state, 3);
	answer(&office, WORD_STOP); /* before it asks */
	employ(&office);
	assert_int_equal(rows_at(&office, WORD_ROUND), 0);
	answer(&office, WORD_GO);
	assert_int_equal(rows_at(&office, WORD_DONE), 0);
	assert_int_equal(dismissed(&office), EXIT_OK);
}

static void a_worker_without_a_supervisor_gives_up(void **state)
{
	struct office office;

	open_office(&office, *state, 3);
	employ(&office);
	rows_at(&office, WORD_ROUND);
	assert_int_equal(dismissed(&office), EXIT_FAILED);
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

/* Thread 0 from 1000 to 1001000, thread 1 within that. */
static void audit_asks_the_thread_that_keeps_the_time(void **state)
{
	static const struct {
		int workload;
		int64_t begin_ns, wall_ns;
	} kept[] = {{LANES_PINGPONG, 1000, 1000000}, {LANES_LATENCY, 1000, 1000000},
		{LANES_STREAM, 1001, 999998}};
	struct finished finished;

	(void)state;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		struct sample sample = {.value = NAN};

		finish_by_hand(&finished);
		finished.cell.bench = index_of(&fake_lanes);
		finished.cell.workload = kept[i].workload;
		audit_window(&finished.cell, &finished.run, &sample);
		assert_int_equal(sample.wall_ns, kept[i].wall_ns);
		assert_int_equal(audit_begin_ns(&finished.cell, &finished.run), kept[i].begin_ns);
	}
	/* The other way round: the starter's stretch is the shorter one. */
	finish_by_hand(&finished);
	finished.cell.bench = index_of(&fake_spin);
	finished.tally[0].begin_ns = 5000;
	struct sample sample = {.value = NAN};

	audit_window(&finished.cell, &finished.run, &sample);
	assert_int_equal(sample.wall_ns, 996000);
}

static void audit_takes_the_mechanisms_own_value(void **state)
{
	struct finished finished;
	struct sample sample = {.value = NAN};

	(void)state;
	finish_by_hand(&finished);
	finished.run.value = 15;
	audit_window(&finished.cell, &finished.run, &sample);
	assert_true(sample.value == 15);
}

static void audit_counts_as_slept_what_slept(void **state)
{
	struct finished finished;
	struct sample sample = {.value = NAN};

	(void)state;
	finish_by_hand(&finished);
	finished.tally[1].usage.involuntary = 300;
	audit_window(&finished.cell, &finished.run, &sample);
	assert_true(sample.slept > 0.199 && sample.slept < 0.201);
	assert_int_equal(sample.involuntary, 300);
	finished.tally[0].usage.voluntary = 5000;
	sample = (struct sample){.value = NAN};
	audit_window(&finished.cell, &finished.run, &sample);
	assert_true(sample.slept == 1);
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

/* Of 1 ms each of the two ran 0.4 and who kept its CPU awake 0.45: 0.15 went to others, whatever
 * the team waited. */
static void audit_counts_who_keeps_a_cpu_awake(void **state)
{
	static const clockid_t idler[TEAM_MAX];
	struct finished finished;
	struct sample sample = {.value = NAN};

	(void)state;
	finish_by_hand(&finished);
	finished.run.idler = idler;
	for (int i = 0; i < 2; i++) {
		finished.tally[i].usage.runqueue_wait_ns = 0;
		finished.tally[i].usage.idler_ns = 450000;
	}
	audit_window(&finished.cell, &finished.run, &sample);
	assert_true(sample.foreign_share > 0.149 && sample.foreign_share < 0.151);
	assert_int_equal(sample.flags, FLAG_LOAD);
}

/* A thread that never slept ran 0.85 of 1 ms and waited for 0.05: the hypervisor had 0.1 of it, or
 * with 2 us less that it ran a little more. One that sleeps cannot tell. */
static void audit_sees_what_the_hypervisor_took(void **state)
{
	struct finished finished;
	struct sample sample = {.value = NAN};

	(void)state;
	finish_by_hand(&finished);
	finished.tally[0].usage.cpu_ns = 850000;
	audit_window(&finished.cell, &finished.run, &sample);
	assert_int_equal(sample.flags, 0);
	finished.tally[0].usage.voluntary = 0;
	sample = (struct sample){.value = NAN};
	audit_window(&finished.cell, &finished.run, &sample);
	assert_int_equal(sample.flags, 0);
	finished.tally[0].usage.cpu_ns = 848000;
	sample = (struct sample){.value = NAN};
	audit_window(&finished.cell, &finished.run, &sample);
	assert_int_equal(sample.flags, FLAG_STEAL);
	finished.cell.cpu[1] = finished.cell.cpu[0];
	sample = (struct sample){.value = NAN};
	audit_window(&finished.cell, &finished.run, &sample);
	assert_false(sample.flags & FLAG_STEAL);
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
	/* First, while this process has no threads: a child of a process that has some may start
	 * none of its own under ThreadSanitizer. */
	const struct CMUnitTest in_children[] = {
		cmocka_unit_test(a_team_that_hangs_is_given_up),
		cmocka_unit_test(check_tells_the_broken_from_the_sound),
		cmocka_unit_test(a_worker_hands_over_every_row),
		cmocka_unit_test(the_dose_follows_the_base),
		cmocka_unit_test(every_round_has_an_order_of_its_own),
		cmocka_unit_test(a_worker_told_to_stop_measures_no_more),
		cmocka_unit_test(a_worker_without_a_supervisor_gives_up),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_does_the_operations_it_was_given),
		cmocka_unit_test(switches_outside_the_band_are_flagged),
		cmocka_unit_test(a_token_that_comes_early_is_seen),
		cmocka_unit_test(a_lock_that_lets_two_in_is_seen),
		cmocka_unit_test(a_stopped_window_tells_of_what_was_done),
		cmocka_unit_test(a_spoilt_value_is_seen),
		cmocka_unit_test(both_sides_look_at_the_tokens_number),
		cmocka_unit_test(the_partner_is_let_sleep),
		cmocka_unit_test(a_streak_ends_with_another_owner),
		cmocka_unit_test(stamps_add_up),
		cmocka_unit_test(the_account_is_of_the_timed_phase),
		cmocka_unit_test(times_are_spun_as_chains),
		cmocka_unit_test(the_lead_in_leaves_no_trace_in_the_account),
		cmocka_unit_test(the_timed_stretch_begins_when_all_have_the_lock),
		cmocka_unit_test(a_thread_off_its_cpu_is_an_error),
		cmocka_unit_test(a_refusal_is_a_skip_with_the_reason),
		cmocka_unit_test(a_window_cannot_run_away),
		cmocka_unit_test(calibration_fills_the_window),
		cmocka_unit_test(calibration_takes_the_probes_within_the_band),
		cmocka_unit_test(a_team_that_hung_is_not_tried_again),
		cmocka_unit_test(a_window_without_a_count_is_an_error),
		cmocka_unit_test(crew_members_sit_where_they_should),
		cmocka_unit_test(crew_cannot_sit_on_a_cpu_that_is_not_there),
		cmocka_unit_test(audit_derives_from_tallies),
		cmocka_unit_test(audit_asks_the_thread_that_keeps_the_time),
		cmocka_unit_test(audit_takes_the_mechanisms_own_value),
		cmocka_unit_test(audit_counts_as_slept_what_slept),
		cmocka_unit_test(audit_reads_a_shared_cpu_by_what_was_not_run),
		cmocka_unit_test(audit_counts_who_keeps_a_cpu_awake),
		cmocka_unit_test(audit_sees_what_the_hypervisor_took),
		cmocka_unit_test(audit_misses_no_lost_count),
	};

	const int failed = cmocka_run_group_tests(in_children, bed_set_up, bed_tear_down);

	return failed + cmocka_run_group_tests(tests, bed_set_up, bed_tear_down);
}
