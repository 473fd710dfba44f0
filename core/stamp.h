/* stamp.h - single hand-offs timed: the stamp of their departure rides with the token */
#ifndef BATON_STAMP_H
#define BATON_STAMP_H

#include "bench.h"

/*
 * Of every stamp_every round trips the last one is stamped. Thread 0 writes when the token leaves
 * into the run; thread 1 takes the clock as it arrives, notes the difference, and its arrival is
 * the departure of the way back: three readings for two one-way latencies, each of which holds
 * the time of one reading. Relaxed on both sides, for the mechanism under test has to order them,
 * as it does the token (pingpong.h). One-way latencies mean something only where the clocks of the
 * two CPUs agree (agree.h); elsewhere thread 0 notes whole round trips, and thread 1 nothing.
 */

/* How a stretch runs. A constant in each variant of its loop: the plain one has no trace of the
 * others. */
enum stamp_mode { STAMP_NONE, STAMP_VERIFY, STAMP_TRIPS };

/* How this thread's timed stretch runs. */
static inline enum stamp_mode stamp_mode(const struct run *run, int me)
{
	if (run->verify)
		return STAMP_VERIFY;
	return run->stamp_every && (me == 0 || !run->roundtrip) ? STAMP_TRIPS : STAMP_NONE;
}

/* Whether the trip that begins is stamped; *due_in starts as stamp_every. Both threads count alike,
 * from the first trip of the timed stretch. */
static inline bool stamp_due(const struct run *run, uint64_t *due_in)
{
	if (--*due_in)
		return false;
	*due_in = run->stamp_every;
	return true;
}

/* Thread 0, just before it passes the token. */
static inline void stamp_leaves(struct run *run)
{
	atomic_store_explicit(&run->departed_ns, clock_now_ns(), memory_order_relaxed);
}

/* Thread 1, as soon as it has the token, which it is about to return. Returns how long the way
 * was, to be noted once the token is away. */
static inline int64_t stamp_turns(struct run *run)
{
	const int64_t arrived_ns = clock_now_ns();
	const int64_t departed_ns = atomic_load_explicit(&run->departed_ns, memory_order_relaxed);

	atomic_store_explicit(&run->departed_ns, arrived_ns, memory_order_relaxed);
	return arrived_ns - departed_ns;
}

static inline void stamp_note(struct run *run, int me, int64_t way_ns)
{
	histogram_note(&run->stamps[me].ways, way_ns);
}

/* Thread 0, as soon as the token is back. Where thread 1 leaves no stamp, the last departure is
 * thread 0's own. */
static inline void stamp_returns(struct run *run)
{
	const int64_t back_ns = clock_now_ns();

	stamp_note(run, 0, back_ns - atomic_load_explicit(&run->departed_ns, memory_order_relaxed));
}

/* One of how many round trips to stamp, where a hand-off takes op_ns and a reading of the clock
 * read_ns, so that stamping is expected to cost at most 0.5 %; 0 (none) below 1 us a hand-off. */
uint64_t stamp_every(double op_ns, double read_ns, bool shares_cpu);

#endif
