/* crew_test.c - under which policy a team works, and who conducts it */
#include "bed.h"

#include "lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PRIORITY = 5 };

/* A policy as a thread finds it. */
struct rank {
	int policy, priority;
};

static struct rank rank_of(pid_t tid)
{
	struct sched_param param = {0};

	sched_getparam(tid, &param);
	return (struct rank){sched_getscheduler(tid), param.sched_priority};
}

static void note_rank(void *arg, int me)
{
	((struct rank *)arg)[me] = rank_of(0);
}

/* A lock that spins; one of its threads notes who conducts it. */
struct baton {
	_Atomic bool taken;
};

static struct rank seen_conductor;

static void acquire(struct run *run, int me)
{
	struct baton *baton = run->state;

	(void)me;
	while (atomic_exchange_explicit(&baton->taken, true, memory_order_acquire))
		run_poll_again(run);
}

static void release(struct run *run, int me)
{
	struct baton *baton = run->state;

	(void)me;
	atomic_store_explicit(&baton->taken, false, memory_order_release);
}

static const struct lock lock = {.acquire = acquire, .release = release};

static int spin_work(struct run *run, int me)
{
	if (me == 0)
		seen_conductor = rank_of(getpid()); /* the main thread conducts */
	return lock_work(run, me, &lock);
}

static const struct bench spinlock = {
	.family = "fake",
	.name = "spinlock",
	.about = "spins, and looks at who conducts",
	.base = true,
	.state_size = sizeof(struct baton),
	.workloads = {{.shape = &lock_greedy_polite_shape, .work = spin_work}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&spinlock);
}

static void open_crew(struct crew **crew, const struct bed *bed, int policy, int priority)
{
	assert_int_equal(crew_open(crew, bed->machine, policy, priority), 0);
}

/* Whether the kernel lets this process have real-time threads. */
static bool may_be_real_time(void)
{
	const struct sched_param above = {.sched_priority = PRIORITY + 1}, none = {0};

	if (sched_setscheduler(0, SCHED_FIFO, &above))
		return false;
	return !sched_setscheduler(0, SCHED_OTHER, &none);
}

static void members_have_the_policy_of_their_crew(void **state)
{
	static const struct rank asked[] = {
		{SCHED_OTHER, 0}, {SCHED_BATCH, 0}, {SCHED_IDLE, 0}, {SCHED_FIFO, PRIORITY}};
	const struct bed *bed = *state;
	struct rank seen[2];
	struct crew *crew;

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		if (asked[i].policy == SCHED_FIFO && !may_be_real_time())
			continue;
		open_crew(&crew, bed, asked[i].policy, asked[i].priority);
		assert_int_equal(crew_start(crew, bed->cpu, 2, note_rank, seen), 0);
		assert_int_equal(crew_wait(crew, clock_now_ns() + 10LL * NS_PER_S), 0);
		assert_memory_equal(&seen[0], &asked[i], sizeof(seen[0]));
		assert_memory_equal(&seen[1], &asked[i], sizeof(seen[1]));
		crew_close(crew);
	}
}

static void a_policy_that_cannot_be_conducted_is_refused(void **state)
{
	const struct bed *bed = *state;
	const int highest = sched_get_priority_max(SCHED_FIFO);
	struct crew *crew;

	assert_int_equal(crew_open(&crew, bed->machine, SCHED_FIFO, highest), -EINVAL);
	assert_int_equal(crew_open(&crew, bed->machine, SCHED_FIFO, 0), -EINVAL);
	assert_int_equal(crew_open(&crew, bed->machine, SCHED_OTHER, 1), -EINVAL);
	assert_int_equal(crew_open(&crew, bed->machine, SCHED_RR, 1), -EINVAL);
}

/* In a child that has given up its rights: 0 where the crew and a window say so. */
static int unprivileged(const struct bed *bed)
{
	const struct cell cell = cell_of(&spinlock, bed->cpu[0], bed->cpu[1]);
	const struct window window = window_of(&cell, 0);
	struct rank seen[2];
	struct sample sample;
	struct crew *crew;

	if (setrlimit(RLIMIT_RTPRIO, &(struct rlimit){0, 0}) || (!geteuid() && setuid(65534)))
		return 1;
	if (may_be_real_time())
		return 2;
	if (crew_open(&crew, bed->machine, SCHED_FIFO, PRIORITY))
		return 3;
	if (crew_start(crew, bed->cpu, 2, note_rank, seen) != -EPERM)
		return 4;
	if (window_run(crew, &window, &sample) || sample.status != STATUS_ERROR ||
		strcmp(sample.id, "EPERM") != 0)
		return 5;
	crew_close(crew);
	return 0;
}

static void a_policy_that_is_not_allowed_is_an_error(void **state)
{
	int status;
	const pid_t child = fork();

	if (child == 0)
		_exit(unprivileged(*state));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Every CPU of the window is kept busy by a real-time thread: its conductor stands above them, and
 * is what it was again afterwards. */
static void who_conducts_stands_above_the_team(void **state)
{
	const struct bed *bed = *state;
	struct cell cell = cell_of(&spinlock, bed->cpu[0], bed->cpu[1]);
	const struct window window = window_of(&cell, 0);
	const struct rank before = rank_of(0);
	struct sample sample;
	struct crew *crew;

	if (!may_be_real_time())
		skip();
	strcpy(cell.params, "hold_ns=3");
	open_crew(&crew, bed, SCHED_FIFO, PRIORITY);
	assert_int_equal(window_run(crew, &window, &sample), 0);
	assert_int_equal(sample.status, STATUS_OK);
	assert_int_equal(seen_conductor.policy, SCHED_FIFO);
	assert_int_equal(seen_conductor.priority, PRIORITY + 1);
	const struct rank after = rank_of(0);

	assert_memory_equal(&before, &after, sizeof(before));
	crew_close(crew);
}

static void nobody_steps_up_for_an_ordinary_team(void **state)
{
	const struct bed *bed = *state;
	struct cell cell = cell_of(&spinlock, bed->cpu[0], bed->cpu[1]);
	const struct window window = window_of(&cell, 0);
	const struct rank before = rank_of(0);
	struct sample sample;

	strcpy(cell.params, "hold_ns=3");
	assert_int_equal(window_run(bed->crew, &window, &sample), 0);
	assert_int_equal(sample.status, STATUS_OK);
	assert_memory_equal(&seen_conductor, &before, sizeof(before));
}

int main(void)
{
	/* First, while this process has no threads (ThreadSanitizer). */
	const struct CMUnitTest in_children[] = {
		cmocka_unit_test(a_policy_that_is_not_allowed_is_an_error),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_have_the_policy_of_their_crew),
		cmocka_unit_test(a_policy_that_cannot_be_conducted_is_refused),
		cmocka_unit_test(who_conducts_stands_above_the_team),
		cmocka_unit_test(nobody_steps_up_for_an_ordinary_team),
	};
	const int failed = cmocka_run_group_tests(in_children, bed_set_up, bed_tear_down);

	return failed + cmocka_run_group_tests(tests, bed_set_up, bed_tear_down);
}
