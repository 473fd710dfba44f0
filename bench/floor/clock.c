/* clock.c - clock_gettime(CLOCK_MONOTONIC) */
#include "repeat.h"

static void read_clock(struct run *run)
{
	(void)run;
	clock_now_ns();
}

static int work(struct run *run, int me)
{
	return repeat(run, me, read_clock);
}

static const struct bench bench = {
	.family = "floor",
	.name = "clock",
	.about = "clock_gettime(CLOCK_MONOTONIC)",
	.workloads = {{.shape = &repeat_shape, .work = work}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
