/* yield.c - a turn in memory, and sched_yield until it has come */
#include "pingpong.h"

struct yield {
	_Atomic int turn;
};

static int pass(struct run *run, int to)
{
	struct yield *state = run->state;

	atomic_store_explicit(&state->turn, to, memory_order_release);
	return 0;
}

static int await(struct run *run, int me)
{
	struct yield *state = run->state;

	while (atomic_load_explicit(&state->turn, memory_order_acquire) != me)
		sched_yield();
	return 0;
}

static int work(struct run *run, int me)
{
	return pingpong(run, me, pass, await);
}

static const struct bench bench = {
	.family = "switch",
	.name = "yield",
	.about = "a turn in memory, and sched_yield until it has come",
	.state_size = sizeof(struct yield),
	.workloads = {{&pingpong_shape, work, .needs = NEEDS_ONE_CPU, .one_cpu = {0.95, 1.05}}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
