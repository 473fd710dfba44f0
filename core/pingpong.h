/* pingpong.h - shape: two threads pass one token to and fro, each hop one operation */
#ifndef BATON_PINGPONG_H
#define BATON_PINGPONG_H

#include "stamp.h"

extern const struct shape pingpong_shape;

/* Hop number `hop` leaves or arrives. Relaxed: the mechanism under test has to order it, and a
 * mechanism whose await() returns before the matching pass() is caught by the number. */
static inline void pingpong_leaves(struct run *run, uint64_t hop)
{
	atomic_store_explicit(&run->token, hop, memory_order_relaxed);
}

static inline int pingpong_arrives(struct run *run, uint64_t hop)
{
	return atomic_load_explicit(&run->token, memory_order_relaxed) == hop ? 0 : -EBADMSG;
}

static inline void pingpong_dose(const struct run *run, uint64_t trip)
{
	if (run->dose)
		clock_chain_apart(trip, run->dose);
}

/* `trips` round trips from the starter's side; fewer once the run is stopped, which the token
 * that is then passed announces to the partner. Returns 0, 1 = that was the last, or -errno. A
 * wrong number does not end the trips, or the partner would be left waiting. */
static inline __attribute__((always_inline)) int pingpong_start(struct run *run, uint64_t trips,
	int (*pass)(struct run *, int to), int (*await)(struct run *, int me), enum stamp_mode mode,
	bool dosed)
{
	const bool verify = mode == STAMP_VERIFY;
	struct tally *tally = &run->tally[0];
	uint64_t trip = 0, due_in = run->stamp_every;
	bool last = false;
	int rc, wrong = 0;

	while (trip < trips && !last) {
		last = run_stopped(run);
		if (last)
			atomic_store_explicit(&run->last, true, memory_order_relaxed);
		if (verify)
			pingpong_leaves(run, ++tally->hops);
		const bool stamped = mode == STAMP_TRIPS && stamp_due(run, &due_in);

		if (stamped)
			stamp_leaves(run);
		if (dosed)
			pingpong_dose(run, trip);
		rc = pass(run, 1);
		if (!rc)
			rc = await(run, 0);
		if (rc)
			return rc;
		if (stamped)
			stamp_returns(run);
		if (verify && !wrong)
			wrong = pingpong_arrives(run, tally->hops + 1);
		tally->hops += verify;
		trip++;
	}
	tally->ops = 2 * trip;
	return wrong ? wrong : last;
}

/* The partner's side of the same trips. The token orders the flag: pass() of the starter comes
 * after its store, our await() before this load. */
static inline __attribute__((always_inline)) int pingpong_return(struct run *run, uint64_t trips,
	int (*pass)(struct run *, int to), int (*await)(struct run *, int me), enum stamp_mode mode,
	bool dosed)
{
	const bool verify = mode == STAMP_VERIFY;
	struct tally *tally = &run->tally[1];
	uint64_t due_in = run->stamp_every;
	bool last = false;
	int rc, wrong = 0;

	for (uint64_t trip = 0; trip < trips && !last; trip++) {
		rc = await(run, 1);
		if (rc)
			return rc;
		const bool stamped = mode == STAMP_TRIPS && stamp_due(run, &due_in);
		const int64_t way_ns = stamped ? stamp_turns(run) : 0;

		if (verify && !wrong)
			wrong = pingpong_arrives(run, tally->hops + 1);
		last = atomic_load_explicit(&run->last, memory_order_relaxed);
		tally->hops += 2;
		if (verify)
			pingpong_leaves(run, tally->hops);
		if (dosed)
			pingpong_dose(run, trip);
		rc = pass(run, 0);
		if (rc)
			return rc;
		if (stamped)
			stamp_note(run, 1, way_ns);
	}
	return wrong ? wrong : last;
}

static inline __attribute__((always_inline)) int pingpong_stretch(struct run *run, int me,
	uint64_t ops, int (*pass)(struct run *, int to), int (*await)(struct run *, int me_),
	enum stamp_mode mode, bool dosed)
{
	return me == 0 ? pingpong_start(run, ops / 2, pass, await, mode, dosed)
		       : pingpong_return(run, ops / 2, pass, await, mode, dosed);
}

static inline __attribute__((always_inline)) int pingpong_timed(struct run *run, int me,
	int (*pass)(struct run *, int to), int (*await)(struct run *, int me_), bool dosed)
{
	switch (stamp_mode(run, me)) {
	case STAMP_VERIFY:
		return pingpong_stretch(run, me, run->ops, pass, await, STAMP_VERIFY, dosed);
	case STAMP_TRIPS:
		return pingpong_stretch(run, me, run->ops, pass, await, STAMP_TRIPS, dosed);
	default:
		return pingpong_stretch(run, me, run->ops, pass, await, STAMP_NONE, dosed);
	}
}

/* The workload's work(): pass() hands the token to thread `to`, await() returns once this thread
 * has it; both 0 or -errno. Given as constants they are inlined: no indirect call in the loop. */
static inline __attribute__((always_inline)) int pingpong(struct run *run, int me,
	int (*pass)(struct run *, int to), int (*await)(struct run *, int me_))
{
	int rc;

	if (me == 0)
		run_let_partner_sleep(run);
	rc = run->verify
		     ? pingpong_stretch(run, me, run->lead_ops, pass, await, STAMP_VERIFY, false)
		     : pingpong_stretch(run, me, run->lead_ops, pass, await, STAMP_NONE, false);
	if (rc)
		return rc < 0 ? rc : -ETIMEDOUT; /* stopped in the lead-in: nothing to tell */
	run_begin(run, me);
	/* The base runs the loop of the spike-in: two copies of a loop can differ by 0.7 % without
	 * a reason that one could see. */
	rc = run->dosed ? pingpong_timed(run, me, pass, await, true)
			: pingpong_timed(run, me, pass, await, false);
	run_end(run, me);
	return rc < 0 ? rc : 0;
}

#endif
