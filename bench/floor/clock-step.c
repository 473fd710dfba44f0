/* clock-step.c - the real step of the clock, whatever clock_getres says */
#include "bench.h"

enum { DISTANCE_MAX_NS = 4096 };

static const struct shape step_shape = {
	.name = "step",
	.metric = "cost",
	.unit = "ns",
	.threads = 1,
	.timekeeper = 0,
};

/* How often each distance between neighbouring reads was seen. */
static void count_distances(unsigned *seen, uint64_t reads)
{
	int64_t before_ns = clock_now_ns();

	for (uint64_t i = 0; i < reads; i++) {
		const int64_t now_ns = clock_now_ns();

		if (now_ns - before_ns < DISTANCE_MAX_NS)
			seen[now_ns - before_ns]++;
		before_ns = now_ns;
	}
}

/* Distances lie on multiples of the step, 1 ns to either side by rounding. So they form runs of
 * neighbours, and the smallest gap between the peaks of two runs is the step; rare runs, made by
 * interrupts, are left out. A clock that counts every ns makes one run without a gap. */
static double smallest_gap(const unsigned *seen, uint64_t reads)
{
	int peak = -1, before = -1, gap = 0;

	for (int ns = 0; ns < DISTANCE_MAX_NS; ns++) {
		if (seen[ns] > reads / 1000 && (peak < 0 || seen[ns] > seen[peak]))
			peak = ns;
		if (seen[ns] > reads / 1000 || peak < 0)
			continue;
		if (before >= 0 && (!gap || peak - before < gap))
			gap = peak - before;
		before = peak;
		peak = -1;
	}
	return gap ? gap : 1;
}

static int work(struct run *run, int me)
{
	run_begin(run, me);
	count_distances(run->state, run->ops);
	run_end(run, me);
	run->tally[me].ops = run->ops;
	run->value = smallest_gap(run->state, run->ops);
	return 0;
}

static const struct bench bench = {
	.family = "floor",
	.name = "clock-step",
	.about = "the real step of clock_gettime, whatever clock_getres says",
	.state_size = DISTANCE_MAX_NS * sizeof(unsigned),
	.workloads = {{.shape = &step_shape, .work = work}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
