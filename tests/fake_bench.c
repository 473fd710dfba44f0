/* fake_bench.c - mechanisms that lie, let two in, refuse, dawdle or hang */
#include "fake_bench.h"

#include "lock.h"
#include "pingpong.h"

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
static void do_nothing(struct run *run)
{
	(void)run;
}

static int open_lock_work(struct run *run, int me)
{
	return lock_greedy_polite(run, me, do_nothing, do_nothing);
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

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&fake_spin);
	bench_enlist(&fake_early);
	bench_enlist(&fake_open_lock);
	bench_enlist(&fake_full);
	bench_enlist(&fake_slow);
	bench_enlist(&fake_deaf);
}
