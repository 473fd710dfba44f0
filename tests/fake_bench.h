/* fake_bench.h - mechanisms that misbehave, for the tests of the engine alone */
#ifndef FAKE_BENCH_H
#define FAKE_BENCH_H

#include "bench.h"

extern const struct bench fake_early, fake_open_lock, fake_full, fake_slow, fake_deaf, fake_spin,
	fake_lanes, fake_late, fake_forged, fake_wanderer;

/* Workloads of fake_lanes. */
enum { LANES_PINGPONG, LANES_LATENCY, LANES_STREAM };

/* Windows that fake_forged has worked in. */
int fake_forged_windows(void);

#endif
