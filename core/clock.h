/* clock.h - nanoseconds read, nanoseconds spun */
#ifndef BATON_CLOCK_H
#define BATON_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { NS_PER_US = 1000, NS_PER_MS = 1000 * 1000, NS_PER_S = 1000 * 1000 * 1000 };

/* CLOCK_MONOTONIC in ns since an arbitrary start; comparable across threads. clock_gettime(2). */
static inline int64_t clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* CPU time of the calling thread in ns; brings the kernel's account of it up to date. */
static inline int64_t clock_thread_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* A chain of `adds` dependent additions: one clock cycle each on every core we know of, which
 * makes it a ruler for the clock rate and a spin that reads no clock. */
static inline __attribute__((always_inline)) void clock_chain(uint64_t adds)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < adds; i++) {
		sum += i;
		__asm__ volatile("" : "+r"(sum)); /* or the compiler folds the sum */
	}
}

/* The clock rate in effect on the calling CPU, in additions per ns (GHz); takes about 0.1 ms.
 * The fastest of a few stretches, so that an interrupt does not read as a slow clock. */
double clock_chain_ghz(void);

/* Additions that last about hold_ns at `ghz`, at least one. */
uint64_t clock_chain_length(double hold_ns, double ghz);

/* What clock_chain(adds) really takes on the calling CPU, ns, call included: mean of a batch. */
double clock_chain_ns(uint64_t adds);

#endif
