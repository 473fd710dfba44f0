/* add-chain.c - a chain of dependent additions: one clock cycle each, the clock rate in effect */
#include "repeat.h"

enum { ADDS = 1024 };

/* Each begins with the sum of the one before, or they would overlap. */
static void add_chain(struct run *run)
{
	uint64_t *sum = run->state;

	*sum = clock_chain(*sum, ADDS);
}

/* An operation is one addition; they are made in blocks to keep the loop around them out. */
static int work(struct run *run, int me)
{
	const uint64_t ops = run->ops;
	int rc;

	run->ops = (ops + ADDS - 1) / ADDS;
	run->lead_ops = (run->lead_ops + ADDS - 1) / ADDS;
	rc = repeat(run, me, add_chain);
	run->tally[me].ops *= ADDS;
	return rc;
}

static const struct bench bench = {
	.family = "floor",
	.name = "add-chain",
	.about = "one of a chain of dependent additions: a clock cycle",
	.state_size = sizeof(uint64_t),
	.workloads = {{.shape = &repeat_shape, .work = work}},
};

__attribute__((constructor)) static void enlist(void)
{
	bench_enlist(&bench);
}
