/* handoff.h - shapes: values handed from thread to thread, there and back or in one stream */
#ifndef BATON_HANDOFF_H
#define BATON_HANDOFF_H

#include "stamp.h"
#include "tsan.h"

#include <string.h>

/* latency: thread 0 sends a value on lane 0, thread 1 answers on lane 1; two operations.
 * stream: thread 0 sends values on lane 0, thread 1 receives them; one operation each. */
extern const struct shape handoff_latency_shape;
extern const struct shape handoff_stream_shape;

enum { HANDOFF_LANES = 2, HANDOFF_OUT = 0, HANDOFF_BACK = 1, HANDOFF_PAYLOAD_MAX = 64 * 1024 };

/*
 * A value on its way: run->payload bytes, of which the first word is its number (from 0; on the way
 * back its complement, so that a receive that left the buffer as it was is found out). It is the
 * thread's own memory: a mechanism copies what it passes on. A payload of 0 has no number: there
 * is nothing to look at but how many came.
 */
struct handoff_value {
	_Alignas(OWN_LINES) uint64_t word[HANDOFF_PAYLOAD_MAX / sizeof(uint64_t)];
};

/* Fills the words behind the first with what follows from the number, and looks at them. */
void handoff_fill(const struct run *run, uint64_t *value);
bool handoff_filled(const struct run *run, const uint64_t *value);

/* What a buffer holds before its first value: bytes of its own, not the page of zeroes that memory
 * nobody wrote shares. */
static inline void handoff_prepare(const struct run *run, struct handoff_value *value)
{
	value->word[0] = 0;
	handoff_fill(run, value->word);
}

/* Under verify each byte counts; else the number alone changes from value to value. */
static inline void handoff_number(const struct run *run, uint64_t *value, uint64_t number)
{
	if (!run->payload)
		return;
	value[0] = number;
	if (run->verify)
		handoff_fill(run, value);
}

/* 0, or -EBADMSG = another value than the one that was due. */
static inline int handoff_checked(const struct run *run, const uint64_t *value, uint64_t due)
{
	if (!run->payload)
		return 0;
	if (value[0] != due || (run->verify && !handoff_filled(run, value)))
		return -EBADMSG;
	return 0;
}

/* Copies what a value has, a word or `size` bytes, and costs no call for the word. */
static inline void handoff_copy(void *to, const void *from, size_t size)
{
	if (size == sizeof(uint64_t))
		memcpy(to, from, sizeof(uint64_t));
	else if (size)
		memcpy(to, from, size);
}

/* The phase of a window whose values go one way is that of the thread that counts them. */
static inline void handoff_enters(struct run *run, enum phase phase)
{
	atomic_store_explicit(&run->phase, phase, memory_order_relaxed);
}

/* Begins the calling thread's timed stretch when it first sees that of the one who counts. */
static inline void handoff_follows(struct run *run, int me, bool *timed)
{
	if (*timed || atomic_load_explicit(&run->phase, memory_order_relaxed) == PHASE_LEAD_IN)
		return;
	run_begin(run, me);
	*timed = true;
}

/* A stopped window ends with the value that is sent next. Relaxed: the hand-off under test orders
 * the store before it for the look after it. */
static inline bool handoff_ends_with(struct run *run, uint64_t number)
{
	const bool last = run_stopped(run);

	if (last)
		atomic_store_explicit(&run->last_value, number, memory_order_relaxed);
	return last;
}

static inline bool handoff_ended_with(const struct run *run, uint64_t number)
{
	return atomic_load_explicit(&run->last_value, memory_order_relaxed) == number;
}

/* The stretches below return 0, 1 = it ended with the last value, or -errno. A wrong value is noted
 * in *wrong and does not end them, or the partner would be left waiting. */
static inline __attribute__((always_inline)) int handoff_asks(struct run *run, uint64_t *value,
	uint64_t from, uint64_t trips, int *wrong,
	int (*send)(struct run *, int lane, const uint64_t *value),
	int (*receive)(struct run *, int lane, uint64_t *value), enum stamp_mode mode)
{
	uint64_t trip = from, due_in = run->stamp_every;
	bool last = false;
	int rc = 0;

	while (trip < from + trips && !last && !rc) {
		const bool stamped = mode == STAMP_TRIPS && stamp_due(run, &due_in);

		last = handoff_ends_with(run, trip);
		handoff_number(run, value, trip);
		if (stamped)
			stamp_leaves(run);
		rc = send(run, HANDOFF_OUT, value);
		if (!rc)
			rc = receive(run, HANDOFF_BACK, value);
		if (stamped && !rc)
			stamp_returns(run);
		if (!rc && handoff_checked(run, value, ~trip))
			*wrong = -EBADMSG;
		trip++;
	}
	run->tally[0].ops = 2 * (trip - from);
	return rc ? rc : last;
}

static inline __attribute__((always_inline)) int handoff_answers(struct run *run, uint64_t *value,
	uint64_t from, uint64_t trips, int *wrong,
	int (*send)(struct run *, int lane, const uint64_t *value),
	int (*receive)(struct run *, int lane, uint64_t *value), enum stamp_mode mode)
{
	uint64_t due_in = run->stamp_every;
	bool last = false;
	int rc = 0;

	for (uint64_t trip = from; trip < from + trips && !last; trip++) {
		rc = receive(run, HANDOFF_OUT, value);
		if (rc)
			return rc;
		const bool stamped = mode == STAMP_TRIPS && stamp_due(run, &due_in);
		const int64_t way_ns = stamped ? stamp_turns(run) : 0;

		if (handoff_checked(run, value, trip))
			*wrong = -EBADMSG;
		last = handoff_ended_with(run, trip);
		handoff_number(run, value, ~trip);
		rc = send(run, HANDOFF_BACK, value);
		if (rc)
			return rc;
		if (stamped)
			stamp_note(run, 1, way_ns);
	}
	return last;
}

