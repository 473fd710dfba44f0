/* lock.h - shapes: a lock nobody else wants, and a greedy and a polite worker who share one */
#ifndef BATON_LOCK_H
#define BATON_LOCK_H

#include "bench.h"
#include "repeat.h"
#include "tsan.h"

/* uncontended: one thread; an operation is acquire + release.
 * greedy-polite: per loop the greedy worker (thread 0) takes the lock once for hold_ns, the polite
 * one LOCK_POLITE_TURNS times for hold_ns / LOCK_POLITE_TURNS each: the same time in all. Holds
 * are spun. With stamps=1 every wait and hold is timed, which slows short holds down: those
 * windows are cells of their own. */
extern const struct shape lock_uncontended_shape;
extern const struct shape lock_greedy_polite_shape;

enum { LOCK_GREEDY = 0, LOCK_POLITE = 1, LOCK_POLITE_TURNS = 3 };

/* Inside the lock: one more owner. Plain memory, so that a second thread inside loses counts. */
static inline void lock_note_owner(struct run *run, int me, uint64_t *streak)
{
	run->guarded.count++;
	*streak = run->guarded.owner == me + 1 ? *streak + 1 : 1;
	run->guarded.owner = me + 1;
}

/* A wait and a hold as stamped. */
static inline void lock_note_times(
	struct tally *tally, int64_t wanted_ns, int64_t acquired_ns, int64_t released_ns)
{
	const int64_t wait_ns = acquired_ns - wanted_ns;

	tally->held_ns += released_ns - acquired_ns;
	tally->waited_ns += wait_ns;
	if (wait_ns > tally->longest_wait_ns)
		tally->longest_wait_ns = wait_ns;
}

/* One acquisition with a hold of `chain` additions. */
static inline __attribute__((always_inline)) void lock_take(struct run *run, int me, uint64_t chain,
	uint64_t *streak, void (*acquire)(struct run *), void (*release)(struct run *), bool stamps)
{
	struct tally *tally = &run->tally[me];
	const int64_t wanted_ns = stamps ? clock_now_ns() : 0;

	acquire(run);
	const int64_t acquired_ns = stamps ? clock_now_ns() : 0;

	lock_note_owner(run, me, streak);
	clock_chain(0, chain); /* retired before the release is, in order, on every core */
	const int64_t released_ns = stamps ? clock_now_ns() : 0;

	release(run);
	tally->all_acquisitions++;
	tally->acquisitions++;
	if (*streak > tally->longest_streak)
		tally->longest_streak = *streak;
	if (stamps)
		lock_note_times(tally, wanted_ns, acquired_ns, released_ns);
}

/* Begins the thread's timed stretch with a clean account. */
void lock_begin(struct run *run, int me, bool stamps);

/* Ends it; where nothing was stamped the time held is acquisitions times the hold as measured. */
void lock_end(struct run *run, int me, uint64_t chain, bool stamps);

static inline __attribute__((always_inline)) int lock_contend(struct run *run, int me,
	void (*acquire)(struct run *), void (*release)(struct run *), bool stamps)
{
	const int turns = me == LOCK_GREEDY ? 1 : LOCK_POLITE_TURNS;
	const double hold_ns = (double)run_param(run, "hold_ns", 0) / turns;
	const uint64_t chain = clock_chain_length(hold_ns, run->chain_ghz);
	enum phase seen = PHASE_LEAD_IN;
	uint64_t streak = 0;

	for (bool first = true;; first = false) {
		const enum phase phase =
			(enum phase)atomic_load_explicit(&run->phase, memory_order_relaxed);

		if (phase != seen) {
			if (seen == PHASE_LEAD_IN)
				lock_begin(run, me, stamps);
			seen = phase;
		}
		if (phase == PHASE_OVER)
			break;
		for (int turn = 0; turn < turns; turn++)
			lock_take(run, me, chain, &streak, acquire, release, stamps);
		run->tally[me].loops++;
		if (first)
			atomic_fetch_add_explicit(&run->contending, 1, memory_order_relaxed);
	}
	lock_end(run, me, chain, stamps);
	return 0;
}

/* The workload's work() for greedy-polite. */
static inline __attribute__((always_inline)) int lock_greedy_polite(
	struct run *run, int me, void (*acquire)(struct run *), void (*release)(struct run *))
{
	return run_param(run, "stamps", 0) ? lock_contend(run, me, acquire, release, true)
					   : lock_contend(run, me, acquire, release, false);
}

/* The workload's work() for uncontended. */
static inline __attribute__((always_inline)) int lock_uncontended(
	struct run *run, int me, void (*acquire)(struct run *), void (*release)(struct run *))
{
	return repeat(run, me, acquire, release);
}

#endif
