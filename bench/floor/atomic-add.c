/* atomic-add.c - atomic fetch-and-add on a line that nobody else wants */
#include "repeat.h"

static void add(struct run *run)
{
	_Atomic uint64_t *count = run->state;

	atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

static int work(struct run *run, int me)
{
	return repeat(run, me, add);
}

static const struct bench bench = {
	.family = "floor",
	.name = "atomic-add",
	.about = "atomic fetch-and-add on a line that nobody else wants",
	.state_size = sizeof(_Atomic uint64_t),
	.workloads = {{.shape = &repeat_shape, .work = work}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
