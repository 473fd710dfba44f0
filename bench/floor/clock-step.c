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
 * neighbours, and the smallest gap between the peaks of two runs is the step; rare distances, made
 * by interrupts, are left out. One wide run is a clock that counts every ns. One narrow run, all
 * reads equally far apart, leaves only a bound: the step is that distance or less. */
static int smallest_gap(const unsigned *seen, uint64_t reads)
{
	int peak = -1, before = -1, gap = 0, width = 0;

	for (int ns = 0; ns < DISTANCE_MAX_NS; ns++) {
		if (seen[ns] > reads / 1000) {
			peak = peak < 0 || seen[ns] > seen[peak] ? ns : peak;
			width++;
		} else if (peak >= 0) {
			if (before >= 0 && (!gap || peak - before < gap))
				gap = peak - before;
			before = peak;
			peak = -1;
		}
	}
	if (gap)
		return gap;
	return width > 3 ? 1 : before > 0 ? before : DISTANCE_MAX_NS;
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
