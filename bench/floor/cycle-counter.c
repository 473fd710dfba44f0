/* cycle-counter.c - the counter that user space may read (TSC, CNTVCT) */
#include "repeat.h"

static int open_counter(struct run *run)
{
	(void)run;
	return cycle_counter_exists() ? 0 : -ENOTSUP;
}

static void read_counter(struct run *run)
{
	(void)run;
	const uint64_t ticks = cycle_counter();

	__asm__ volatile("" ::"r"(ticks)); /* or the compiler drops the read */
}

static int work(struct run *run, int me)
{
	return repeat(run, me, read_counter);
}

static const struct bench bench = {
	.family = "floor",
	.name = "cycle-counter",
	.about = "the counter that user space may read (TSC, CNTVCT)",
	.open = open_counter,
	.workloads = {{.shape = &repeat_shape, .work = work}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
