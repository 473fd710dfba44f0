/* repeat.h - shape: one thread repeats one cheap operation */
#ifndef BATON_REPEAT_H
#define BATON_REPEAT_H

#include "bench.h"

extern const struct shape repeat_shape;

enum { REPEAT_BLOCK = 64 };

/* At least `ops` operations, in blocks, so that the look at the stop flag costs nothing. */
static inline __attribute__((always_inline)) uint64_t repeat_stretch(
	struct run *run, uint64_t ops, void (*operation)(struct run *))
{
	uint64_t done = 0;

	while (done < ops && !run_stopped(run)) {
		for (int i = 0; i < REPEAT_BLOCK; i++)
			operation(run);
		done += REPEAT_BLOCK;
	}
	return done;
}

/* The workload's work(): the tally counts what was done, which may be a little more than asked. */
static inline __attribute__((always_inline)) int repeat(
	struct run *run, int me, void (*operation)(struct run *))
{
	repeat_stretch(run, run->lead_ops, operation);
	run_begin(run, me);
	run->tally[me].ops = repeat_stretch(run, run->ops, operation);
	run_end(run, me);
	return run->tally[me].ops ? 0 : -ETIMEDOUT;
}

#endif
