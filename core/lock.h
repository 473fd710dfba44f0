/* lock.h - shapes: a lock taken by one thread, by equals, by a greedy one and polite ones */
#ifndef BATON_LOCK_H
#define BATON_LOCK_H

#include "bench.h"
#include "tsan.h"

/*
 * uncontended: one thread; an operation is acquire + release.
 * contended: `contenders` threads that all do the same: take the lock, hold it for hold_ns, go
 * without it for think_ns.
 * greedy-polite: per loop the greedy worker (thread 0) takes the lock once for hold_ns, a polite
 * one `turns` times (3 where there is no such param) for hold_ns / turns each: the same time in
 * all. There is one polite worker, and `crowd` more.
 * Times are spun (clock.h). With wait=sleep a hold is slept instead, under the timer slack slack_ns
 * where there is one. With stamps=1 every wait and hold is timed, and so they are where holds are
 * slept; that slows short holds down, so those windows are cells of their own.
 */
extern const struct shape lock_uncontended_shape;
extern const struct shape lock_contended_shape;
extern const struct shape lock_greedy_polite_shape;

enum { LOCK_GREEDY = 0, LOCK_POLITE = 1, LOCK_POLITE_TURNS = 3, LOCK_BLOCK = 64 };

/* What a lock can do. Given as a constant its functions are inlined into the loops. */
struct lock {
	void (*acquire)(struct run *run, int me);
	void (*release)(struct run *run, int me);
	/* Gets it if nobody is inside, to be released as above; of a shared lock for itself alone.
	 * NULL: it cannot be tried. */
	bool (*try_acquire)(struct run *run, int me);
	bool shared; /* acquire() lets several in at once */
	bool opaque; /* ThreadSanitizer cannot see into it, and has to be told (tsan.h) */
};

/* How a thread's loop runs. A constant in each variant of it. */
enum lock_mode { LOCK_COUNTS, LOCK_STAMPS, LOCK_SLEEPS, LOCK_VERIFIES };

/* A time as it will be spun. */
struct lock_spin {
	uint64_t chain;     /* additions; 0: none */
	double measured_ns; /* what they take in isolation */
};

/* What a thread does in each turn of its loop. */
struct lock_habit {
	int turns;              /* acquisitions */
	bool stamps;            /* each wait and hold is timed */
	int64_t sleep_ns;       /* nominal length of a hold that is slept */
	struct lock_spin hold;  /* of one that is spun */
	struct lock_spin think; /* after each */
};

/* So long, by the clock rate of the CPU that the caller runs on. */
struct lock_spin lock_spin_for(double ns);

/* What thread `me` does in greedy-polite and in contended. */
struct lock_habit lock_habit_of(const struct run *run, int me);

/* The thread is about to want the lock for the first time. */
void lock_enter(struct run *run, int me);

/* Begins the thread's timed stretch with a clean account. A thread that was waiting when the timed
 * phase began comes here only after it got the lock, at acquired_ns where that was stamped: the
 * part of that wait which lies in the phase is its first entry. */
void lock_begin(struct run *run, int me, const struct lock_habit *habit, int64_t acquired_ns);

/* Ends it. Where nothing was stamped the time held is acquisitions times the hold as measured. */
void lock_end(struct run *run, int me, const struct lock_habit *habit);

/* One stamped ownership of the timed stretch, into account and records. */
void lock_note_times(struct run *run, int me, const struct ownership *ownership);

/* Sleeps so long at least, as the notes did: clock_nanosleep(2). */
void lock_sleep(int64_t ns);

/* Inside the lock: one more owner. Plain memory, so that a second thread inside loses counts.
 * Returns whether the last one was another. */
static inline bool lock_note_owner(struct run *run, int me)
{
	const bool changed = run->guarded.owner != me + 1;

	run->guarded.count++;
	run->guarded.owner = me + 1;
	return changed;
}

/* Around what an opaque lock does: ThreadSanitizer sees some of its accesses, but not what orders
 * them. */
static inline void lock_step_in(const struct lock *lock)
{
	if (lock->opaque) {
		tsan_ignore_reads();
		tsan_ignore_writes();
	}
}

static inline void lock_step_out(const struct lock *lock)
{
	if (lock->opaque) {
		tsan_heed_writes();
		tsan_heed_reads();
	}
}

/* In a verified run every other acquisition is tried for until it succeeds. Returns whether it was:
 * that makes one of a shared lock exclusive. */
static inline __attribute__((always_inline)) bool lock_gets_in(
	struct run *run, int me, const struct lock *lock, enum lock_mode mode)
{
	const bool tries =
		mode == LOCK_VERIFIES && lock->try_acquire && run->tally[me].acquisitions % 2 == 0;

	lock_step_in(lock);
	while (tries && !lock->try_acquire(run, me))
		run_poll_again(run);
	if (!tries)
		lock->acquire(run, me);
	lock_step_out(lock);
	if (lock->opaque)
		tsan_acquired(run->state);
	return tries;
}

static inline __attribute__((always_inline)) void lock_gets_out(
	struct run *run, int me, const struct lock *lock)
{
	if (lock->opaque)
		tsan_releasing(run->state);
	lock_step_in(lock);
	lock->release(run, me);
	lock_step_out(lock);
}

/* The hold. A chain begins with what the lock guards: it cannot start before that has come. Returns
 * whether nobody changed it meanwhile, which is looked at in a verified run. */
