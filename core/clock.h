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

/* What one clock_now_ns() takes on the calling CPU, ns; the fastest of a few batches, in about
 * 10 us. */
double clock_read_ns(void);

/* CLOCK_REALTIME in ns since 1970, UTC. */
static inline int64_t clock_utc_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* CPU time of the calling thread in ns; brings the kernel's account of it up to date. */
static inline int64_t clock_thread_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* One link of the chain: an addition that waits for the one before. */
static inline __attribute__((always_inline)) uint64_t clock_link(uint64_t sum, uint64_t step)
{
	sum += step;
	__asm__ volatile("" : "+r"(sum)); /* or the compiler folds the chain */
	return sum;
}

/* Two, four … sixty-four links in a row, without a branch. */
static inline __attribute__((always_inline)) uint64_t clock_links_2(uint64_t sum, uint64_t step)
{
	return clock_link(clock_link(sum, step), step);
}

static inline __attribute__((always_inline)) uint64_t clock_links_4(uint64_t sum, uint64_t step)
{
	return clock_links_2(clock_links_2(sum, step), step);
}

static inline __attribute__((always_inline)) uint64_t clock_links_8(uint64_t sum, uint64_t step)
{
	return clock_links_4(clock_links_4(sum, step), step);
}

static inline __attribute__((always_inline)) uint64_t clock_links_16(uint64_t sum, uint64_t step)
{
	return clock_links_8(clock_links_8(sum, step), step);
}

static inline __attribute__((always_inline)) uint64_t clock_links_32(uint64_t sum, uint64_t step)
{
	return clock_links_16(clock_links_16(sum, step), step);
}

static inline __attribute__((always_inline)) uint64_t clock_links_64(uint64_t sum, uint64_t step)
{
	return clock_links_32(clock_links_32(sum, step), step);
}

/* A chain of `adds` dependent additions, a clock cycle each: a ruler for the clock rate, and a spin
 * that reads no clock. The step is in a register because some cores add constants for free; the
 * links come in rows because a branch for each takes as long as the link when an SMT sibling is
 * busy. Chains that follow each other overlap in the core unless one begins with the other's
 * result. */
static inline __attribute__((always_inline)) uint64_t clock_chain(uint64_t sum, uint64_t adds)
{
	uint64_t step = 1;

	__asm__ volatile("" : "+r"(step));
	for (; adds >= 64; adds -= 64)
		sum = clock_links_64(sum, step);
	for (; adds >= 8; adds -= 8)
		sum = clock_links_8(sum, step);
	if (adds & 4)
		sum = clock_links_4(sum, step);
	if (adds & 2)
		sum = clock_links_2(sum, step);
	return adds & 1 ? clock_link(sum, step) : sum;
}

/* The same in one place of the program: who measures it and who waits by it run the same code. */
uint64_t clock_chain_apart(uint64_t sum, uint64_t adds);

/* The smallest distance above 0 between two readings in a row, of a few thousand: the clock's real
 * step, which clock_getres(2) does not tell. */
int64_t clock_step_ns(void);

/* The clock rate in effect on the calling CPU, in additions per ns (GHz); takes about 0.1 ms.
 * The fastest of a few stretches, so that an interrupt does not read as a slow clock. */
double clock_chain_ghz(void);

/* Additions that last about hold_ns at `ghz`, at least one. */
uint64_t clock_chain_length(double hold_ns, double ghz);

/* What a clock_chain of `adds` really takes on the calling CPU, ns, call included: mean of a batch.
 */
double clock_chain_ns(uint64_t adds);

#endif
