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

/* A hold as it will be spun. */
struct lock_hold {
	uint64_t chain;     /* additions */
	double measured_ns; /* what they take in isolation */
};

/* Each hold of those that take total_ns in `turns`, by the clock rate of the CPU that the caller
 * runs on. */
struct lock_hold lock_hold_for(double total_ns, int turns);

/* One acquisition. The chain begins with what the lock guards: it cannot start before that has
 * come. Returns when it was acquired, where stamped. */
static inline __attribute__((always_inline)) int64_t lock_take(struct run *run, int me,
	uint64_t chain, uint64_t *streak, void (*acquire)(struct run *),
	void (*release)(struct run *), bool stamps)
{
	struct tally *tally = &run->tally[me];
	const int64_t wanted_ns = stamps ? clock_now_ns() : 0;

	acquire(run);
	const int64_t acquired_ns = stamps ? clock_now_ns() : 0;

	lock_note_owner(run, me, streak);
	clock_chain(run->guarded.count, chain);
	const int64_t released_ns = stamps ? clock_now_ns() : 0;

	release(run);
	tally->all_acquisitions++;
	tally->acquisitions++;
	if (*streak > tally->longest_streak)
		tally->longest_streak = *streak;
	if (stamps)
		lock_note_times(tally, wanted_ns, acquired_ns, released_ns);
	return acquired_ns;
}

/* Begins the thread's timed stretch with a clean account. A thread that was waiting when the timed
 * phase began comes here only after it got the lock, at acquired_ns: the part of that wait which
 * lies in the phase is its first entry. */
void lock_begin(struct run *run, int me, bool stamps, int64_t acquired_ns);

/* Ends it; where nothing was stamped the time held is acquisitions times the hold as measured. */
void lock_end(struct run *run, int me, bool stamps, const struct lock_hold *hold);

/* Takes the lock as often as it can, by `turns` a look at the phase, each time for that hold. */
static inline __attribute__((always_inline)) int lock_contend(struct run *run, int me,
	const struct lock_hold *hold, int turns, void (*acquire)(struct run *),
	void (*release)(struct run *), bool stamps)
{
	enum phase seen = PHASE_LEAD_IN;
	int64_t acquired_ns = 0;
	uint64_t streak = 0;

	for (bool first = true;; first = false) {
		const enum phase phase =
			(enum phase)atomic_load_explicit(&run->phase, memory_order_acquire);

		if (phase != seen && seen == PHASE_LEAD_IN) {
			lock_begin(run, me, stamps, acquired_ns);
			streak = 0;
		}
		seen = phase;
		if (phase == PHASE_OVER)
			break;
		for (int turn = 0; turn < turns; turn++)
			acquired_ns =
				lock_take(run, me, hold->chain, &streak, acquire, release, stamps);
		run->tally[me].loops++;
		if (first)
			atomic_fetch_add_explicit(&run->contending, 1, memory_order_relaxed);
	}
	lock_end(run, me, stamps, hold);
	return 0;
}

/* The workload's work() for greedy-polite. */
static inline __attribute__((always_inline)) int lock_greedy_polite(
	struct run *run, int me, void (*acquire)(struct run *), void (*release)(struct run *))
{
	const int turns = me == LOCK_GREEDY ? 1 : LOCK_POLITE_TURNS;
	const struct lock_hold hold = lock_hold_for((double)run_param(run, "hold_ns", 0), turns);

	return run_param(run, "stamps", 0)
		       ? lock_contend(run, me, &hold, turns, acquire, release, true)
		       : lock_contend(run, me, &hold, turns, acquire, release, false);
}

/* The workload's work() for uncontended. */
static inline __attribute__((always_inline)) int lock_uncontended(
	struct run *run, int me, void (*acquire)(struct run *), void (*release)(struct run *))
{
	return repeat(run, me, acquire, release);
}

#endif
