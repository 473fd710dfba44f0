/* line-cas.c - a cache line handed over by compare-and-swap on both sides */
#include "pingpong.h"

struct line {
	_Alignas(
		OWN_LINES) _Atomic int turn; /* 0, 1: whose it is; 2: passed to 0, 3: passed to 1 */
};

static bool swap(struct line *state, int expected, int desired)
{
	return atomic_compare_exchange_strong_explicit(
		&state->turn, &expected, desired, memory_order_acq_rel, memory_order_relaxed);
}

static int pass(struct run *run, int to)
{
	return swap(run->state, 1 - to, 2 + to) ? 0 : -EPROTO;
}

static int await(struct run *run, int me)
{
	while (!swap(run->state, 2 + me, me))
		cpu_relax();
	return 0;
}

static int work(struct run *run, int me)
{
	return pingpong(run, me, pass, await);
}

static const struct bench bench = {
	.family = "floor",
	.name = "line-cas",
	.about = "a cache line handed over by compare-and-swap on both sides",
	.state_size = sizeof(struct line),
	.workloads = {{.shape = &pingpong_shape, .work = work, .needs = NEEDS_OWN_CPUS}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