static inline __attribute__((always_inline)) bool lock_hold(
	const struct run *run, const struct lock_habit *habit, enum lock_mode mode)
{
	const uint64_t guarded = run->guarded.count;

	if (mode == LOCK_SLEEPS)
		lock_sleep(habit->sleep_ns);
	else
		clock_chain(guarded, habit->hold.chain);
	__asm__ volatile("" ::: "memory"); /* or the count is not looked at again */
	return mode != LOCK_VERIFIES || run->guarded.count == guarded;
}

/* An exclusive acquisition into the thread's account. */
static inline void lock_note_turn(struct tally *tally, bool changed, uint64_t *streak)
{
	*streak = changed ? 1 : *streak + 1;
	tally->all_acquisitions++;
	tally->takeovers += changed;
	if (*streak > tally->longest_streak)
		tally->longest_streak = *streak;
}

/* One acquisition; false where what was guarded changed under it. *acquired_ns: when, where
 * stamped. */
static inline __attribute__((always_inline)) bool lock_take(struct run *run, int me,
	const struct lock *lock, const struct lock_habit *habit, enum lock_mode mode, bool timed,
	uint64_t *streak, int64_t *acquired_ns)
{
	const bool stamps = mode == LOCK_STAMPS || mode == LOCK_SLEEPS;
	struct tally *tally = &run->tally[me];
	struct ownership own = {.wanted_ns = stamps ? clock_now_ns() : 0};
	const bool shared = !lock_gets_in(run, me, lock, mode) && lock->shared;

	own.acquired_ns = stamps ? clock_now_ns() : 0;
	const bool changed = !shared && lock_note_owner(run, me);
	const bool kept = lock_hold(run, habit, mode);

	own.released_ns = stamps ? clock_now_ns() : 0;
	lock_gets_out(run, me, lock);
	tally->acquisitions++;
	if (!shared)
		lock_note_turn(tally, changed, streak);
	if (stamps && timed)
		lock_note_times(run, me, &own);
	*acquired_ns = own.acquired_ns;
	return kept;
}

/* Takes the lock as often as it can, habit->turns times a look at the phase. */
static inline __attribute__((always_inline)) int lock_contend(struct run *run, int me,
	const struct lock *lock, const struct lock_habit *habit, enum lock_mode mode)
{
	enum phase seen = PHASE_LEAD_IN;
	int64_t acquired_ns = 0;
	uint64_t streak = 0;
	bool kept = true;

	lock_enter(run, me);
	for (;;) {
		const enum phase phase =
			(enum phase)atomic_load_explicit(&run->phase, memory_order_acquire);

		if (phase != seen && seen == PHASE_LEAD_IN) {
			lock_begin(run, me, habit, acquired_ns);
			streak = 0;
		}
		seen = phase;
		if (phase == PHASE_OVER)
			break;
		for (int turn = 0; turn < habit->turns; turn++) {
			kept &= lock_take(run, me, lock, habit, mode, seen == PHASE_TIMED, &streak,
				&acquired_ns);
			clock_chain((uint64_t)turn, habit->think.chain);
		}
		run->tally[me].loops++;
	}
	lock_end(run, me, habit);
	return kept ? 0 : -EBADMSG;
}

/* At least `ops` pairs of acquire and release, in blocks, so that the look at the stop flag costs
 * nothing. */
static inline __attribute__((always_inline)) uint64_t lock_stretch(
	struct run *run, int me, uint64_t ops, const struct lock *lock)
{
	uint64_t done = 0;

	while (done < ops && !run_stopped(run)) {
		for (int i = 0; i < LOCK_BLOCK; i++) {
			lock->acquire(run, me);
			lock->release(run, me);
		}
		done += LOCK_BLOCK;
	}
	return done;
}

/* Whether the lock can be had when it is free, and cannot when it is not. */
static inline bool lock_tries_right(struct run *run, int me, const struct lock *lock)
{
	const bool free_one = lock->try_acquire(run, me);
	const bool held = free_one && lock->try_acquire(run, me);

	if (free_one)
		lock->release(run, me);
	lock->acquire(run, me);
	const bool acquired = lock->try_acquire(run, me);

	lock->release(run, me);
	return free_one && !held && !acquired;
}

static inline __attribute__((always_inline)) int lock_alone(
	struct run *run, int me, const struct lock *lock)
{
	if (run->verify && lock->try_acquire && !lock_tries_right(run, me, lock))
		return -EBADMSG;
	lock_stretch(run, me, run->lead_ops, lock);
	run_begin(run, me);
	run->tally[me].ops = lock_stretch(run, me, run->ops, lock);
	run_end(run, me);
	return run->tally[me].ops ? 0 : -ETIMEDOUT;
}

/* The work() of all three workloads. */
static inline __attribute__((always_inline)) int lock_work(
	struct run *run, int me, const struct lock *lock)
{
	if (run->shape == &lock_uncontended_shape)
		return lock_alone(run, me, lock);
	const struct lock_habit habit = lock_habit_of(run, me);

	if (run->verify)
		return lock_contend(run, me, lock, &habit, LOCK_VERIFIES);
	if (habit.sleep_ns)
		return lock_contend(run, me, lock, &habit, LOCK_SLEEPS);
	return habit.stamps ? lock_contend(run, me, lock, &habit, LOCK_STAMPS)
			    : lock_contend(run, me, lock, &habit, LOCK_COUNTS);
}

#endif