static inline __attribute__((always_inline)) int handoff_trips(struct run *run, int me,
	uint64_t *value, uint64_t from, uint64_t trips, int *wrong,
	int (*send)(struct run *, int lane, const uint64_t *value),
	int (*receive)(struct run *, int lane, uint64_t *value), enum stamp_mode mode)
{
	return me == 0 ? handoff_asks(run, value, from, trips, wrong, send, receive, mode)
		       : handoff_answers(run, value, from, trips, wrong, send, receive, mode);
}

/* The workload's work(): send() and receive() move a value over a lane, each 0 or -errno. A stopped
 * window skips what is left of both stretches. Under verify it is the same, for every value is
 * looked at anyway. */
static inline __attribute__((always_inline)) int handoff_latency(struct run *run, int me,
	int (*send)(struct run *, int lane, const uint64_t *value),
	int (*receive)(struct run *, int lane, uint64_t *value))
{
	const uint64_t lead = run->lead_ops / 2, trips = run->ops / 2;
	struct handoff_value value;
	int rc, wrong = 0;

	handoff_prepare(run, &value);
	if (me == 0)
		run_let_partner_sleep(run);
	rc = handoff_trips(run, me, value.word, 0, lead, &wrong, send, receive, STAMP_NONE);
	if (rc)
		return rc < 0 ? rc : wrong ? wrong : -ETIMEDOUT;
	run_begin(run, me);
	rc = stamp_mode(run, me) == STAMP_TRIPS ? handoff_trips(run, me, value.word, lead, trips,
							  &wrong, send, receive, STAMP_TRIPS)
						: handoff_trips(run, me, value.word, lead, trips,
							  &wrong, send, receive, STAMP_NONE);
	run_end(run, me);
	return rc < 0 ? rc : wrong;
}

/* Goes on until the receiver has had its count, so that what lies in the buffer when its time
 * begins is made up for by what lies there when it ends. The number of the last value is told
 * before that value is sent. */
static inline __attribute__((always_inline)) int handoff_sends(struct run *run, uint64_t *value,
	int (*send)(struct run *, int lane, const uint64_t *value))
{
	uint64_t next = 0;
	bool timed = false;
	int rc = 0;

	while (!run_stopped(run) && !rc) {
		handoff_follows(run, 0, &timed);
		handoff_number(run, value, next++);
		rc = send(run, HANDOFF_OUT, value);
	}
	if (!timed)
		run_begin(run, 0);
	run_end(run, 0);
	if (rc)
		return rc;
	atomic_store_explicit(&run->last_value, next, memory_order_relaxed);
	handoff_number(run, value, next);
	return send(run, HANDOFF_OUT, value);
}

/* Receives up to `values` of them, as long as the run is not stopped: 0 or -errno. *wrong says
 * whether one was not the one that was due; the others are received all the same. */
static inline __attribute__((always_inline)) int handoff_receives(struct run *run, uint64_t *value,
	uint64_t *due, uint64_t values, int *wrong,
	int (*receive)(struct run *, int lane, uint64_t *value))
{
	const uint64_t end = *due + values;
	int rc = 0;

	while (*due < end && !run_stopped(run) && !rc) {
		rc = receive(run, HANDOFF_OUT, value);
		if (!rc && handoff_checked(run, value, (*due)++))
			*wrong = -EBADMSG;
	}
	return rc;
}

/* Receives what is left. A number not told yet means that its value has not been sent: there will
 * be another. */
static inline __attribute__((always_inline)) int handoff_drains(struct run *run, uint64_t *value,
	uint64_t *due, int *wrong, int (*receive)(struct run *, int lane, uint64_t *value))
{
	int rc = 0;

	while (atomic_load_explicit(&run->last_value, memory_order_relaxed) >= *due && !rc) {
		rc = receive(run, HANDOFF_OUT, value);
		if (!rc && handoff_checked(run, value, (*due)++))
			*wrong = -EBADMSG;
	}
	return rc;
}

static inline __attribute__((always_inline)) int handoff_takes(
	struct run *run, uint64_t *value, int (*receive)(struct run *, int lane, uint64_t *value))
{
	uint64_t due = 0;
	int wrong = 0, rc = handoff_receives(run, value, &due, run->lead_ops, &wrong, receive);
	const uint64_t lead = due;

	handoff_enters(run, PHASE_TIMED);
	run_begin(run, 1);
	if (!rc)
		rc = handoff_receives(run, value, &due, run->ops, &wrong, receive);
	run_end(run, 1);
	run->tally[1].ops = due - lead;
	atomic_store_explicit(&run->stop, true, memory_order_relaxed);
	if (!rc)
		rc = handoff_drains(run, value, &due, &wrong, receive);
	if (!rc)
		rc = wrong;
	return rc ? rc : run->tally[1].ops ? 0 : -ETIMEDOUT;
}

/* The workload's work(). The receiver keeps the time: between its two stamps it took exactly
 * `ops` values. */
static inline __attribute__((always_inline)) int handoff_stream(struct run *run, int me,
	int (*send)(struct run *, int lane, const uint64_t *value),
	int (*receive)(struct run *, int lane, uint64_t *value))
{
	struct handoff_value value;

	handoff_prepare(run, &value);
	if (me == 0)
		run_let_partner_sleep(run);
	return me == 0 ? handoff_sends(run, value.word, send)
		       : handoff_takes(run, value.word, receive);
}

#endif
