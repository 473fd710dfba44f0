/* line-store.c - a cache line handed over by a store, awaited by loads */
#include "pingpong.h"

struct line {
	_Alignas(OWN_LINES) _Atomic int turn;
};

static int pass(struct run *run, int to)
{
	struct line *state = run->state;

	atomic_store_explicit(&state->turn, to, memory_order_release);
	return 0;
}

static int await(struct run *run, int me)
{
	struct line *state = run->state;

	while (atomic_load_explicit(&state->turn, memory_order_acquire) != me)
		cpu_relax();
	return 0;
}

static int work(struct run *run, int me)
{
	return pingpong(run, me, pass, await);
}

static const struct bench bench = {
	.family = "floor",
	.name = "line-store",
	.about = "a cache line handed over by a store, awaited by loads",
	.state_size = sizeof(struct line),
	.workloads = {{.shape = &pingpong_shape, .work = work, .needs = NEEDS_OWN_CPUS}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
