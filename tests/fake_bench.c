/* fake_bench.c - mechanisms that lie, let two in, refuse, dawdle, stray or hang */
#include "fake_bench.h"

#include "handoff.h"
#include "lock.h"
#include "pingpong.h"
#include "repeat.h"

#include <pthread.h>
#include <unistd.h>

/* A turn in memory, awaited by polling: the one that works. */
struct turn {
	_Atomic int whose;
};

static int pass(struct run *run, int to)
{
	struct turn *turn = run->state;

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

static int spin_work(struct run *run, int me)
{
	return pingpong(run, me, pass, await);
}

const struct bench fake_spin = {
	.family = "fake",
	.name = "spin",
	.about = "works",
	.state_size = sizeof(struct turn),
	.workloads = {{&pingpong_shape, spin_work, .across = {0.5, 1.5}}},
};

/* Has the name of another to begin with. */
static const struct bench fake_spin_twice = {
	.family = "fake",
	.name = "spin-twice",
	.about = "works as well",
	.state_size = sizeof(struct turn),
	.workloads = {{.shape = &pingpong_shape, .work = spin_work}},
};

/* Promises that its partner sleeps, as those do whose CPUs are also kept awake. */
static const struct bench fake_awaited = {
	.family = "fake",
	.name = "awaited",
	.about = "has a band across CPUs",
	.state_size = sizeof(struct turn),
	.workloads = {{&handoff_latency_shape, spin_work, .across = {0.5, 1.1}}},
};

/* Says that it has the token although nobody passed it. */
static int await_nothing(struct run *run, int me)
{
	(void)run, (void)me;
	return 0;
}

static int early_work(struct run *run, int me)
{
	return pingpong(run, me, pass, await_nothing);
}

const struct bench fake_early = {
	.family = "fake",
	.name = "early",
	.about = "returns before the token has come",
	.state_size = sizeof(struct turn),
	.workloads = {{.shape = &pingpong_shape, .work = early_work}},
};

/* A lock that locks nobody out. */
static void do_nothing(struct run *run, int me)
{
	(void)run, (void)me;
}

static const struct lock open_lock = {.acquire = do_nothing, .release = do_nothing};

static int open_lock_work(struct run *run, int me)
{
	return lock_work(run, me, &open_lock);
}

const struct bench fake_open_lock = {
	.family = "fake",
	.name = "open-lock",
	.about = "lets everybody in",
	.workloads = {{.shape = &lock_greedy_polite_shape, .work = open_lock_work}},
};

static int refuse(struct run *run)
{
	(void)run;
	return -ENOSPC;
}

const struct bench fake_full = {
	.family = "fake",
	.name = "full",
	.about = "the kernel refuses it",
	.state_size = sizeof(struct turn),
	.open = refuse,
	.workloads = {{.shape = &pingpong_shape, .work = spin_work}},
};

static int pass_slowly(struct run *run, int to)
{
	const int64_t until_ns = clock_now_ns() + 5 * NS_PER_MS;

	while (clock_now_ns() < until_ns)
		cpu_relax();
	return pass(run, to);
}

static int slow_work(struct run *run, int me)
{
	return pingpong(run, me, pass_slowly, await);
}

const struct bench fake_slow = {
	.family = "fake",
	.name = "slow",
	.about = "takes 5 ms a hand-off",
	.state_size = sizeof(struct turn),
	.workloads = {{.shape = &pingpong_shape, .work = slow_work}},
};

static int await_for_ever(struct run *run, int me)
{
	(void)me;
	while (run->state)
		pause();
	return 0;
}

static int deaf_work(struct run *run, int me)
{
	return pingpong(run, me, pass, await_for_ever);
}

const struct bench fake_deaf = {
	.family = "fake",
	.name = "deaf",
	.about = "never returns",
	.state_size = sizeof(struct turn),
	.workloads = {{.shape = &pingpong_shape, .work = deaf_work}},
};

/* A slot for each direction, polled. halt=N: stops the window as the N-th value is sent;
 * lane=L;spoil=V: hands out another value than number V on lane L. */
struct lanes {
	struct {
		_Atomic bool full;
		uint64_t value;
	} slot[HANDOFF_LANES];
	long sent;
};

static int lane_send(struct run *run, int lane, const uint64_t *value)
{
	struct lanes *state = run->state;

	while (atomic_load(&state->slot[lane].full))
		run_poll_again(run);
	if (++state->sent == run_param(run, "halt", 0))
		atomic_store(&run->stop, true);
	state->slot[lane].value = *value;
	atomic_store(&state->slot[lane].full, true);
	return 0;
}

static int lane_receive(struct run *run, int lane, uint64_t *value)
{
	struct lanes *state = run->state;

	while (!atomic_load(&state->slot[lane].full))
		run_poll_again(run);
	*value = state->slot[lane].value;
	const uint64_t number = lane == HANDOFF_BACK ? ~*value : *value;

	if (lane == run_param(run, "lane", -1) && number == (uint64_t)run_param(run, "spoil", 0))
		++*value;
	atomic_store(&state->slot[lane].full, false);
	return 0;
}

static int lane_pass(struct run *run, int to)
{
	return lane_send(run, to, &(const uint64_t){0});
}

static int lane_await(struct run *run, int me)
{
	uint64_t token;

	return lane_receive(run, me, &token);
}

static int lanes_pingpong(struct run *run, int me)
{
	return pingpong(run, me, lane_pass, lane_await);
}

static int lanes_latency(struct run *run, int me)
{
	return handoff_latency(run, me, lane_send, lane_receive);
}

static int lanes_stream(struct run *run, int me)
{
	return handoff_stream(run, me, lane_send, lane_receive);
}

const struct bench fake_lanes = {
	.family = "fake",
	.name = "lanes",
	.about = "spoils a value, or stops its own window, where it is asked to",
	.state_size = sizeof(struct lanes),
	.workloads =
		{
			[LANES_PINGPONG] = {.shape = &pingpong_shape, .work = lanes_pingpong},
			[LANES_LATENCY] = {.shape = &handoff_latency_shape, .work = lanes_latency},
			[LANES_STREAM] = {.shape = &handoff_stream_shape, .work = lanes_stream},
		},
};

static void acquire(struct run *run, int me)
{
	(void)me;
	pthread_mutex_lock(run->state);
}

static void release(struct run *run, int me)
{
	(void)me;
	pthread_mutex_unlock(run->state);
}

static const struct lock mutex = {.acquire = acquire, .release = release};

/* The polite worker is late, and complains if the timed stretch has begun without it. */
static int late_work(struct run *run, int me)
{
	const int64_t until_ns = clock_now_ns() + 5 * NS_PER_MS;

	while (me == LOCK_POLITE && clock_now_ns() < until_ns)
		cpu_relax();
	if (me == LOCK_POLITE && atomic_load(&run->phase) != PHASE_LEAD_IN)
		return -EPROTO;
	return lock_work(run, me, &mutex);
}

static int open_mutex(struct run *run)
{
	return -pthread_mutex_init(run->state, NULL);
}

const struct bench fake_late = {
	.family = "fake",
	.name = "late",
	.about = "a lock that its polite worker comes late to",
	.state_size = sizeof(pthread_mutex_t),
	.open = open_mutex,
	.workloads = {{.shape = &lock_greedy_polite_shape, .work = late_work}},
};

enum { FORGED_COST_NS = 7000 };

static int forged_windows;

int fake_forged_windows(void)
{
	return forged_windows;
}

/* Says what it cost instead of taking that long. restless=1: two windows of three cost a hundred
 * times as much, and switch at every operation. */
static int forged_work(struct run *run, int me)
{
	struct tally *tally = &run->tally[me];
	const bool calm = forged_windows++ % 3 == 0 || !run_param(run, "restless", 0);

	run_begin(run, me);
	run_end(run, me);
	tally->ops = run->ops;
	tally->end_ns = tally->begin_ns + (int64_t)run->ops * FORGED_COST_NS * (calm ? 1 : 100);
	tally->usage.voluntary = calm ? 0 : (int64_t)run->ops;
	tally->usage.involuntary = 0;
	return 0;
}

const struct bench fake_forged = {
	.family = "fake",
	.name = "forged",
	.about = "tells of 7 us an operation whatever it took",
	.workloads = {{.shape = &repeat_shape, .work = forged_work, .across = {0, 0.5}}},
};

/* Leaves its CPU for to=CPU and stays there. */
static int wander_work(struct run *run, int me)
{
	cpu_set_t elsewhere;

	CPU_ZERO(&elsewhere);
	CPU_SET((size_t)run_param(run, "to", 0), &elsewhere);
	run_begin(run, me);
	run->tally[me].ops = 1;
	run_end(run, me);
	return sched_setaffinity(0, sizeof(elsewhere), &elsewhere) ? -errno : 0;
}

const struct bench fake_wanderer = {
	.family = "fake",
	.name = "wanderer",
	.about = "leaves its CPU",
	.workloads = {{.shape = &repeat_shape, .work = wander_work}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&fake_spin);
	bench_enlist(&fake_spin_twice);
	bench_enlist(&fake_awaited);
	bench_enlist(&fake_early);
	bench_enlist(&fake_open_lock);
	bench_enlist(&fake_full);
	bench_enlist(&fake_slow);
	bench_enlist(&fake_deaf);
	bench_enlist(&fake_lanes);
	bench_enlist(&fake_late);
	bench_enlist(&fake_forged);
	bench_enlist(&fake_wanderer);
}
