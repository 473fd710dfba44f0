/* handoff.h - shapes: values handed from thread to thread, there and back or in one stream */
#ifndef BATON_HANDOFF_H
#define BATON_HANDOFF_H

#include "stamp.h"
#include "tsan.h"

/* latency: thread 0 sends a number on lane 0, thread 1 returns it on lane 1; two operations.
 * stream: thread 0 sends numbers on lane 0, thread 1 receives them; one operation each. */
extern const struct shape handoff_latency_shape;
extern const struct shape handoff_stream_shape;

enum { HANDOFF_LANES = 2, HANDOFF_OUT = 0, HANDOFF_BACK = 1 };

/* Values are sequence numbers from 0; this bit marks the one that ends a stopped window early. */
#define HANDOFF_LAST (UINT64_C(1) << 63)

/* 0, 1 = the last one, -EBADMSG = another value than the one that was due. */
static inline int handoff_checked(uint64_t value, uint64_t due)
{
	if ((value & ~HANDOFF_LAST) != due)
		return -EBADMSG;
	return (value & HANDOFF_LAST) != 0;
}

static inline __attribute__((always_inline)) int handoff_asks(struct run *run, uint64_t from,
	uint64_t trips, int (*send)(struct run *, int lane, uint64_t value),
	int (*receive)(struct run *, int lane, uint64_t *value), enum stamp_mode mode)
{
	uint64_t trip = from, due_in = run->stamp_every;
	int rc = 0;

	while (trip < from + trips && !rc) {
		const uint64_t sent = trip++ | (run_stopped(run) ? HANDOFF_LAST : 0);
		const bool stamped = mode == STAMP_TRIPS && stamp_due(run, &due_in);
		uint64_t returned;

		if (stamped)
			stamp_leaves(run);
		rc = send(run, HANDOFF_OUT, sent);
		if (!rc)
			rc = receive(run, HANDOFF_BACK, &returned);
		if (stamped && !rc)
			stamp_returns(run);
		if (!rc)
			rc = returned == sent ? (sent & HANDOFF_LAST) != 0 : -EBADMSG;
	}
	run->tally[0].ops = 2 * (trip - from);
	return rc;
}

static inline __attribute__((always_inline)) int handoff_answers(struct run *run, uint64_t from,
	uint64_t trips, int (*send)(struct run *, int lane, uint64_t value),
	int (*receive)(struct run *, int lane, uint64_t *value), enum stamp_mode mode)
{
	uint64_t due_in = run->stamp_every;
	int rc = 0;

	for (uint64_t trip = from; trip < from + trips && !rc; trip++) {
		uint64_t value;

		rc = receive(run, HANDOFF_OUT, &value);
		if (rc)
			return rc;
		const bool stamped = mode == STAMP_TRIPS && stamp_due(run, &due_in);
		const int64_t way_ns = stamped ? stamp_turns(run) : 0;
		const int checked = handoff_checked(value, trip);

		rc = send(run, HANDOFF_BACK, value);
		if (stamped)
			stamp_note(run, 1, way_ns);
		if (checked)
			rc = rc ? rc : checked;
	}
	return rc;
}

static inline __attribute__((always_inline)) int handoff_trips(struct run *run, int me,
	uint64_t from, uint64_t trips, int (*send)(struct run *, int lane, uint64_t value),
	int (*receive)(struct run *, int lane, uint64_t *value), enum stamp_mode mode)
{
	return me == 0 ? handoff_asks(run, from, trips, send, receive, mode)
		       : handoff_answers(run, from, trips, send, receive, mode);
}

/* The workload's work(); a stopped window skips what is left of both stretches. Under verify it is
 * the same, for every value is looked at anyway. */
static inline __attribute__((always_inline)) int handoff_latency(struct run *run, int me,
	int (*send)(struct run *, int lane, uint64_t value),
	int (*receive)(struct run *, int lane, uint64_t *value))
{
	const uint64_t lead = run->lead_ops / 2, trips = run->ops / 2;
	int rc;

	if (me == 0)
		run_let_partner_sleep(run);
	rc = handoff_trips(run, me, 0, lead, send, receive, STAMP_NONE);
	if (rc)
		return rc < 0 ? rc : -ETIMEDOUT;
	run_begin(run, me);
	rc = stamp_mode(run, me) == STAMP_TRIPS
		     ? handoff_trips(run, me, lead, trips, send, receive, STAMP_TRIPS)
		     : handoff_trips(run, me, lead, trips, send, receive, STAMP_NONE);
	run_end(run, me);
	return rc < 0 ? rc : 0;
}

static inline __attribute__((always_inline)) int handoff_sends(struct run *run, uint64_t from,
	uint64_t values, int (*send)(struct run *, int lane, uint64_t value))
{
	int rc = 0;

	for (uint64_t next = from; next < from + values && !rc; next++) {
		const bool last = run_stopped(run);

		rc = send(run, HANDOFF_OUT, next | (last ? HANDOFF_LAST : 0));
		if (!rc)
			rc = last;
	}
	return rc;
}

static inline __attribute__((always_inline)) int handoff_receives(struct run *run, uint64_t from,
	uint64_t values, int (*receive)(struct run *, int lane, uint64_t *value))
{
	uint64_t due = from;
	int rc = 0;

	while (due < from + values && !rc) {
		uint64_t value;

		rc = receive(run, HANDOFF_OUT, &value);
		if (!rc)
			rc = handoff_checked(value, due++);
	}
	run->tally[1].ops = due - from;
	return rc;
}

/* The workload's work(). The receiver keeps the time: between its two stamps it took exactly
 * `ops` values, whatever the buffer held when it began. */
static inline __attribute__((always_inline)) int handoff_stream(struct run *run, int me,
	int (*send)(struct run *, int lane, uint64_t value),
	int (*receive)(struct run *, int lane, uint64_t *value))
{
	int rc;

	if (me == 0)
		run_let_partner_sleep(run);
	rc = me == 0 ? handoff_sends(run, 0, run->lead_ops, send)
		     : handoff_receives(run, 0, run->lead_ops, receive);
	if (rc)
		return rc < 0 ? rc : -ETIMEDOUT;
	run_begin(run, me);
	rc = me == 0 ? handoff_sends(run, run->lead_ops, run->ops, send)
		     : handoff_receives(run, run->lead_ops, run->ops, receive);
	run_end(run, me);
	return rc < 0 ? rc : 0;
}

#endif
