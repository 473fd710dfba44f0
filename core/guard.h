/* guard.h - shape: threads update one structure, under a lock or by asking its owner */
#ifndef BATON_GUARD_H
#define BATON_GUARD_H

#include "handoff.h"
#include "lock.h"

/*
 * All updaters do nothing but update, again and again; params: updaters, and work_ns, which each
 * update spins inside. One operation is one update; its time is the team's.
 * Locked: each thread is an updater and takes the lock for the update.
 * Owned: thread 0 owns the structure. The others send their requests on lane 0, and thread i waits
 * for the answer on lane i where answer=await; where answer=none it goes on.
 */
extern const struct shape guard_locked_shape;
extern const struct shape guard_owned_shape;

/* In the number of a request: that it is its updater's last, and whose it is. */
#define GUARD_LAST (UINT64_C(1) << 63)
enum { GUARD_UPDATER_SHIFT = 56 };

/* What each thread does: the update as it will be spun. */
struct lock_habit guard_work(const struct run *run);

/* The workload's work() under a lock. */
static inline __attribute__((always_inline)) int guard_locked(
	struct run *run, int me, const struct lock *lock)
{
	const struct lock_habit work = guard_work(run);

	return run->verify ? lock_contend(run, me, lock, &work, LOCK_VERIFIES)
			   : lock_contend(run, me, lock, &work, LOCK_COUNTS);
}

/* Opens and closes the calling thread's account as the phases change; false when it is over. */
static inline bool guard_goes_on(
	struct run *run, int me, const struct lock_habit *work, enum phase *seen)
{
	const enum phase phase =
		(enum phase)atomic_load_explicit(&run->phase, memory_order_acquire);

	if (phase == *seen)
		return phase != PHASE_OVER;
	if (*seen == PHASE_LEAD_IN)
		lock_begin(run, me, work, 0);
	if (phase == PHASE_OVER)
		lock_end(run, me, work);
	*seen = phase;
	return phase != PHASE_OVER;
}

/* The chain begins with the structure: it cannot start before that has come. */
static inline void guard_updates(struct run *run, const struct lock_habit *work, enum phase phase)
{
	run->guarded.count++;
	clock_chain(run->guarded.count, work->hold.chain);
	run->tally[0].acquisitions += phase == PHASE_TIMED;
	run->tally[0].all_acquisitions++;
}

/* The owner serves until every updater has sent its last request, which is none. Each one's
 * requests have to come in order, none missing; the answer is the structure's count. */
static inline __attribute__((always_inline)) int guard_serves(struct run *run, bool answers,
	int (*send)(struct run *, int lane, const uint64_t *value),
	int (*receive)(struct run *, int lane, uint64_t *value))
{
	const struct lock_habit work = guard_work(run);
	uint64_t due[TEAM_MAX] = {0}, request[1];
	enum phase seen = PHASE_LEAD_IN;
	int wrong = 0;

	lock_enter(run, 0);
	for (int updaters = run->threads - 1; updaters;) {
		int rc = receive(run, HANDOFF_OUT, request);

		if (rc)
			return rc;
		const uint64_t who = (*request & ~GUARD_LAST) >> GUARD_UPDATER_SHIFT;
		const uint64_t count = *request & ((UINT64_C(1) << GUARD_UPDATER_SHIFT) - 1);

		if (who == 0 || who >= (uint64_t)run->threads)
			return -EBADMSG; /* nobody to answer */
		if (count != due[who]++)
			wrong = -EBADMSG;
		guard_goes_on(run, 0, &work, &seen);
		if (*request & GUARD_LAST) {
			updaters--;
			continue;
		}
		guard_updates(run, &work, seen);
		if (answers)
			rc = send(run, (int)who, &run->guarded.count);
		if (rc)
			return rc;
	}
	return wrong;
}

static inline __attribute__((always_inline)) int guard_asks(struct run *run, int me, bool answers,
	int (*send)(struct run *, int lane, const uint64_t *value),
	int (*receive)(struct run *, int lane, uint64_t *value))
{
	const struct lock_habit none = {0};
	const uint64_t name = (uint64_t)me << GUARD_UPDATER_SHIFT;
	uint64_t count = 0, before = 0, request, answer = 0;
	enum phase seen = PHASE_LEAD_IN;
	int rc = 0, wrong = 0;

	lock_enter(run, me);
	while (guard_goes_on(run, me, &none, &seen)) {
		request = name | count++;
		rc = send(run, HANDOFF_OUT, &request);
		if (!rc && answers)
			rc = receive(run, me, &answer);
		if (rc)
			return rc;
		if (answers && answer <= before)
			wrong = -EBADMSG;
		before = answer;
		run->tally[me].loops++;
	}
	request = name | count | GUARD_LAST;
	rc = send(run, HANDOFF_OUT, &request);
	return rc ? rc : wrong;
}

/* The workload's work() for the owner and those who ask it. Values are words. */
static inline __attribute__((always_inline)) int guard_owned(struct run *run, int me,
	int (*send)(struct run *, int lane, const uint64_t *value),
	int (*receive)(struct run *, int lane, uint64_t *value))
{
	const bool answers = run_param_is(run, "answer", "await");

	return me == 0 ? guard_serves(run, answers, send, receive)
		       : guard_asks(run, me, answers, send, receive);
}

#endif
